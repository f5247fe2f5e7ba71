// Images in four dimensions whose labels have four as well: frames of a heart that beats.
#include <cstring>

#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;

class SequenceLayouts : public LayoutTree {
 protected:
  /// Volumes one behind the other in one file, by nifti1.h: dim[0] is 4, dim[4] their number.
  template <class Voxels>
  void sequence(const std::string& path, const std::vector<Voxels>& volumes) {
    std::string all;
    for (const auto& volume : volumes) {
      write("one.nii", volume);
      const auto bytes = readFile(m_data / "one.nii", 1 << 20);
      ASSERT_TRUE(bytes);
      all += all.empty() ? *bytes : bytes->substr(352);
    }
    fs::remove(m_data / "one.nii");
    const std::array<std::int16_t, 1> axes{4}, many{static_cast<std::int16_t>(volumes.size())};
    std::memcpy(all.data() + 40, axes.data(), 2);
    std::memcpy(all.data() + 48, many.data(), 2);
    text(path, all);
  }
  /// The n-th volume holds n everywhere.
  void images(const std::string& path, int many) {
    std::vector<image::Volume> volumes(static_cast<std::size_t>(many), image::Volume(grid()));
    for (std::size_t n = 0; n < volumes.size(); ++n)
      std::ranges::fill(volumes[n].voxels, static_cast<float>(n) + m_first);
    m_first += 10;
    sequence(path, volumes);
  }
  void marks(const std::string& path, const std::vector<std::vector<int>>& values) {
    std::vector<image::LabelMap> volumes(values.size(), image::LabelMap(grid()));
    for (std::size_t n = 0; n < values.size(); ++n)
      for (std::size_t m = 0; m < values[n].size(); ++m)
        volumes[n].voxels[m] = static_cast<std::uint16_t>(values[n][m]);
    sequence(path, volumes);
  }

 private:
  float m_first = 0;
};

TEST_F(SequenceLayouts, EachMarkedFrameIsAnImageOfItsPatient) {
  images("A0S9V9/A0S9V9_sa.nii", 4);
  marks("A0S9V9/A0S9V9_sa_gt.nii", {{1, 2, 3}, {}, {1, 1, 2}, {}});
  images("A1D0Q7/A1D0Q7_sa.nii", 3);
  marks("A1D0Q7/A1D0Q7_sa_gt.nii", {{}, {1, 3}, {}});
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  EXPECT_EQ(patients(), 2u);
  std::map<float, const Case*> byVoxel;
  for (const auto& c : m_cases) {
    EXPECT_TRUE(c.consent.empty());
    EXPECT_TRUE(c.id.ends_with("-frame" + std::to_string(c.frame))) << c.id;
    const auto volume = readImage(c);
    ASSERT_TRUE(volume) << volume.error().text();
    EXPECT_EQ(volume->geometry.size, c.geometry.size);
    byVoxel[volume->voxels.back()] = &c;
  }
  ASSERT_EQ(byVoxel.size(), 3u);
  EXPECT_THAT(voxelsOf(*byVoxel.at(0)), ElementsAre(Pair("1", 1), Pair("2", 1), Pair("3", 1)));
  EXPECT_THAT(voxelsOf(*byVoxel.at(2)), ElementsAre(Pair("1", 2), Pair("2", 1)));
  EXPECT_THAT(voxelsOf(*byVoxel.at(11)), ElementsAre(Pair("1", 1), Pair("3", 1)));
  EXPECT_THAT(refused(), Contains("unmarked-frames"));
  EXPECT_THAT(refused(), Not(Contains("several-volumes")));
}

TEST_F(SequenceLayouts, OneStructureAVolumeIsAskedAbout) {
  images("images/1.nii", 3);
  marks("labels/1.nii", {{1}, {1, 1}, {1}});
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  for (const auto& c : m_cases) EXPECT_THAT(c.consent, ElementsAre("label-frames"));
}

TEST_F(SequenceLayouts, WhatDoesNotFitIsTold) {
  images("images/1.nii", 3);
  labels("labels/1.nii", {1, 2});  // of which frame?
  images("images/2.nii", 3);
  marks("labels/2.nii", {{1, 2}, {1, 2}});  // a frame too few
  images("images/3.nii", 2);
  marks("labels/3.nii", {{}, {}});
  image("images/4.nii.gz");
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_TRUE(m_cases[0].labels.empty());
  EXPECT_THAT(refused(), Contains("which-volume"));
  EXPECT_THAT(refused(), Contains("several-volumes").Times(3));
  EXPECT_THAT(refused(), Contains("unmarked-frames"));
}

}  // namespace
}  // namespace lorkd::data
