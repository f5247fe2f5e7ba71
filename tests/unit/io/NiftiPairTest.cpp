// Headers in one file and voxels in another: NIfTI-1 by nifti1.h, Analyze 7.5 by Mayo's dbh.h. Both are written here.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>

#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io {
namespace {

using test::Folder;
using test::put;

class HeaderPair {
 public:
  HeaderPair(bool analyze, bool swapped) : m_swapped(swapped) {
    at<std::int32_t>(0, 348);
    for (std::size_t n = 0; n < 8; ++n)
      at<std::int16_t>(40 + 2 * n, std::array<std::int16_t, 8>{3, 4, 3, 2, 1, 1, 1, 1}[n]);
    at<std::int16_t>(70, 4).at<std::int16_t>(72, 16);
    for (std::size_t n = 0; n < 4; ++n) at<float>(76 + 4 * n, std::array{1.0F, 1.5F, 2.0F, 3.0F}[n]);
    if (analyze) {
      at<std::int32_t>(32, 16384), m_header[38] = 'r';  // extents, regular
      m_header.replace(148, 10, "a brain, 1");          // descrip
      // The originator of SPM, and names, where NIfTI has its codes and affine.
      for (std::size_t n = 252; n < 344; ++n) m_header[n] = static_cast<char>(n);
      at<float>(120, 7e20F);
    } else {
      at<std::int16_t>(254, 1);
      // j to the right, i to the front, k to the top.
      for (std::size_t n = 0; n < 12; ++n)
        at<float>(280 + 4 * n, std::array{0.F, 2.F, 0.F, 10.F, 1.5F, 0.F, 0.F, 20.F, 0.F, 0.F, 3.F, 30.F}[n]);
      m_header.replace(344, 4, std::string("ni1\0", 4));
    }
  }
  template <class T>
  HeaderPair& at(std::size_t place, T value) {
    m_header.replace(place, sizeof(T), ordered(value));
    return *this;
  }
  void write(const std::filesystem::path& header, const std::filesystem::path& voxels) const {
    std::string out;
    for (int n = 0; n < 24; ++n) out += ordered(static_cast<std::int16_t>(n * 300));
    put(header, m_header);
    put(voxels, out);
  }

