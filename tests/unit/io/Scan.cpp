#include <algorithm>
#include <fstream>
#include <set>

#include "core/base/File.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

SilentProgress silent;

Result<Scan> scan(const fs::path& folder) { return scanFolder(folder, silent, CancelToken()); }

const Finding* finding(const Series& series, const std::string& code) {
  for (const auto& f : series.findings)
    if (f.code == code) return &f;
  return nullptr;
}

class Scanning : public ::testing::Test {
 protected:
  Folder folder;
  WrittenSeries written;

  void write(const image::Geometry& g, const std::string& name = "ct") {
    DicomHeader header;
    header.patientId = "P1";
    header.uidSeed = name;
    auto result = writeCtSeries(folder / name, ramp(g), header, {3, 0, 6, 2, 5, 1, 4});
    ASSERT_OK(result);
    written = *result;
  }
  // Overwrites text inside a file with text of the same length.
  void replace(const fs::path& file, const std::string& from, const std::string& to) {
    ASSERT_EQ(from.size(), to.size());
    auto bytes = *readFile(file);
    const auto at = bytes.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    put(file, bytes.replace(at, from.size(), to));
  }
  Series only() {
    const auto found = scan(folder.path());
    EXPECT_OK(found);
    if (!found || found->series.size() != 1) {
      ADD_FAILURE() << "expected one series";
      return {};
    }
    return found->series.front();
  }
};

TEST_F(Scanning, PassesOverWhatIsStillBeingRetrieved) {
  write(smallGrid());
  fs::create_directories(folder / ".1.2.3.part");
  fs::copy(written.files[0], folder / ".1.2.3.part/1.2.3.4.dcm");
  const auto found = scan(folder.path());
  ASSERT_OK(found);
  EXPECT_EQ(found->filesSeen, std::ssize(written.files));
}

TEST_F(Scanning, RampSurvivesShuffledNamesUprightAndTilted) {
  for (const auto& g : {smallGrid(), smallGrid(0.3, -0.2), smallGrid(2.8, 1.4)}) {
    const std::string name = "ct" + std::to_string(g.direction[0][0]);
    write(g, name);
    const auto found = scan(folder / name);
    ASSERT_OK(found);
    ASSERT_EQ(found->series.size(), 1u);
    const auto& series = found->series.front();
    EXPECT_TRUE(series.findings.empty()) << series.findings.front().message;
    EXPECT_EQ(series.modality, "CT");
    EXPECT_EQ(series.patientId, "P1");
    EXPECT_TRUE(series.geometry.sameGrid(g, 1e-6));
    const auto volume = readSeries(series);
    ASSERT_OK(volume);
    EXPECT_EQ(volume->unit, "HU");
    EXPECT_LE(rampError(*volume), 0.5 + 1e-3);
  }
}

TEST_F(Scanning, LeftHandedVolumesComeBackRightHandedInTheSamePlace) {
  auto g = smallGrid(0.3, -0.2);
  for (auto& row : g.direction) row[2] = -row[2];
  write(g);
  const auto series = only();
  EXPECT_NEAR(series.geometry.handedness(), 1, 1e-9);
  const auto volume = readSeries(series);
  ASSERT_OK(volume);
  EXPECT_LE(rampError(*volume), 0.5 + 1e-3);
}

TEST_F(Scanning, MissingSliceNeedsConsentAndIsInterpolated) {
  write(smallGrid());
  fs::remove(written.files[3]);
  auto series = only();
  ASSERT_NE(finding(series, "missing-slice"), nullptr);
  EXPECT_EQ(finding(series, "missing-slice")->severity, Finding::Severity::Consent);
  EXPECT_NE(finding(series, "missing-slice")->message.find("1 slice"), std::string::npos);
  EXPECT_TRUE(series.geometry.sameGrid(smallGrid(), 1e-6));
  const auto volume = readSeries(series);
  ASSERT_OK(volume);
  EXPECT_LE(rampError(*volume), 0.5 + 1e-3) << "a ramp interpolates exactly";
  // Never read as if the slices lay evenly.
  series.origins.clear();
  EXPECT_EQ(readSeries(series).error().code, ErrorCode::Mismatch);
}

TEST_F(Scanning, MissingEndSliceOfTheScanCannotBeKnown) {
  write(smallGrid());
  fs::remove(written.files[6]);
  const auto series = only();
  EXPECT_TRUE(series.usable());
  EXPECT_EQ(series.geometry.size[2], 6);
  EXPECT_OK(readSeries(series));
}

