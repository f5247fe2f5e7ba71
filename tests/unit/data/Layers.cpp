// Segments of 3D Slicer that overlap, in layers of one file.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

#include "core/base/File.h"
#include "core/data/LabelGrid.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/data/Support.h"

using namespace lorkd;
using namespace lorkd::data;
using testing::ElementsAre;

namespace {

class Layers : public testing::TestWithParam<const char*> {
 protected:
  TemporaryFolder m_data, m_index;

  void SetUp() override {
    const std::string command = "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/slicer_layers.py '" +
                                m_data.path().string() + "' " + GetParam();
    const int code = WEXITSTATUS(std::system(command.c_str()));
    if (code == 77) GTEST_SKIP() << "python3-numpy is not installed";
    ASSERT_EQ(code, 0);
  }
};

TEST_P(Layers, GiveEachSegmentItsOwnMask) {
  const auto cases = scanned(m_data.path(), m_index / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  const auto& c = cases->front();
  EXPECT_EQ(c.imageFiles.front().filename(), "ct.nrrd");
  ASSERT_THAT(c.labels, ElementsAre("first", "corner", "second"));
  EXPECT_EQ(c.labelInfo.at(2).color, "#8033ff");
  const auto all = readSegments(c), wanted = readSegments(c, {"SECOND"});
  ASSERT_TRUE(all) << all.error().text();
  ASSERT_TRUE(wanted) << wanted.error().text();
  ASSERT_EQ(all->segments.size(), 3u);
  ASSERT_EQ(wanted->segments.size(), 1u);
  EXPECT_EQ(wanted->segments[0].mask, all->find("second")->mask);
  const auto& g = c.geometry;
  ASSERT_EQ(g.size, (std::array<std::int64_t, 3>{11, 9, 7}));
  int both = 0;
  for (std::int64_t k = 0; k < 7; ++k)
    for (std::int64_t j = 0; j < 9; ++j)
      for (std::int64_t i = 0; i < 11; ++i) {
        const auto at = static_cast<std::size_t>(g.offset(i, j, k));
        const auto ball = [&](double centre) {
          return std::hypot(double(i) - centre, double(j) - 4, double(k) - 3) < 3;
        };
        ASSERT_EQ(all->find("first")->mask[at] != 0, ball(4)) << i << " " << j << " " << k;
        ASSERT_EQ(all->find("second")->mask[at] != 0, ball(6));
        ASSERT_EQ(all->find("corner")->mask[at] != 0, j == 0 && k == 0 && i < 2);
        both += ball(4) && ball(6);
      }
  EXPECT_GT(both, 30) << "they overlap";
}

TEST_P(Layers, AreNoImageAndNoSingleMap) {
  for (const auto& error :
       {io::readVolume(m_data / "ct.seg.nrrd").error(), io::readLabelMap(m_data / "ct.seg.nrrd").error()}) {
    EXPECT_EQ(error.code, ErrorCode::Unsupported) << error.text();
    EXPECT_NE(error.text().find("ct.seg.nrrd"), std::string::npos);
  }
  const auto layers = io::readLabelLayers(m_data / "ct.seg.nrrd");
  ASSERT_TRUE(layers) << layers.error().text();
  ASSERT_EQ(layers->size(), 2u);
  const auto unnamed = io::segmentsFromLabels(layers->at(1), {}, 1);
  ASSERT_TRUE(unnamed);
  EXPECT_EQ(unnamed->segments.at(0).name, "1 in layer 1");
  // Only what names its segments has layers: any other image of several values a voxel has channels.
  auto bytes = *readFile(m_data / "ct.seg.nrrd");
  for (std::size_t at; (at = bytes.find("\nSegment0_")) != bytes.npos ||
                       (at = bytes.find("\nSegment1_")) != bytes.npos ||
                       (at = bytes.find("\nSegment2_")) != bytes.npos;)
    bytes.erase(at, bytes.find('\n', at + 1) - at);
  ASSERT_TRUE(writeFileAtomically(m_data / "other.nrrd", bytes));
  EXPECT_EQ(io::readLabelLayers(m_data / "other.nrrd").error().code, ErrorCode::Unsupported);
  bytes = *readFile(m_data / "ct.seg.nrrd");
  ASSERT_TRUE(writeFileAtomically(m_data / "cut.seg.nrrd", bytes.substr(0, bytes.size() - 20)));
  EXPECT_FALSE(io::readLabelLayers(m_data / "cut.seg.nrrd"));
}

INSTANTIATE_TEST_SUITE_P(Axis, Layers, testing::Values("first", "last"));

// A map of instances may have as many values as there are: a mask of each would take gigabytes.
TEST(LabelsOf, NamesEveryValueWithoutMasks) {
  LayerValues values(1);
  for (int v = 1; v < 65536; ++v) values[0].push_back(static_cast<std::uint16_t>(v));
  const auto labels = labelsOf(values, {});
  ASSERT_TRUE(labels);
  ASSERT_EQ(labels->size(), 65535u);
  EXPECT_EQ(labels->back().name, "65535");
  EXPECT_EQ(labels->back().number, 65535);
}

}  // namespace
