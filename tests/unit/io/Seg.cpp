#include <cstring>

#include "core/base/File.h"
#include "core/base/Random.h"
#include "core/io/Series.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

class Seg : public ::testing::Test {
 protected:
  Folder folder;
  image::SegmentSet set;
  WrittenSeries written;

  void SetUp() override {
    set.geometry = smallGrid(0.3, -0.2);
    set.segments = {{{"肝脏", "#e69f00", {"SCT", "10200004", "Liver"}}, {}}, {{"dots"}, {}}, {{"empty"}, {}}};
    Random random(7);
    for (auto& s : set.segments) s.mask.assign(static_cast<std::size_t>(set.geometry.voxels()), 0);
    for (auto& v : set.segments[0].mask) v = random.uniform() < 0.7;
    for (auto& v : set.segments[1].mask) v = random.uniform() < 0.5;
    DicomHeader header;
    header.uidSeed = "seg";
    header.patientName = "王^小东";
    header.patientId = "P-1";
    auto ct = writeCtSeries(folder / "ct", ramp(set.geometry), header, {3, 0, 6, 2, 5, 1, 4});
    ASSERT_OK(ct);
    written = *ct;
    ASSERT_OK(writeSeg(folder / "seg.dcm", set, written, written.header));
  }
  void expectSame(const image::SegmentSet& read) {
    ASSERT_EQ(read.segments.size(), set.segments.size());
    for (std::size_t s = 0; s < set.segments.size(); ++s) {
      EXPECT_EQ(read.segments[s].name, set.segments[s].name);
      EXPECT_EQ(read.segments[s].mask, set.segments[s].mask) << s;
    }
  }
};

TEST_F(Seg, OverlappingSegmentsSurvive) {
  const auto read = readSeg(folder / "seg.dcm", &set.geometry);
  ASSERT_OK(read);
  expectSame(*read);
  EXPECT_EQ(read->segments[0].color, "#e69f00");
  EXPECT_EQ(read->segments[0].code.value, "10200004");
  EXPECT_EQ(read->segments[0].code.scheme, "SCT");
  EXPECT_EQ(read->segments[0].code.meaning, "Liver");
  // Both dense segments touch every plane, so the SEG's own grid is the series'.
  const auto own = readSeg(folder / "seg.dcm");
  ASSERT_OK(own);
  EXPECT_TRUE(own->geometry.sameGrid(set.geometry, 1e-6));
  expectSame(*own);
}

TEST_F(Seg, OwnGridKeepsTheSpacingWhenPlanesAreLeftOut) {
  for (auto& s : set.segments)
    for (std::int64_t k : {0, 2, 3, 5, 6})
      for (std::int64_t n = 0; n < 99; ++n) s.mask[static_cast<std::size_t>(k * 99 + n)] = 0;
  set.segments.pop_back();
  ASSERT_OK(writeSeg(folder / "seg.dcm", set, written, written.header));
  const auto own = readSeg(folder / "seg.dcm");
  ASSERT_OK(own);
  EXPECT_EQ(own->geometry.size, (std::array<std::int64_t, 3>{11, 9, 4}));
  EXPECT_NEAR(own->geometry.spacing[2], 2.5, 1e-9);
  const auto lps = set.geometry.indexToLps({0, 0, 1});
  for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(own->geometry.origin[a], lps[a], 1e-6);
}

TEST_F(Seg, IsPlacedOnFlippedAndTurnedReferences) {
  // The same voxels counted from another corner, with two axes exchanged.
  image::Geometry other;
  const auto& g = set.geometry;
  other.size = {g.size[1], g.size[2], g.size[0]};
  other.spacing = {g.spacing[1], g.spacing[2], g.spacing[0]};
  other.origin = g.indexToLps({0, 8, 6});
  for (std::size_t r = 0; r < 3; ++r) other.direction[r] = {-g.direction[r][1], -g.direction[r][2], g.direction[r][0]};
  const auto read = readSeg(folder / "seg.dcm", &other);
  ASSERT_OK(read);
  for (std::size_t s = 0; s < set.segments.size(); ++s)
    for (std::int64_t k = 0; k < 7; ++k)
      for (std::int64_t j = 0; j < 9; ++j)
        for (std::int64_t i = 0; i < 11; ++i)
          ASSERT_EQ(read->segments[s].mask[static_cast<std::size_t>(other.offset(8 - j, 6 - k, i))],
                    set.segments[s].mask[static_cast<std::size_t>(g.offset(i, j, k))]);
}

TEST_F(Seg, OtherGridsAreAMismatch) {
  for (const double shift : {0.3, 0.5, 100.0}) {
    auto other = set.geometry;
    other.origin = set.geometry.indexToLps({0, 0, shift});
    EXPECT_EQ(readSeg(folder / "seg.dcm", &other).error().code, ErrorCode::Mismatch) << shift;
  }
  auto other = set.geometry;
  other.size[2] = 5;
  EXPECT_EQ(readSeg(folder / "seg.dcm", &other).error().code, ErrorCode::Mismatch);
  other = smallGrid(0.35, -0.2);
  EXPECT_EQ(readSeg(folder / "seg.dcm", &other).error().code, ErrorCode::Mismatch);
  other = set.geometry;
  other.spacing[0] *= 2;
  EXPECT_EQ(readSeg(folder / "seg.dcm", &other).error().code, ErrorCode::Mismatch);
}

