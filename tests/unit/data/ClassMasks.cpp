#include "core/data/ClassMasks.h"

#include <gmock/gmock.h>

namespace lorkd::data {
namespace {

plan::Task task(const std::vector<std::pair<std::string, std::vector<std::string>>>& classes) {
  plan::Task out;
  for (const auto& [name, labels] : classes) {
    plan::Class options;
    options.labels = labels;
    out.classes.emplace_back(name, options);
  }
  return out;
}

image::SegmentSet set(const std::vector<std::pair<std::string, std::vector<std::uint8_t>>>& segments) {
  image::SegmentSet out;
  out.geometry.size = {4, 1, 1};
  for (const auto& [name, mask] : segments) out.segments.push_back({{name}, mask});
  return out;
}

TEST(ClassMasks, EveryStructureWithALabelOfTheClassInAnyLetterCase) {
  const auto found = classMasks(set({{"Liver", {1, 0, 0, 0}}, {" liver ", {0, 0, 1, 0}}, {"spleen", {0, 1, 0, 0}}}),
                                task({{"liver", {}}, {"both", {"LIVER", "Spleen"}}, {"kidneys", {"kidney"}}}));
  ASSERT_EQ(found.size(), 3u);
  ASSERT_TRUE(found[0] && found[1]);
  EXPECT_THAT(found[0]->voxels, testing::ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(found[1]->voxels, testing::ElementsAre(1, 1, 1, 0));
  EXPECT_FALSE(found[2]) << "not there, which is not the same as empty";
}

TEST(ClassMasks, OnlyNumberedClassesFollowThePlansOrder) {
  const auto two = task({{"benign", {}}, {"malign", {}}});
  EXPECT_TRUE(followsOrder({"0", "1"}, two));
  EXPECT_FALSE(followsOrder({"0", "1", "2"}, two));
  EXPECT_FALSE(followsOrder({"benign", "malignant"}, two));
  EXPECT_FALSE(followsOrder({"1", "2"}, two));
}

}  // namespace
}  // namespace lorkd::data
