#include "core/io/dicom/DicomWriter.h"

#include <sstream>

#include "core/base/File.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

DicomHeader header() {
  DicomHeader h;
  h.patientId = "P1";
  h.patientName = "Phantom^Ramp";
  h.seriesDescription = "ramp";
  h.bodyPart = "ABDOMEN";
  h.uidSeed = "test";
  return h;
}

// Two boxes that overlap, and a third segment without a voxel.
image::SegmentSet boxes(const image::Geometry& g) {
  image::SegmentSet set;
  set.geometry = g;
  set.segments = {{{"liver", "#e69f00", {"SCT", "10200004", "Liver"}}, {}}, {{"tumour"}, {}}, {{"none"}, {}}};
  for (auto& s : set.segments) s.mask.assign(static_cast<std::size_t>(g.voxels()), 0);
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) {
        const auto n = static_cast<std::size_t>(g.offset(i, j, k));
        set.segments[0].mask[n] = i < 6 && j > 2 && k > 0;
        set.segments[1].mask[n] = i > 3 && i < 8 && k > 2 && k < 5;
      }
  return set;
}

TEST(DicomWriter, CtSeriesIsValidAndHoldsHuAtTheirPositions) {
  Folder folder;
  const auto volume = ramp(smallGrid(0.3, -0.2));
  const auto written = writeCtSeries(folder / "ct", volume, header(), {3, 0, 6, 2, 5, 1, 4});
  ASSERT_OK(written);
  ASSERT_EQ(written->files.size(), 7u);
  EXPECT_EQ(written->files[3].filename(), "0001.dcm");
  const auto verdict = dciodvfyErrors(written->files.front());
  if (verdict.code == 127) GTEST_SKIP() << "dciodvfy (package dicom3tools) is not installed";
  EXPECT_EQ(verdict.output, "");
  const auto seen = judge("ct " + (folder / "ct").string() + " " + kRampText);
  if (seen.code == 77) GTEST_SKIP() << seen.output;
  EXPECT_EQ(seen.code, 0) << seen.output;
  EXPECT_EQ(seen.output, "7\n");
}

TEST(DicomWriter, SameSeedGivesSameBytes) {
  Folder folder;
  const auto volume = ramp(smallGrid());
  const auto a = writeCtSeries(folder / "a", volume, header()), b = writeCtSeries(folder / "b", volume, header());
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(*readFile(a->files[2]), *readFile(b->files[2]));
  EXPECT_TRUE(a->header.studyUid.starts_with("2.25."));
  EXPECT_LE(a->sopInstanceUids[0].size(), 64u);
  EXPECT_NE(a->sopInstanceUids[0], a->sopInstanceUids[1]);
  auto other = header();
  other.uidSeed.clear();
  const auto c = writeCtSeries(folder / "c", volume, other);
  ASSERT_OK(c);
  EXPECT_NE(c->header.studyUid, a->header.studyUid);

  const auto set = boxes(volume.geometry);
  ASSERT_OK(writeSeg(folder / "a.dcm", set, *a, header()));
  ASSERT_OK(writeSeg(folder / "b.dcm", set, *a, header()));
  EXPECT_EQ(*readFile(folder / "a.dcm"), *readFile(folder / "b.dcm"));
}

TEST(DicomWriter, SegIsValidAndHoldsVoxelsAtTheirPositions) {
  Folder folder;
  const auto volume = ramp(smallGrid(0.3, -0.2));
  const auto written = writeCtSeries(folder / "ct", volume, header(), {3, 0, 6, 2, 5, 1, 4});
  ASSERT_OK(written);
  const auto set = boxes(volume.geometry);
  const auto file = writeSeg(folder / "seg.dcm", set, *written, written->header);
  ASSERT_OK(file);
  const auto verdict = dciodvfyErrors(*file);
  if (verdict.code == 127) GTEST_SKIP() << "dciodvfy (package dicom3tools) is not installed";
  EXPECT_EQ(verdict.output, "");

  const auto seen = judge("seg " + file->string());
  if (seen.code == 77) GTEST_SKIP() << seen.output;
  ASSERT_EQ(seen.code, 0) << seen.output;
  std::istringstream lines(seen.output);
  for (const auto& segment : set.segments) {
    image::Vec3 mean{}, read{};
    std::size_t count = 0, readCount = 0;
    for (std::int64_t n = 0; n < set.geometry.voxels(); ++n)
      if (segment.mask[static_cast<std::size_t>(n)]) {
        const auto& size = set.geometry.size;
        const auto lps = set.geometry.indexToLps(
            {double(n % size[0]), double(n / size[0] % size[1]), double(n / size[0] / size[1])});
        for (std::size_t a = 0; a < 3; ++a) mean[a] += lps[a];
        ++count;
      }
    std::string label;
    lines >> label >> readCount >> read[0] >> read[1] >> read[2];
    EXPECT_EQ(label, segment.name);
    EXPECT_EQ(readCount, count);
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(read[a], count ? mean[a] / double(count) : 0.0, 1e-4) << label;
  }
}

TEST(DicomWriter, RefusesWhatCannotBeWritten) {
  Folder folder;
  const auto volume = ramp(smallGrid());
  EXPECT_EQ(writeCtSeries(folder / "x", image::Volume(), header()).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(writeCtSeries(folder / "x", volume, header(), {0, 0, 1, 2, 3, 4, 5}).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(writeCtSeries("/proc/nowhere", volume, header()).error().code, ErrorCode::Io);
  const auto written = writeCtSeries(folder / "ct", volume, header());
  ASSERT_OK(written);
  auto shifted = smallGrid();
  shifted.origin[0] += 0.5;
  EXPECT_EQ(writeSeg(folder / "s.dcm", boxes(shifted), *written, header()).error().code, ErrorCode::Mismatch);
  auto turned = smallGrid(0.1);
  EXPECT_EQ(writeSeg(folder / "s.dcm", boxes(turned), *written, header()).error().code, ErrorCode::Mismatch);
  EXPECT_FALSE(std::filesystem::exists(folder / "s.dcm"));
}

TEST(DicomWriter, TwelveBitsUnlessAValueNeedsMore) {
  Folder folder;
  auto volume = ramp(smallGrid());
  volume.voxels[0] = 3071;
  volume.voxels[1] = -1024;
  volume.voxels[2] = std::nanf("");
  const auto firstPixels = [&](const std::string& name) {
    auto h = header();
    h.bodyPart.clear();
    const auto written = writeCtSeries(folder / name, volume, h);
    EXPECT_OK(written);
    EXPECT_EQ(dciodvfyErrors(written->files[0]).output, "");
    const auto bytes = *readFile(written->files[0]);
    return bytes.substr(bytes.size() - 11 * 9 * 2, 6);
  };
  EXPECT_EQ(firstPixels("twelve"), std::string("\xff\x0f\0\0\0\0", 6));
  volume.voxels[0] = 3072;
  volume.voxels[1] = -1207;
  // 3072 + 32768 = 0x8c00, -1207 + 32768 = 0x7b49.
  EXPECT_EQ(firstPixels("sixteen"), std::string("\x00\x8c\x49\x7b\0\0", 6));
}

}  // namespace
