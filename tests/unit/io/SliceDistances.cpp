// Series whose slices stand at planted positions, and what the scan says of them.
#include <gmock/gmock.h>

#include <numeric>

#include "core/io/Series.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io::test {

using testing::HasSubstr;
using testing::Not;

/// Slices at whole multiples of half a millimetre: a fine grid is written, of which those alone are kept.
class PlantedSlices : public ::testing::Test {
 protected:
  Folder folder;
  Series series;

  /// `distances` in half millimetres.
  void plant(const std::vector<int>& distances) {
    image::Geometry g;
    g.spacing = {1, 1, 0.5};
    g.size = {4, 4, std::accumulate(distances.begin(), distances.end(), 1)};
    DicomHeader header;
    header.patientId = "P1";
    header.uidSeed = "planted";
    const auto written = writeCtSeries(folder / "ct", ramp(g), header);
    ASSERT_TRUE(written) << written.error().text();
    std::vector<bool> kept(written->files.size());
    std::size_t at = 0;
    kept[at] = true;
    for (const int distance : distances) kept[at += static_cast<std::size_t>(distance)] = true;
    for (std::size_t n = 0; n < kept.size(); ++n)
      if (!kept[n]) std::filesystem::remove(written->files[n]);
    SilentProgress silent;
    const auto found = scanFolder(folder.path(), silent, CancelToken());
    ASSERT_TRUE(found) << found.error().text();
    ASSERT_EQ(found->series.size(), 1u);
    series = found->series.front();
  }
  std::string said(const std::string& code) const {
    for (const auto& f : series.findings)
      if (f.code == code) return f.message;
    return "";
  }
  static std::vector<int> times(std::initializer_list<std::pair<int, int>> rows) {
    std::vector<int> out;
    for (const auto& [count, distance] : rows) out.insert(out.end(), static_cast<std::size_t>(count), distance);
    return out;
  }
};

TEST_F(PlantedSlices, AChangeOfProtocolIsNoMissingSlice) {
  plant(times({{13, 8}, {14, 14}}));
  EXPECT_EQ(said("missing-slice"), "");
  EXPECT_THAT(said("uneven-spacing"), HasSubstr("14 slices 4 mm apart, then 14 slices 7 mm apart"));
  EXPECT_TRUE(series.usable());
  EXPECT_FALSE(series.origins.empty()) << "it is interpolated, with consent";
}

TEST_F(PlantedSlices, NotEvenWhereOneDistanceIsTwiceTheOther) {
  plant(times({{20, 5}, {10, 10}}));
  EXPECT_EQ(said("missing-slice"), "");
  EXPECT_THAT(said("uneven-spacing"), HasSubstr("21 slices 2.5 mm apart, then 10 slices 5 mm apart"));
}

TEST_F(PlantedSlices, TheDistanceOverTheBorderMayBeAnything) {
  plant(times({{9, 6}, {1, 8}, {9, 10}, {9, 6}}));
  EXPECT_EQ(said("missing-slice"), "");
  EXPECT_THAT(said("uneven-spacing"), HasSubstr("10 slices 3 mm apart, then 10 slices 5 mm apart (from "));
  EXPECT_THAT(said("uneven-spacing"), HasSubstr(", then 9 slices 3 mm apart"));
}

TEST_F(PlantedSlices, MissingSlicesAreCountedAndPlaced) {
  plant(times({{6, 8}, {1, 16}, {6, 8}, {1, 24}, {4, 8}}));
  EXPECT_THAT(said("missing-slice"), HasSubstr("3 slices are missing, between "));
  EXPECT_THAT(said("missing-slice"), HasSubstr(" at 24 mm (8 mm), between "));
  EXPECT_THAT(said("missing-slice"), HasSubstr(" (12 mm); the usual distance is 4 mm"));
  EXPECT_EQ(said("uneven-spacing"), "");
}

TEST_F(PlantedSlices, AMissingSliceOfOneOfTwoProtocols) {
  plant(times({{9, 8}, {1, 16}, {5, 8}, {9, 14}}));
  EXPECT_THAT(said("missing-slice"), HasSubstr("1 slice is missing, between "));
  EXPECT_THAT(said("uneven-spacing"), HasSubstr("16 slices 4 mm apart, then 9 slices 7 mm apart"));
}

TEST_F(PlantedSlices, AGapThatIsNoMultipleIsSaidToBeNone) {
  plant(times({{6, 8}, {1, 20}, {6, 8}}));
  EXPECT_THAT(said("missing-slice"), HasSubstr("there is a gap between "));
  EXPECT_THAT(said("missing-slice"), HasSubstr("(10 mm), where slices lie 4 mm apart otherwise; it is no multiple"));
}

TEST_F(PlantedSlices, NoOrderIsSaidToBeNone) {
  plant({6, 10, 8, 7, 12, 9, 6, 11, 8, 10, 7});
  EXPECT_EQ(said("missing-slice"), "");
  EXPECT_THAT(said("uneven-spacing"), HasSubstr("slices lie irregularly, 3 mm to 6 mm apart"));
}

TEST_F(PlantedSlices, AnEvenSeriesHasNothingToSay) {
  plant(times({{12, 8}}));
  EXPECT_TRUE(series.findings.empty()) << series.findings.front().message;
}

}  // namespace lorkd::io::test
