#include "core/image/Geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/image/Volume.h"

using namespace lorkd::image;

namespace {

Geometry oblique() {
  const double c = std::cos(0.4), s = std::sin(0.4);
  return {{4, 5, 6}, {0.5, 2, 3}, {10, -20, 30}, {{{c, -s, 0}, {s, c, 0}, {0, 0, 1}}}};
}

TEST(Geometry, IndexAndLpsAreInverse) {
  auto g = oblique();
  for (const double shear : {0.0, 0.25}) {
    g.direction[1][2] = shear;  // a tilted gantry: axes not at right angles
    const Vec3 index{1.25, -3, 2.5};
    const auto back = g.lpsToIndex(g.indexToLps(index));
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(back[a], index[a], 1e-12);
  }
}

TEST(Geometry, LpsFollowsDirectionAndSpacing) {
  const auto lps = oblique().indexToLps({2, 0, 1});
  EXPECT_NEAR(lps[0], 10 + std::cos(0.4), 1e-12);
  EXPECT_NEAR(lps[1], -20 + std::sin(0.4), 1e-12);
  EXPECT_NEAR(lps[2], 33, 1e-12);
}

TEST(Geometry, SameGridLooksAtEveryCorner) {
  const auto g = oblique();
  auto other = g;
  EXPECT_TRUE(g.sameGrid(other));
  other.spacing[2] += 0.001;
  EXPECT_TRUE(g.sameGrid(other));
  other.spacing[2] += 0.01;
  EXPECT_FALSE(g.sameGrid(other));
  EXPECT_TRUE(g.sameGrid(other, 1));
  other = g;
  other.size[0] = 5;
  EXPECT_FALSE(g.sameGrid(other, 1e9));
  other = g;
  other.origin[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(g.sameGrid(other));
}

TEST(Geometry, HandednessIsTheDeterminant) {
  auto g = oblique();
  EXPECT_NEAR(g.handedness(), 1, 1e-12);
  for (auto& row : g.direction) row[1] = -row[1];
  EXPECT_NEAR(g.handedness(), -1, 1e-12);
}

TEST(SegmentSet, FindsByName) {
  SegmentSet set;
  set.segments = {{{"a"}, {}}, {{"b"}, {1}}};
  ASSERT_NE(set.find("b"), nullptr);
  EXPECT_EQ(set.find("b")->mask.size(), 1u);
  EXPECT_EQ(set.find("c"), nullptr);
}

}  // namespace