 private:
  template <class T>
  std::string ordered(T value) const {
    auto own = std::bit_cast<std::array<char, sizeof(T)>>(value);
    if (m_swapped) std::ranges::reverse(own);
    return {own.data(), own.size()};
  }
  std::string m_header = std::string(348, '\0');
  bool m_swapped;
};

Scan scanOf(const Folder& folder) {
  std::vector<FileContent> contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    contents.push_back(examine(entry.path()));
  return assemble(std::move(contents));
}

TEST(NiftiPair, ByItsAffineInBothByteOrders) {
  for (const bool swapped : {false, true}) {
    const Folder folder;
    HeaderPair(false, swapped).write(folder / "a.hdr", folder / "a.img");
    EXPECT_EQ(voxelsOf(folder / "a.hdr"), folder / "a.img");
    const auto volume = readVolume(folder / "a.hdr");
    ASSERT_OK(volume);
    for (std::size_t n = 0; n < 24; ++n) EXPECT_EQ(volume->voxels[n], static_cast<float>(n * 300));
    EXPECT_EQ(volume->geometry.indexToLps({0, 0, 0}), (image::Vec3{-10, -20, 30}));
    EXPECT_EQ(volume->geometry.indexToLps({2, 1, 1}), (image::Vec3{-12, -23, 33}));
    const auto scan = scanOf(folder);
    ASSERT_EQ(scan.loose.size(), 1u);
    EXPECT_TRUE(scan.loose[0].findings.empty());
  }
}

TEST(NiftiPair, AnalyzeDoesNotSayWhereLeftIs) {
  for (const bool swapped : {false, true}) {
    const Folder folder;
    HeaderPair(true, swapped).write(folder / "a.hdr", folder / "a.img");
    const auto volume = readVolume(folder / "a.hdr");
    ASSERT_OK(volume);
    EXPECT_EQ(volume->voxels[23], 6900);
    // As nibabel places it: towards left, front and top, the middle at 0.
    EXPECT_EQ(volume->geometry.indexToLps({1.5, 1, 0.5}), (image::Vec3{0, 0, 0}));
    EXPECT_EQ(volume->geometry.indexToLps({2.5, 2, 1.5}), (image::Vec3{1.5, -2, 3}));
    const auto scan = scanOf(folder);
    ASSERT_EQ(scan.loose.size(), 1u);
    ASSERT_EQ(scan.loose[0].findings.size(), 1u);
    EXPECT_EQ(scan.loose[0].findings[0].code, "unknown-orientation");
    EXPECT_EQ(scan.loose[0].findings[0].severity, Finding::Severity::Consent);
  }
}

TEST(NiftiPair, PackedVoxelsAndWhatIsMissing) {
  const Folder folder;
  HeaderPair(false, false).write(folder / "a.hdr", folder / "a.img");
  ASSERT_EQ(test::run("gzip '" + (folder / "a.img").string() + "'").code, 0);
  const auto packed = readVolume(folder / "a.hdr");
  ASSERT_OK(packed);
  EXPECT_EQ(packed->voxels[23], 6900);
  std::fstream(folder / "a.img.gz", std::ios::in | std::ios::out | std::ios::binary).seekp(-8, std::ios::end).put('?');
  EXPECT_FALSE(readVolume(folder / "a.hdr"));  // its checksum is another
  std::filesystem::remove(folder / "a.img.gz");
  const auto alone = readVolume(folder / "a.hdr");
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::NotFound);
  put(folder / "a.img", std::string(47, 'x'));
  const auto cut = readVolume(folder / "a.hdr");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::Format);
  HeaderPair(false, false).at<std::int32_t>(0, 540).write(folder / "b.hdr", folder / "b.img");
  EXPECT_FALSE(readVolume(folder / "b.hdr"));
}

TEST(NiftiPair, HeadersOfOtherThingsAreNoVolumes) {
  const Folder folder;
  put(folder / "scene.hdr", "ENVI\nsamples = 4\nlines = 3\n");
  put(folder / "scene.img", std::string(24, 'x'));
  EXPECT_TRUE(scanOf(folder).loose.empty());
}

TEST(NiftiPair, CodesOfZeroAreToldOf) {
  const Folder folder;
  HeaderPair(false, false).at<std::int16_t>(254, 0).write(folder / "a.hdr", folder / "a.img");
  const auto scan = scanOf(folder);
  ASSERT_EQ(scan.loose.size(), 1u);
  ASSERT_EQ(scan.loose[0].findings.size(), 1u);
  EXPECT_EQ(scan.loose[0].findings[0].code, "no-orientation");
  EXPECT_EQ(scan.loose[0].findings[0].severity, Finding::Severity::Warning);
}

TEST(NiftiPair, VolumesOfOtherProgramsAreNamed) {
  const Folder folder;
  for (const char* name : {"a.mnc", "b.MIF.gz", "c+orig.BRIK", "d.rec", "d.par", "e.rec"})
    put(folder / name, "no picture");
  std::map<std::string, Finding> said;
  for (const auto& [file, finding] : scanOf(folder).rejected) said.emplace(file.filename(), finding);
  for (const char* name : {"a.mnc", "b.MIF.gz", "c+orig.BRIK", "d.rec"}) {
    EXPECT_EQ(said.at(name).code, "foreign-volume") << name;
    EXPECT_EQ(said.at(name).severity, Finding::Severity::Warning) << name;
  }
  EXPECT_EQ(said.at("e.rec").code, "unknown-kind");
}

}  // namespace
}  // namespace lorkd::io
