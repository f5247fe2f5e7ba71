// Segmentations as label maps, written by pydicom beside a binary one of the same structures.
#include <algorithm>

#include "core/io/Series.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

class LabelMaps : public ::testing::Test {
 protected:
  Folder folder;
  Series ct;
  std::vector<Series> segs;
  image::SegmentSet truth;

  void SetUp() override {
    const auto made =
        run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/label_maps.py '" + folder.path().string() + "'");
    if (made.code == 77) GTEST_SKIP() << "python3-pydicom is not installed: " << made.output;
    ASSERT_EQ(made.code, 0) << made.output;
    SilentProgress silent;
    const auto scan = scanFolder(folder.path(), silent, CancelToken());
    ASSERT_OK(scan);
    for (const auto& series : scan->series)
      if (series.modality == "SEG")
        segs.push_back(series);
      else
        ct = series;
    ASSERT_EQ(ct.instances.size(), 7u);
    const auto binary = readSeg(folder / "binary.dcm", &ct.geometry);
    ASSERT_OK(binary);
    truth = *binary;
    ASSERT_EQ(truth.segments.size(), 3u);
  }
  static std::string nameOf(const Series& seg) { return seg.instances.at(0).file.filename().string(); }
  void expectTruth(const image::SegmentSet& set) {
    ASSERT_EQ(set.segments.size(), 3u);
    for (std::size_t n = 0; n < 3; ++n) {
      EXPECT_EQ(set.segments[n].name, truth.segments[n].name);
      EXPECT_EQ(set.segments[n].mask, truth.segments[n].mask) << set.segments[n].name;
      EXPECT_GT(std::ranges::count(set.segments[n].mask, 1), 3) << set.segments[n].name;
    }
  }
};

TEST_F(LabelMaps, GiveTheMasksOfTheBinarySegmentation) {
  int maps = 0, coded = 0;
  for (const auto& seg : segs) {
    const auto name = nameOf(seg);
    if (!name.starts_with("map")) continue;
    SCOPED_TRACE(name);
    ++maps;
    coded += seg.transferSyntax != "1.2.840.10008.1.2.1";
    EXPECT_TRUE(seg.usable()) << seg.findings[0].message;
    EXPECT_EQ(namesOf(seg.labels), (std::vector<std::string>{"shell", "core", "corner"}));
    EXPECT_EQ(seg.labels.at(0).number, 2);
    EXPECT_EQ(seg.referencedInstanceUids.size(), 7u);
    EXPECT_TRUE(seg.geometry.sameGrid(ct.geometry, 1e-6));
    const auto placed = readSeg(folder / name, &ct.geometry), own = readSeg(folder / name);
    ASSERT_OK(placed);
    ASSERT_OK(own);
    expectTruth(*placed);
    expectTruth(*own);
    EXPECT_EQ(segLiesOn(folder / name, ct.geometry, {}), true);
  }
  EXPECT_GE(maps, 7);
  const bool tools = run("dcmcrle --version").code == 0 && run("gdcmconv --version").code == 0;
  if (tools) {
    EXPECT_EQ(coded, 10);
  }
}

TEST_F(LabelMaps, ShowTheColoursOfTheirPalette) {
  const auto seg = readSeg(folder / "map-palette.dcm");
  ASSERT_OK(seg);
  EXPECT_EQ(seg->find("shell")->color, "#0402fd");
  EXPECT_EQ(seg->find("core")->color, "#0e07f8");
  EXPECT_EQ(readSeg(folder / "map-8.dcm")->find("core")->color, "");
}

TEST_F(LabelMaps, OnlyWhatIsWantedIsRead) {
  for (const char* file : {"binary.dcm", "map-16.dcm"}) {
    const auto one = readSeg(folder / file, &ct.geometry, {}, [](const std::string& name) { return name == "core"; });
    ASSERT_OK(one);
    ASSERT_EQ(one->segments.size(), 1u) << file;
    EXPECT_EQ(one->segments[0].mask, truth.find("core")->mask) << file;
  }
}

TEST_F(LabelMaps, WrongOnesAreRefusedByName) {
  const auto expectRefused = [&](const std::string& file, const std::string& words) {
    const auto read = readSeg(folder / file, &ct.geometry);
    ASSERT_FALSE(read) << file;
    EXPECT_EQ(read.error().code, ErrorCode::Format);
    EXPECT_NE(read.error().text().find(words), std::string::npos) << read.error().text();
    EXPECT_NE(read.error().context.find(file), std::string::npos) << "the file is named";
  };
  expectRefused("wrong-undescribed.dcm", "frame 1: the pixel value 40 is no segment number of SegmentSequence");
  expectRefused("wrong-number-twice.dcm", "segment number 2 is used twice");
  expectRefused("wrong-32-bits.dcm", "BitsAllocated 32 does not suit segmentations of type LABELMAP");
  expectRefused("wrong-short.dcm", "truncated");
  expectRefused("wrong-no-segments.dcm", "SegmentSequence is missing");
  expectRefused("wrong-signed.dcm", "PixelRepresentation");
  int unusable = 0;
  for (const auto& seg : segs) unusable += nameOf(seg).starts_with("wrong") && !seg.usable();
  EXPECT_EQ(unusable, 5) << "all but the one that only its pixels betray";
}

}  // namespace
