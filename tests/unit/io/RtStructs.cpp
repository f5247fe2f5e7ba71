// Structure sets written by pydicom and by plastimatch.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/File.h"
#include "core/io/Series.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

class Structures : public ::testing::Test {
 protected:
  Folder folder;
  Series ct, rt;

  // Writes and scans the variant; false when pydicom is missing.
  bool make(const std::string& variant, double tilt = 0) {
    const auto made = run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/structures.py '" +
                          folder.path().string() + "' " + std::to_string(tilt) + " " + variant);
    if (made.code == 77) return false;
    EXPECT_EQ(made.code, 0) << made.output;
    take();
    return true;
  }
  void take() {
    SilentProgress silent;
    const auto scan = scanFolder(folder.path(), silent, CancelToken());
    ASSERT_OK(scan);
    for (const auto& series : scan->series) (series.modality == "RTSTRUCT" ? rt : ct) = series;
    ASSERT_FALSE(ct.instances.empty());
    ASSERT_FALSE(rt.instances.empty());
  }
  Result<image::SegmentSet> read() { return readLabels(rt.instances.front().file, ct.geometry, ct.origins); }
  // Distance in mm, in the slice's plane, of a voxel from the middle that the script uses.
  double distance(std::int64_t i, std::int64_t j) const {
    return std::hypot(double(i) * ct.geometry.spacing[0] - 25, double(j) * ct.geometry.spacing[1] - 18);
  }
  template <class Inside>
  void expectShape(const image::Segment& segment, Inside inside) {
    const auto& g = ct.geometry;
    std::int64_t wrong = 0, there = 0;
    for (std::int64_t k = 0; k < g.size[2]; ++k)
      for (std::int64_t j = 0; j < g.size[1]; ++j)
        for (std::int64_t i = 0; i < g.size[0]; ++i) {
          const double r = distance(i, j);
          const bool is = segment.mask[static_cast<std::size_t>(g.offset(i, j, k))] != 0;
          there += is;
          // A polygon of 720 corners lies within 0.001 mm of its circle; one that is met exactly may go either way.
          const bool onEdge = std::abs(r - 12) < 2e-3 || std::abs(r - 6) < 2e-3 || std::abs(r - 8) < 2e-3;
          wrong += !onEdge && is != inside(r, k);
        }
    EXPECT_EQ(wrong, 0) << segment.name;
    EXPECT_GT(there, 0) << segment.name;
  }
  void expectShapes(const image::SegmentSet& set) {
    ASSERT_EQ(set.segments.size(), 3u);
    expectShape(*set.find("ring"), [](double r, auto) { return r < 12 && r > 6; });
    expectShape(*set.find("keyhole"), [](double r, auto) { return r < 12 && r > 6; });
    // On every second slice, so the ones between go with a neighbour.
    expectShape(*set.find("second"), [](double r, auto) { return r < 8; });
    EXPECT_EQ(set.find("points"), nullptr) << "a region that encloses nothing is no label";
  }
};

TEST_F(Structures, FillTheVoxelsWhoseCentresTheyEnclose) {
  for (const double tilt : {0.0, 0.25}) {
    if (!make("plain", tilt)) GTEST_SKIP() << "python3-pydicom is not installed";
    EXPECT_TRUE(rt.usable());
    ASSERT_EQ(rt.findings.size(), 1u);
    EXPECT_EQ(rt.findings[0].code, "empty-region");
    EXPECT_NE(rt.findings[0].message.find("'points'"), std::string::npos);
    EXPECT_EQ(namesOf(rt.labels), (std::vector<std::string>{"ring", "keyhole", "second"}));
    EXPECT_EQ(rt.referencedSeriesUids, std::vector{ct.seriesUid});
    EXPECT_EQ(rt.referencedInstanceUids.size(), 7u);
    EXPECT_EQ(rt.frameOfReferenceUid, ct.frameOfReferenceUid);
    const auto set = read();
    ASSERT_OK(set);
    expectShapes(*set);
    EXPECT_EQ(set->find("second")->color, "#ff2000");
  }
}

TEST_F(Structures, ContoursOfUnknownTypeAreReadAsTheTextTheyAre) {
  if (!make("unknown")) GTEST_SKIP() << "python3-pydicom is not installed";
  const auto set = read();
  ASSERT_OK(set);
  expectShapes(*set);
}

