#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/feed/Foreground.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::feed {
namespace {

Foreground foregroundOf(std::vector<std::uint8_t> masks, std::int64_t classes, std::uint64_t seed) {
  const auto voxels = static_cast<std::int64_t>(masks.size()) / classes;
  const auto tensor = torch::from_blob(masks.data(), {classes, 1, 1, voxels}, torch::kUInt8);
  return findForeground(test::labelsOf(tensor), seed);
}

TEST(Foreground, KeepsEveryVoxelOfASmallClass) {
  std::vector<std::uint8_t> masks(3 * 37, 0);
  masks[0] = masks[8] = masks[36] = 1;  // first class, the tail beyond whole words included
  masks[2 * 37 + 17] = 1;               // third; the second is absent
  const auto found = foregroundOf(masks, 3, 1);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (std::vector<std::uint32_t>{0, 8, 36}));
  EXPECT_EQ(found[1], (std::vector<std::uint32_t>{17}));
}

TEST(Foreground, DrawsEvenlyFromALargeClass) {
  const std::size_t n = 50001;
  std::vector<std::uint8_t> mask(n, 0);
  for (std::size_t i = 0; i < n; i += 2) mask[i] = 1;
  const auto found = foregroundOf(mask, 1, 5);
  ASSERT_EQ(found.size(), 1u);
  const auto& list = found[0];
  EXPECT_EQ(list.size(), foregroundLimit);
  EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
  EXPECT_EQ(std::adjacent_find(list.begin(), list.end()), list.end());
  for (auto v : list) ASSERT_EQ(mask.at(v), 1);
  const double mean = std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
  EXPECT_NEAR(mean, static_cast<double>(n) / 2, 30);
  EXPECT_EQ(foregroundOf(mask, 1, 5), found);
  EXPECT_NE(foregroundOf(mask, 1, 6), found);
}

}  // namespace
}  // namespace lorkd::feed