TEST_F(Scanning, DuplicatesAreFound) {
  write(smallGrid());
  fs::copy_file(written.files[2], folder / "copy-of-a-file");
  auto series = only();
  ASSERT_NE(finding(series, "duplicate-file"), nullptr);
  EXPECT_TRUE(series.usable());
  EXPECT_EQ(series.instances.size(), 7u);
  EXPECT_OK(readSeries(series));
  // Another instance at the same place is not a copy.
  const std::string uid = written.sopInstanceUids[2];
  auto bytes = *readFile(folder / "copy-of-a-file");
  const auto at = bytes.rfind(uid);
  bytes[at + uid.size() - 1] = bytes[at + uid.size() - 1] == '1' ? '2' : '1';
  put(folder / "copy-of-a-file", bytes);
  series = only();
  ASSERT_NE(finding(series, "duplicate-slice"), nullptr);
  EXPECT_FALSE(series.usable());
  EXPECT_EQ(readSeries(series).error().code, ErrorCode::Mismatch);
}

TEST_F(Scanning, TruncatedFilesAreNamed) {
  write(smallGrid());
  const auto bytes = *readFile(written.files[4]);
  for (const std::size_t cut : {std::size_t(2), std::size_t(100), std::size_t(198)}) {
    put(written.files[4], bytes.substr(0, bytes.size() - cut));
    const auto series = only();
    const auto* truncated = finding(series, "truncated");
    ASSERT_NE(truncated, nullptr) << cut;
    EXPECT_FALSE(series.usable());
    EXPECT_NE(truncated->message.find(written.files[4].filename().string()), std::string::npos);
    const auto volume = readSeries(series);
    ASSERT_FALSE(volume);
    EXPECT_EQ(volume.error().code, ErrorCode::Format);
    EXPECT_NE(volume.error().context.find(written.files[4].filename().string()), std::string::npos);
  }
}

TEST_F(Scanning, LargeSlicesAreCheckedToo) {
  // Above DCMTK's limit of 4096 bytes a value stays in the file.
  auto g = smallGrid();
  g.size = {64, 64, 2};
  DicomHeader header;
  header.uidSeed = "large";
  const auto ct = writeCtSeries(folder / "large", ramp(g), header);
  ASSERT_OK(ct);
  const auto bytes = *readFile(ct->files[1]);
  put(ct->files[1], bytes + std::string(2, '\x7f'));
  EXPECT_TRUE(only().usable()) << "rubbish behind the pixels does no harm";
  EXPECT_OK(readSeries(only()));
  put(ct->files[1], bytes.substr(0, bytes.size() - 2));
  EXPECT_NE(finding(only(), "truncated"), nullptr);
  EXPECT_EQ(readSeries(only()).error().code, ErrorCode::Format);
}

TEST_F(Scanning, EveryCutOfAFileIsSurvived) {
  write(smallGrid());
  const auto bytes = *readFile(written.files[4]);
  for (std::size_t keep = 0; keep < bytes.size() - 1; keep += 37) {
    put(written.files[4], bytes.substr(0, keep));
    const auto found = scan(folder.path());
    ASSERT_OK(found);
    // Whatever is left of the file, it is never taken for a slice of a volume.
    for (const auto& series : found->series) {
      if (!series.usable() || series.instances.size() < 2) continue;
      for (const auto& instance : series.instances) EXPECT_NE(instance.file, written.files[4]) << keep;
    }
  }
}

TEST_F(Scanning, MixedOrientationAndSizeAreSplit) {
  write(smallGrid());
  const std::string cosines = "1\\0\\0\\0\\1\\0";
  const auto splitOff = [&](std::string_view name) {
    const auto found = scan(folder.path());
    ASSERT_OK(found);
    ASSERT_EQ(found->series.size(), 2u);
    std::vector<std::size_t> sizes;
    for (const auto& series : found->series) {
      EXPECT_NE(finding(series, "split"), nullptr);
      EXPECT_NE(series.part.find(name), std::string::npos) << series.part;
      sizes.push_back(series.instances.size());
    }
    EXPECT_NE(found->series[0].part, found->series[1].part);
    EXPECT_EQ(std::min(sizes[0], sizes[1]), 1u);
    EXPECT_EQ(std::max(sizes[0], sizes[1]), 6u);
  };
  replace(written.files[1], cosines, "0\\1\\0\\1\\0\\0");
  splitOff("axial");
  replace(written.files[1], "0\\1\\0\\1\\0\\0", cosines);
  replace(written.files[1], "0.75\\1.25", "0.85\\1.25");
  splitOff("11x9");
}