TEST_F(Structures, ASliceMissingInTheSeriesIsFilledWhereContoursAre) {
  if (!make("plain")) GTEST_SKIP() << "python3-pydicom is not installed";
  fs::remove(ct.instances[3].file);
  take();
  ASSERT_FALSE(ct.origins.empty());
  const auto set = read();
  ASSERT_OK(set);
  expectShapes(*set);
}

TEST_F(Structures, WhatCannotBeRightIsRefusedByName) {
  if (!make("turned")) GTEST_SKIP() << "python3-pydicom is not installed";
  auto set = read();
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::Mismatch);
  EXPECT_NE(set.error().text().find("'ring'"), std::string::npos) << set.error().text();
  make("rubbish");
  set = read();
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::Format);
  EXPECT_NE(set.error().text().find("ContourData of 'ring'"), std::string::npos) << set.error().text();
  EXPECT_NE(set.error().text().find("structures.dcm"), std::string::npos);
}

TEST_F(Structures, HostileNumbersAreNoPlaces) {
  if (!make("hostile")) GTEST_SKIP() << "python3-pydicom is not installed";
  const auto set = read();
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::Format);
}

TEST_F(Structures, FarContoursAreNotJoined) {
  if (!make("sparse")) GTEST_SKIP() << "python3-pydicom is not installed";
  const auto set = read();
  ASSERT_OK(set);
  // On the first slice and the last: five slices apart from each other.
  expectShape(*set->find("ring"), [](double r, auto k) { return (k == 0 || k == 6) && r < 12 && r > 6; });
  expectShape(*set->find("second"), [](double r, auto k) { return k < 5 && r < 8; });
}

// An uncompressed MetaImage.
void putMha(const fs::path& file, const image::Geometry& g, const char* type, const std::string& voxels) {
  std::string head = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n";
  const auto triple = [](const auto& v) {
    return std::to_string(v[0]) + " " + std::to_string(v[1]) + " " + std::to_string(v[2]) + "\n";
  };
  head += "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = " + triple(g.origin) +
          "ElementSpacing = " + triple(g.spacing) + "DimSize = " + triple(g.size) + "ElementType = " + type +
          "\nElementDataFile = LOCAL\n";
  put(file, head + voxels);
}

TEST_F(Structures, OfPlastimatchComeBackAsTheMasksTheyWereTracedFrom) {
  Folder work;
  image::Geometry g;
  g.size = {64, 56, 12};
  g.spacing = {1.5, 1.25, 3};
  g.origin = {-40, -30, 100};
  std::string ctVoxels, ball, shell;
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) {
        const double r = std::hypot(1.5 * double(i - 30), 1.25 * double(j - 28), 3 * (double(k) - 5.5));
        const auto hu = static_cast<std::int16_t>(r < 15 ? 60 : -900);
        ctVoxels.append(reinterpret_cast<const char*>(&hu), 2);
        ball += static_cast<char>(r < 15);
        shell += static_cast<char>(r < 24 && std::hypot(1.5 * double(i - 30), 1.25 * double(j - 28)) > 9);
      }
  fs::create_directories(work / "masks");
  putMha(work / "ct.mha", g, "MET_SHORT", ctVoxels);
  putMha(work / "masks/ball.mha", g, "MET_UCHAR", ball);
  putMha(work / "masks/shell.mha", g, "MET_UCHAR", shell);
  const auto made =
      run("plastimatch convert --input '" + (work / "ct.mha").string() + "' --input-prefix '" +
          (work / "masks").string() + "' --output-dicom '" + (folder / "out").string() + "' --modality CT");
  if (made.code == 127) GTEST_SKIP() << "plastimatch is not installed";
  ASSERT_EQ(made.code, 0) << made.output;
  take();
  const auto set = read();
  ASSERT_OK(set);
  for (const auto& [name, truth] : {std::pair("ball", &ball), std::pair("shell", &shell)}) {
    const auto* segment = set->find(name);
    ASSERT_NE(segment, nullptr) << name;
    double both = 0, sum = 0;
    for (std::size_t n = 0; n < truth->size(); ++n) {
      both += segment->mask[n] && (*truth)[n];
      sum += segment->mask[n] + (*truth)[n];
    }
    // Contours pass through the centres of edge voxels, which may fall to either side.
    EXPECT_GT(2 * both / sum, 0.95) << name;
  }
}

}  // namespace
