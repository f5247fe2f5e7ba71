#include "core/io/Nifti.h"

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "core/base/File.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

TEST(Nifti, VolumeSurvivesARoundTrip) {
  Folder folder;
  for (const char* name : {"a.nii", "a.nii.gz"}) {
    const auto volume = ramp(smallGrid(0.4, 0.7));
    ASSERT_OK(writeNifti(folder / name, volume));
    const auto read = readNifti(folder / name);
    ASSERT_OK(read);
    EXPECT_EQ(read->voxels, volume.voxels);
    EXPECT_TRUE(read->geometry.sameGrid(volume.geometry, 1e-4));
    EXPECT_LT(rampError(*read), 1e-3);
    const auto geometry = readNiftiGeometry(folder / name);
    ASSERT_OK(geometry);
    EXPECT_TRUE(geometry->sameGrid(read->geometry, 1e-9));
  }
}

TEST(Nifti, LeftHandedGridsKeepTheirSide) {
  Folder folder;
  auto g = smallGrid(0.2, 0.1);
  for (auto& row : g.direction) row[0] = -row[0];
  ASSERT_LT(g.handedness(), 0);
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(g)));
  const auto read = readNifti(folder / "a.nii");
  ASSERT_OK(read);
  EXPECT_LT(rampError(*read), 1e-3);
}

TEST(Nifti, NibabelSeesTheAnalyticAffine) {
  Folder folder;
  const auto g = smallGrid(0.4, 0.7);
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(g)));
  const auto seen = judge("nifti " + (folder / "a.nii.gz").string() + " " + kRampText);
  if (seen.code == 77) GTEST_SKIP() << seen.output;
  ASSERT_EQ(seen.code, 0) << seen.output;
  std::istringstream numbers(seen.output);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 4; ++c) {
      const double lpsToRas = r < 2 ? -1 : 1;
      const double expected = lpsToRas * (c < 3 ? g.direction[r][c] * g.spacing[c] : g.origin[r]);
      double value = 0;
      ASSERT_TRUE(numbers >> value);
      EXPECT_NEAR(value, expected, 1e-4) << r << ' ' << c;
    }
}

TEST(Nifti, LabelsAreWholeNumbers) {
  Folder folder;
  image::LabelMap labels(smallGrid());
  labels.voxels[5] = 65535;
  labels.voxels[6] = 7;
  ASSERT_OK(writeNifti(folder / "l.nii.gz", labels));
  const auto read = readNiftiLabels(folder / "l.nii.gz");
  ASSERT_OK(read);
  EXPECT_EQ(read->voxels, labels.voxels);
  ASSERT_OK(writeNifti(folder / "v.nii", ramp(smallGrid())));
  EXPECT_EQ(readNiftiLabels(folder / "v.nii").error().code, ErrorCode::Format);
}

TEST(Nifti, DamageIsAnErrorThatNamesTheFile) {
  Folder folder;
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(smallGrid())));
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(smallGrid())));
  for (const char* name : {"a.nii", "a.nii.gz"}) {
    const auto bytes = *readFile(folder / name);
    for (const std::size_t keep : {std::size_t(0), std::size_t(100), bytes.size() / 2, bytes.size() - 9}) {
      const auto cut = folder / (std::string("cut-") + name);
      put(cut, bytes.substr(0, keep));
      const auto read = readNifti(cut);
      ASSERT_FALSE(read) << name << " cut to " << keep;
      EXPECT_EQ(read.error().code, ErrorCode::Format);
      EXPECT_NE(read.error().text().find("cut-"), std::string::npos);
    }
  }
  // A header that claims a huge image.
  auto bytes = *readFile(folder / "a.nii");
  const std::int16_t extent = 32000;
  for (int a = 0; a < 3; ++a) std::memcpy(bytes.data() + 42 + 2 * a, &extent, 2);
  put(folder / "huge.nii", bytes);
  EXPECT_EQ(readNifti(folder / "huge.nii").error().code, ErrorCode::Format);
  EXPECT_EQ(readNifti(folder / "none.nii").error().code, ErrorCode::NotFound);
  EXPECT_EQ(writeNifti(folder / "empty.nii", image::Volume()).error().code, ErrorCode::InvalidArgument);
}

TEST(Nifti, SegmentsAreNamedByTheCsv) {
  Folder folder;
  image::LabelMap labels(smallGrid());
  labels.voxels[3] = 2;
  labels.voxels[4] = 9;
  put(folder / "n.csv", "\"Label\";Name;voxels\r\n2;\"spleen\";1\r\n5;liver;0\r\n\r\n");
  const auto set = segmentsFromLabels(labels, folder / "n.csv");
  ASSERT_OK(set);
  ASSERT_EQ(set->segments.size(), 2u);
  ASSERT_NE(set->find("spleen"), nullptr);
  ASSERT_NE(set->find("9"), nullptr);
  EXPECT_EQ(set->find("spleen")->mask[3], 1);
  EXPECT_EQ(set->find("spleen")->mask[4], 0);
  EXPECT_EQ(set->find("liver"), nullptr);
  put(folder / "bad.csv", "value,name\n2,a\nx,b\n");
  const auto bad = segmentsFromLabels(labels, folder / "bad.csv");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("line 3"), std::string::npos);
  put(folder / "none.csv", "a,b\n");
  EXPECT_EQ(segmentsFromLabels(labels, folder / "none.csv").error().code, ErrorCode::Format);
}

}  // namespace