TEST_F(Seg, ScanTellsNamesAndReferences) {
  SilentProgress silent;
  const auto found = scanFolder(folder.path(), silent, CancelToken());
  ASSERT_OK(found);
  ASSERT_EQ(found->series.size(), 2u);
  const auto& seg = found->series[found->series[0].modality == "SEG" ? 0 : 1];
  EXPECT_EQ(seg.modality, "SEG");
  EXPECT_TRUE(seg.usable());
  EXPECT_EQ(namesOf(seg.labels), (std::vector<std::string>{"肝脏", "dots", "empty"}));
  EXPECT_EQ(seg.referencedSeriesUids, std::vector<std::string>{written.header.seriesUid});
  EXPECT_EQ(seg.referencedInstanceUids.size(), 7u);
  EXPECT_EQ(seg.patientName, "王^小东");
  EXPECT_EQ(seg.patientId, "P-1");
  EXPECT_EQ(seg.studyUid, written.header.studyUid);
  EXPECT_EQ(seg.frameOfReferenceUid, written.header.frameOfReferenceUid);
  EXPECT_TRUE(seg.geometry.sameGrid(set.geometry, 1e-6));
}

TEST_F(Seg, DamageIsAnErrorAndNeverACrash) {
  const auto bytes = *readFile(folder / "seg.dcm");
  const auto file = folder / "bad.dcm";
  for (std::size_t keep = 0; keep < bytes.size() - 2; keep += 211) {
    put(file, bytes.substr(0, keep));
    EXPECT_FALSE(readSeg(file)) << keep;
  }
  // Random bytes in the header: the result may be anything but a crash or masks that do not fill their grid.
  Random random(11);
  for (int round = 0; round < 400; ++round) {
    auto broken = bytes;
    for (int n = 0; n < 6; ++n)
      broken[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(bytes.size())))] =
          static_cast<char>(random.below(256));
    put(file, broken);
    const auto read = readSeg(file, round % 2 ? &set.geometry : nullptr);
    if (!read) continue;
    for (const auto& s : read->segments) ASSERT_EQ(static_cast<std::int64_t>(s.mask.size()), read->geometry.voxels());
  }
  EXPECT_EQ(readSeg(written.files[0]).error().code, ErrorCode::Format);
  EXPECT_EQ(readSeg(folder / "none").error().code, ErrorCode::NotFound);
}

// A segment for each of two balls, on the ramp's grid.
image::SegmentSet balls(const image::Geometry& g) {
  image::SegmentSet set{g, {}};
  for (const double centre : {2.0, 4.0}) {
    auto& segment = set.segments.emplace_back();
    segment.name = "ball at " + std::to_string(centre);
    segment.mask.assign(static_cast<std::size_t>(g.voxels()), 0);
    for (std::int64_t k = 0; k < g.size[2]; ++k)
      for (std::int64_t j = 0; j < g.size[1]; ++j)
        for (std::int64_t i = 0; i < g.size[0]; ++i)
          if (std::hypot(double(i) - 5, double(j) - 4, 2 * (double(k) - centre)) < 4)
            segment.mask[static_cast<std::size_t>(g.offset(i, j, k))] = 1;
  }
  return set;
}

TEST(SegOnMovedSlices, FramesOfMissingSlicesKeepTheirPlanes) {
  Folder folder;
  const auto g = smallGrid(0.3, -0.2);
  DicomHeader header;
  const auto ct = writeCtSeries(folder / "ct", ramp(g), header);
  ASSERT_OK(ct);
  const auto truth = balls(g);
  const auto seg = writeSeg(folder / "seg.dcm", truth, *ct, header);
  ASSERT_OK(seg);
  for (const int missing : {2, 4}) std::filesystem::remove(ct->files[static_cast<std::size_t>(missing)]);
  SilentProgress silent;
  const auto scan = scanFolder(folder / "ct", silent, CancelToken());
  ASSERT_OK(scan);
  const auto& series = scan->series.at(0);
  ASSERT_EQ(series.origins.size(), 5u);
  const auto found = readSeg(*seg, &series.geometry, series.origins);
  ASSERT_OK(found);
  ASSERT_TRUE(found->geometry.sameGrid(g, 1e-6));
  for (std::size_t n = 0; n < 2; ++n) EXPECT_EQ(found->segments[n].mask, truth.segments[n].mask);
}

TEST(SegOnMovedSlices, UnderATiltedGantryStructuresStayInPlace) {
  Folder folder;
  const auto made = run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/odd_inputs.py '" + folder.path().string() +
                        "' gantry-tilt-with-segments");
  if (made.code == 77) GTEST_SKIP() << "python3-pydicom is not installed: " << made.output;
  SilentProgress silent;
  const auto scan = scanFolder(folder / "gantry-tilt-with-segments", silent, CancelToken());
  ASSERT_OK(scan);
  ASSERT_EQ(scan->series.size(), 2u);
  const bool segFirst = scan->series[0].modality == "SEG";
  const auto &seg = scan->series[segFirst ? 0 : 1], &ct = scan->series[segFirst ? 1 : 0];
  ASSERT_FALSE(ct.origins.empty());
  const auto found = readSeg(seg.instances.at(0).file, &ct.geometry, ct.origins);
  ASSERT_OK(found);
  const auto volume = readSeries(ct);
  ASSERT_OK(volume);
  // The script marks what exceeds -250 in a slice; a shear moves image and mask alike, to within a pixel.
  std::int64_t inside = 0, wrong = 0;
  for (std::size_t n = 0; n < volume->voxels.size(); ++n) {
    inside += found->segments.at(0).mask[n];
    const bool above = volume->voxels[n] > -250;
    const bool near = std::abs(volume->voxels[n] + 250) < 2.5;
    wrong += !near && above != (found->segments[0].mask[n] != 0) ? 1 : 0;
  }
  EXPECT_GT(inside, 100);
  EXPECT_EQ(wrong, 0);
}

}  // namespace
