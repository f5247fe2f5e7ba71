// Volumes of FreeSurfer. The bytes are written here by the layout that its wiki publishes (FsTutorial/MghFormat); the
// place of a voxel is that of nibabel's MGHHeader.get_affine(): c_ras + Mdc' diag(delta) (index - dims / 2).
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io {
namespace {

using test::Folder;
using test::put;

struct Mgh {
  std::string bytes = std::string(284, '\0');
  static inline const std::array<int, 3> kSize{4, 3, 2};
  static inline const std::array<float, 3> kDelta{1.5F, 2.0F, 3.0F};
  // Axes to the left, the bottom and, turned a little, the front.
  static inline const std::array<std::array<float, 3>, 3> kCosines{{{-1, 0, 0}, {0, 0.6F, -0.8F}, {0, 0.8F, 0.6F}}};
  static inline const std::array<float, 3> kCentre{10, -20, 30};

  template <class T>
  Mgh& at(std::size_t place, T value) {
    auto own = std::bit_cast<std::array<char, sizeof(T)>>(value);
    if (std::endian::native == std::endian::little) std::ranges::reverse(own);
    bytes.replace(place, sizeof(T), own.data(), sizeof(T));
    return *this;
  }
  explicit Mgh(std::int32_t type, std::int16_t good = 1) {
    at<std::int32_t>(0, 1).at<std::int32_t>(16, 1).at<std::int32_t>(20, type).at<std::int16_t>(28, good);
    for (std::size_t n = 0; n < 3; ++n) {
      at<std::int32_t>(4 + 4 * n, kSize[n]).at<float>(30 + 4 * n, kDelta[n]).at<float>(78 + 4 * n, kCentre[n]);
      for (std::size_t m = 0; m < 3; ++m) at<float>(42 + 12 * n + 4 * m, kCosines[n][m]);
    }
  }
  template <class T>
  Mgh& voxels(std::size_t count = 24) {
    for (std::size_t n = 0; n < count; ++n) {
      bytes.append(sizeof(T), '\0');
      at<T>(bytes.size() - sizeof(T), static_cast<T>(n * 5));
    }
    return *this;
  }
};

image::Vec3 lps(const image::Vec3& index) {
  image::Vec3 ras{};
  for (std::size_t row = 0; row < 3; ++row) {
    ras[row] = static_cast<double>(Mgh::kCentre[row]);
    for (std::size_t n = 0; n < 3; ++n)
      ras[row] += static_cast<double>(Mgh::kCosines[n][row] * Mgh::kDelta[n]) * (index[n] - Mgh::kSize[n] / 2.0);
  }
  return {-ras[0], -ras[1], ras[2]};
}

std::string codeOf(const std::filesystem::path& file) {
  std::vector<FileContent> contents;
  contents.push_back(examine(file));
  const auto scan = assemble(std::move(contents));
  return scan.loose.size() != 1 ? "none" : scan.loose[0].findings.empty() ? "" : scan.loose[0].findings[0].code;
}

TEST(Mgh, VoxelsOfEveryTypeLieWhereFreeSurferPutsThem) {
  const Folder folder;
  const std::vector<std::string> files{Mgh(0).voxels<std::uint8_t>().bytes, Mgh(1).voxels<std::int32_t>().bytes,
                                       Mgh(3).voxels<float>().bytes, Mgh(4).voxels<std::int16_t>().bytes,
                                       Mgh(10).voxels<std::uint16_t>().bytes};
  for (const auto& bytes : files) {
    put(folder / "a.mgh", bytes + "tail of the scanner's times");
    const auto volume = readVolume(folder / "a.mgh");
    ASSERT_OK(volume);
    ASSERT_EQ(volume->geometry.size, (std::array<std::int64_t, 3>{4, 3, 2}));
    for (std::size_t n = 0; n < 24; ++n) EXPECT_EQ(volume->voxels[n], static_cast<float>(n * 5));
    for (const auto& index : {image::Vec3{0, 0, 0}, image::Vec3{3, 0, 0}, image::Vec3{0, 2, 0}, image::Vec3{1, 2, 1}})
      for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(volume->geometry.indexToLps(index)[a], lps(index)[a], 1e-4);
    EXPECT_EQ(codeOf(folder / "a.mgh"), "");
  }
}

TEST(Mgh, PackedLabelsAndFrames) {
  const Folder folder;
  put(folder / "aseg.mgh", Mgh(4).voxels<std::int16_t>().bytes);
  ASSERT_EQ(test::run("gzip '" + (folder / "aseg.mgh").string() + "'").code, 0);
  std::filesystem::rename(folder / "aseg.mgh.gz", folder / "aseg.mgz");
  const auto labels = readLabelMap(folder / "aseg.mgz");
  ASSERT_OK(labels);
  EXPECT_EQ(labels->voxels[23], 115);
  put(folder / "frames.mgh", Mgh(0).at<std::int32_t>(16, 2).voxels<std::uint8_t>(48).bytes);
  const auto second = readVolume(folder / "frames.mgh", 1);
  ASSERT_OK(second);
  EXPECT_EQ(second->voxels[0], 120);
  EXPECT_EQ(codeOf(folder / "frames.mgh"), "several-volumes");
}

TEST(Mgh, WithoutAPlaceItIsAskedAbout) {
  const Folder folder;
  put(folder / "a.mgh", Mgh(0, 0).voxels<std::uint8_t>().bytes);
  EXPECT_EQ(codeOf(folder / "a.mgh"), "unknown-orientation");
  const auto header = readVolumeHeader(folder / "a.mgh");
  ASSERT_OK(header);
  EXPECT_FALSE(header->oriented);
  EXPECT_EQ(header->geometry.spacing, (image::Vec3{1, 1, 1}));
  // Coronal: to the left, the bottom and the front, with the middle at 0.
  EXPECT_EQ(header->geometry.indexToLps({2, 1.5, 1}), (image::Vec3{0, 0, 0}));
  EXPECT_EQ(header->geometry.indexToLps({3, 1.5, 1}), (image::Vec3{1, 0, 0}));
  EXPECT_EQ(header->geometry.indexToLps({2, 2.5, 1}), (image::Vec3{0, 0, -1}));
  EXPECT_EQ(header->geometry.indexToLps({2, 1.5, 2}), (image::Vec3{0, -1, 0}));
}

TEST(Mgh, WhatCannotBeIsRefused) {
  const Folder folder;
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  std::map<std::string, std::string> bad{
      {"short", Mgh(0).bytes.substr(0, 60)},
      {"cut", Mgh(0).voxels<std::uint8_t>(23).bytes},
      {"version", Mgh(0).at<std::int32_t>(0, 2).voxels<std::uint8_t>().bytes},
      {"negative", Mgh(0).at<std::int32_t>(4, -4).voxels<std::uint8_t>().bytes},
      {"empty", Mgh(0).at<std::int32_t>(8, 0).voxels<std::uint8_t>().bytes},
      {"huge", Mgh(3).at<std::int32_t>(4, 30000).at<std::int32_t>(8, 30000).at<std::int32_t>(12, 30000).bytes},
      {"frames", Mgh(0).at<std::int32_t>(16, 30000).voxels<std::uint8_t>().bytes},
      {"surface", Mgh(0).at<std::int32_t>(4, 24).at<std::int32_t>(8, 1).at<std::int32_t>(12, 1).voxels<char>().bytes},
      {"type", Mgh(2).voxels<std::int32_t>().bytes},
      {"spacing", Mgh(0).at<float>(34, 0).voxels<std::uint8_t>().bytes},
      {"place", Mgh(0).at<float>(78, nan).voxels<std::uint8_t>().bytes},
      {"flat", Mgh(0).at<float>(42, 0).voxels<std::uint8_t>().bytes},
      {"sheared", Mgh(0).at<float>(46, 1).voxels<std::uint8_t>().bytes}};
  auto number = Mgh(3).voxels<float>();
  bad["number"] = number.at<float>(number.bytes.size() - 4, nan).bytes;
  for (const auto& [name, bytes] : bad) {
    put(folder / (name + ".mgh"), bytes);
    const auto volume = readVolume(folder / (name + ".mgh"));
    ASSERT_FALSE(volume) << name;
    EXPECT_NE(volume.error().context.find(name), std::string::npos) << name;
    EXPECT_EQ(codeOf(folder / (name + ".mgh")), name == "number" ? "" : "damaged") << name;
  }
}

}  // namespace
}  // namespace lorkd::io