TEST_F(Scanning, GantryTiltIsPutUpright) {
  // Slices stacked along z but turned about x: rows and columns tilted, positions not.
  auto g = smallGrid();
  const auto tilt = tilted(0, 0.2);
  for (std::size_t k = 0; k < 7; ++k) {
    auto slice = g;
    slice.size[2] = 1;
    slice.direction = tilt;
    slice.origin[2] += 2.5 * double(k);
    DicomHeader header;
    header.uidSeed = "tilt";
    header.seriesUid = "1.2.3";
    header.studyUid = "1.2.4";
    header.frameOfReferenceUid = "1.2.5";
    header.uidSeed += std::to_string(k);
    ASSERT_OK(writeCtSeries(folder / std::to_string(k), ramp(slice), header));
  }
  const auto series = only();
  ASSERT_NE(finding(series, "gantry-tilt"), nullptr);
  EXPECT_NE(finding(series, "gantry-tilt")->message.find("11.5 degrees"), std::string::npos);
  EXPECT_TRUE(series.usable());
  const auto volume = readSeries(series);
  ASSERT_OK(volume);
  // Widened by six slices' shift of 2.5 mm · sin(0.2) along the rows; every pixel of every slice is somewhere.
  EXPECT_EQ(volume->geometry.size, (std::array<std::int64_t, 3>{11, 9 + 4, 7}));
  EXPECT_NEAR(volume->geometry.spacing[2], 2.5 * std::cos(0.2), 1e-6);
  const auto truth = ramp(volume->geometry);
  const float lowest = std::ranges::min(volume->voxels);
  std::int64_t right = 0;
  for (std::size_t n = 0; n < truth.voxels.size(); ++n) {
    const bool same = std::abs(volume->voxels[n] - truth.voxels[n]) <= 1.01;
    right += same ? 1 : 0;
    EXPECT_TRUE(same || volume->voxels[n] == lowest) << n;
  }
  EXPECT_GE(right, 11 * 8 * 7);
}

TEST_F(Scanning, SingleSliceIsAWarning) {
  auto g = smallGrid();
  g.size[2] = 1;
  DicomHeader header;
  ASSERT_OK(writeCtSeries(folder / "one", ramp(g), header));
  const auto series = only();
  ASSERT_NE(finding(series, "single-slice"), nullptr);
  EXPECT_TRUE(series.usable());
  EXPECT_OK(readSeries(series));
}

TEST_F(Scanning, DicomWithoutPreambleIsRead) {
  write(smallGrid());
  for (const auto& file : written.files) {
    // Without preamble and meta header: the data set alone, behind the meta header's group length.
    const auto bytes = *readFile(file);
    const auto length = static_cast<unsigned char>(bytes[140]) | static_cast<unsigned char>(bytes[141]) << 8;
    put(file, bytes.substr(144 + static_cast<std::size_t>(length)));
  }
  const auto series = only();
  EXPECT_TRUE(series.usable());
  const auto volume = readSeries(series);
  ASSERT_OK(volume);
  EXPECT_LE(rampError(*volume), 0.5 + 1e-3);
}

TEST_F(Scanning, OtherFilesAreListedOrRejected) {
  write(smallGrid());
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(smallGrid())));
  ASSERT_OK(writePng(folder / "b.png", {2, 2, 1, {1, 2, 3, 4}}));
  put(folder / "notes.txt", "hello");
  put(folder / "empty", "");
  put(folder / "bad.nii", "not nifti");
  const auto found = scan(folder.path());
  ASSERT_OK(found);
  EXPECT_EQ(found->filesSeen, 12);
  EXPECT_EQ(found->series.size(), 1u);
  ASSERT_EQ(found->loose.size(), 3u);
  EXPECT_TRUE(found->loose[0].geometry.sameGrid(smallGrid(), 1e-4));
  EXPECT_EQ(found->loose[1].kind, "image");
  EXPECT_EQ(found->loose[2].findings.size(), 1u);
  EXPECT_EQ(found->rejected.size(), 2u);
}

TEST_F(Scanning, DeepNestingIsRejectedNotFollowed) {
  write(smallGrid());
  const auto bytes = *readFile(written.files[0]);
  const std::string open("\x40\0\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", 20);
  const std::string openImplicit("\x40\0\x30\xa7\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", 16);
  for (const auto& level : {open, openImplicit})
    for (const int depth : {20, 100000}) {
      std::string nested = bytes;
      for (int n = 0; n < depth; ++n) nested += level;
      put(folder / "nested", nested);
      const auto found = scan(folder.path());
      ASSERT_OK(found);
      EXPECT_EQ(found->rejected.size(), depth > 128 ? 1u : 0u) << depth;
    }
}

TEST_F(Scanning, NothingToReadIsAnError) {
  EXPECT_EQ(scan(folder / "nowhere").error().code, ErrorCode::NotFound);
  EXPECT_EQ(scan(folder.path()).error().code, ErrorCode::InvalidArgument);
  put(folder / "notes.txt", "hello");
  const auto found = scan(folder.path());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(found.error().message.find("1 file"), std::string::npos);
  CancelToken cancel;
  cancel.cancel();
  EXPECT_EQ(scanFolder(folder.path(), silent, cancel).error().code, ErrorCode::Cancelled);
}

}  // namespace
