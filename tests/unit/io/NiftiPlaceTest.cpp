// Where NIfTI images lie: by the affine where its code is positive, else by the rotation, in any unit. The header's
// numbers are written here, by nifti1.h.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/base/File.h"
#include "core/io/NiftiPlace.h"
#include "core/io/VolumeFile.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::io {
namespace {

struct Header {
  std::string bytes = std::string(352 + 4 * 3 * 2, '\0');
  template <class T>
  void put(std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  Header() {
    put<std::int32_t>(0, 348);
    for (std::size_t n = 0; n < 8; ++n) put<std::int16_t>(40 + 2 * n, 1);
    put<std::int16_t>(40, 3), put<std::int16_t>(42, 4), put<std::int16_t>(44, 3), put<std::int16_t>(46, 2);
    put<std::int16_t>(70, 2), put<std::int16_t>(72, 8);
    for (std::size_t n = 0; n < 8; ++n) put<float>(76 + 4 * n, 1);
    for (std::size_t n = 1; n < 4; ++n) put<float>(76 + 4 * n, static_cast<float>(n) + 0.5f);  // 1.5, 2.5, 3.5
    put<float>(108, 352);
    put<char>(123, 2);  // mm
    std::memcpy(bytes.data() + 344, "n+1", 4);
  }
  /// A turn about the z axis.
  Header& qform(int code, double degrees, float x, float y, float z) {
    put<std::int16_t>(252, static_cast<std::int16_t>(code));
    put<float>(264, static_cast<float>(std::sin(degrees * M_PI / 360)));
    put<float>(268, x), put<float>(272, y), put<float>(276, z);
    return *this;
  }
  Header& sform(int code, const std::vector<float>& rows) {
    put<std::int16_t>(254, static_cast<std::int16_t>(code));
    for (std::size_t n = 0; n < 12; ++n) put<float>(280 + 4 * n, rows[n]);
    return *this;
  }
};

class NiftiPlace : public testing::Test {
 protected:
  lorkd::test::TemporaryFolder m_folder;
  Result<VolumeHeader> read(const Header& header) {
    EXPECT_TRUE(writeFileAtomically(m_folder / "a.nii", header.bytes));
    return readVolumeHeader(m_folder / "a.nii");
  }
  static void expectAt(const VolumeHeader& header, const image::Vec3& index, const image::Vec3& ras) {
    const auto lps = header.geometry.indexToLps(index);
    EXPECT_NEAR(lps[0], -ras[0], 1e-4);
    EXPECT_NEAR(lps[1], -ras[1], 1e-4);
    EXPECT_NEAR(lps[2], ras[2], 1e-4);
  }
};

TEST_F(NiftiPlace, TheAffineWinsOverTheRotation) {
  // Axes exchanged: i to the front, j to the right, k to the top, of 2, 3 and 4 mm, from (10, 20, 30).
  const std::vector<float> affine{0, 3, 0, 10, 2, 0, 0, 20, 0, 0, 4, 30};
  for (const int code : {1, 2, 4}) {
    const auto header = read(Header().qform(1, 30, 1, 2, 3).sform(code, affine));
    ASSERT_TRUE(header) << header.error().text();
    expectAt(*header, {0, 0, 0}, {10, 20, 30});
    expectAt(*header, {3, 2, 1}, {10 + 6, 20 + 6, 34});
    EXPECT_EQ(header->geometry.spacing, (image::Vec3{2, 3, 4}));
    EXPECT_GT(header->apart, 20);
  }
  const auto rotated = read(Header().qform(1, 30, 1, 2, 3).sform(0, affine));
  ASSERT_TRUE(rotated);
  expectAt(*rotated, {0, 0, 0}, {1, 2, 3});
  const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
  expectAt(*rotated, {2, 1, 1}, {1 + c * 3 - s * 2.5, 2 + s * 3 + c * 2.5, 3 + 3.5});
  EXPECT_EQ(rotated->apart, 0);
  // Both say the same.
  const auto f = [](double v) { return static_cast<float>(v); };
  const auto same = read(Header()
                             .qform(1, 30, 1, 2, 3)
                             .sform(1, {f(c * 1.5), f(-s * 2.5), 0, 1, f(s * 1.5), f(c * 2.5), 0, 2, 0, 0, 3.5f, 3}));
  ASSERT_TRUE(same);
  EXPECT_LT(same->apart, 1e-3);
}

TEST_F(NiftiPlace, UnitsCountForOriginAndSpacing) {
  for (const auto& [unit, scale] : {std::pair{'\1', 1000.0}, {'\2', 1.0}, {'\3', 0.001}}) {
    auto rotated = Header().qform(1, 0, 2, 4, 8);
    rotated.put<char>(123, unit);
    const auto a = read(rotated);
    ASSERT_TRUE(a) << a.error().text();
    expectAt(*a, {1, 1, 1}, {scale * 3.5, scale * 6.5, scale * 11.5});
    auto affine = Header().sform(1, {1.5, 0, 0, 2, 0, 2.5, 0, 4, 0, 0, 3.5, 8});
    affine.put<char>(123, unit);
    const auto b = read(affine);
    ASSERT_TRUE(b) << b.error().text();
    expectAt(*b, {1, 1, 1}, {scale * 3.5, scale * 6.5, scale * 11.5});
  }
}

TEST_F(NiftiPlace, ShearedAndFlatAffinesAreRefusedByName) {
  const auto sheared = read(Header().sform(1, {2, 0.5, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0}));
  ASSERT_FALSE(sheared);
  EXPECT_EQ(sheared.error().code, ErrorCode::Unsupported);
  EXPECT_NE(sheared.error().text().find("sheared"), std::string::npos);
  EXPECT_FALSE(read(Header().sform(1, {2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0})));
}

}  // namespace
}  // namespace lorkd::io
