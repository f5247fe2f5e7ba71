#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/ClassSets.h"
#include "core/base/Random.h"
#include "core/base/Truth.h"

namespace lorkd {
namespace {

/// The masks that a packed volume stands for, one after the other.
std::vector<std::uint8_t> unpacked(const PackedSets& packed, const Extent3& size, std::size_t classes) {
  const auto blocks = NumberBlocks::of(packed.words, size, static_cast<std::uint32_t>(packed.sets));
  EXPECT_TRUE(blocks);
  const auto voxels = static_cast<std::size_t>(size[0] * size[1] * size[2]);
  std::vector<std::uint32_t> numbers(voxels);
  blocks->read({0, 0, 0}, size, numbers.data());
  std::vector<std::uint8_t> out(classes * voxels);
  for (std::size_t c = 0; c < classes; ++c)
    for (std::size_t n = 0; n < voxels; ++n) out[c * voxels + n] = packed.table[numbers[n] * classes + c];
  return out;
}

/// Boxes and speckles that overlap, some voxels and some whole classes not known.
std::vector<std::vector<std::uint8_t>> randomMasks(const Extent3& size, std::size_t classes, Random& random) {
  const auto voxels = static_cast<std::size_t>(size[0] * size[1] * size[2]);
  std::vector<std::vector<std::uint8_t>> out(classes, std::vector<std::uint8_t>(voxels));
  for (auto& mask : out) {
    if (random.below(5) == 0) {
      std::ranges::fill(mask, notKnown);
      continue;
    }
    Extent3 low{}, high{};
    for (std::size_t a = 0; a < 3; ++a)
      low[a] = random.below(size[a]), high[a] = low[a] + random.below(size[a] - low[a]) + 1;
    for (auto z = low[0]; z < high[0]; ++z)
      for (auto y = low[1]; y < high[1]; ++y)
        for (auto x = low[2]; x < high[2]; ++x) mask[static_cast<std::size_t>((z * size[1] + y) * size[2] + x)] = 1;
    const auto speckles = random.below(3) == 0 ? static_cast<std::int64_t>(voxels) / 2 : 3;
    for (std::int64_t n = 0; n < speckles; ++n) {
      const std::uint8_t values[] = {0, 1, notKnown};
      mask[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(voxels)))] = values[random.below(3)];
    }
  }
  return out;
}

TEST(ClassSets, GiveBackEveryMaskToTheBit) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed, {7});
    const Extent3 size{1 + random.below(20), 1 + random.below(20), 1 + random.below(30)};
    const auto masks = randomMasks(size, static_cast<std::size_t>(1 + random.below(12)), random);
    ClassSets sets(masks.front().size());
    std::vector<std::uint8_t> truth;
    for (const auto& mask : masks) {
      ASSERT_TRUE(sets.add(mask));
      truth.insert(truth.end(), mask.begin(), mask.end());
    }
    ASSERT_EQ(unpacked(sets.pack(0, size), size, masks.size()), truth) << seed;
    // A slab of it holds the sets of that slab alone.
    if (size[0] < 3) continue;
    const auto slice = static_cast<std::size_t>(size[1] * size[2]);
    const Extent3 slab{size[0] - 2, size[1], size[2]};
    std::vector<std::uint8_t> part;
    for (const auto& mask : masks) part.insert(part.end(), mask.begin() + slice, mask.end() - slice);
    ASSERT_EQ(unpacked(sets.pack(slice, slab), slab, masks.size()), part) << seed;
  }
}

TEST(ClassSets, CountWhatOverlaps) {
  ClassSets sets(4);
  ASSERT_TRUE(sets.add(std::vector<std::uint8_t>{1, 1, 0, notKnown}));
  ASSERT_TRUE(sets.add(std::vector<std::uint8_t>{1, notKnown, 0, notKnown}));
  EXPECT_EQ(sets.marked(), (std::pair<std::size_t, std::size_t>(2, 1)));
  EXPECT_EQ(sets.add(std::vector<std::uint8_t>(5)).error().code, ErrorCode::InvalidArgument);
}

TEST(NumberBlocks, AnyPartIsReadAlone) {
  Random random(3, {1});
  const Extent3 size{19, 21, 26};
  std::vector<std::uint32_t> numbers(19 * 21 * 26);
  for (std::size_t n = 0; n < numbers.size(); ++n)  // blocks of one number, of few and of hundreds
    numbers[n] = n < 4000 ? 5 : static_cast<std::uint32_t>(random.below(n < 8000 ? 3 : 1000));
  const auto words = NumberBlocks::pack(numbers, size);
  const auto blocks = NumberBlocks::of(words, size, 1000);
  ASSERT_TRUE(blocks);
  for (int n = 0; n < 200; ++n) {
    Extent3 low{}, part{};
    for (std::size_t a = 0; a < 3; ++a) low[a] = random.below(size[a]), part[a] = random.below(size[a] - low[a]) + 1;
    std::vector<std::uint32_t> out(static_cast<std::size_t>(part[0] * part[1] * part[2]));
    blocks->read(low, part, out.data());
    std::size_t at = 0;
    for (auto z = low[0]; z < low[0] + part[0]; ++z)
      for (auto y = low[1]; y < low[1] + part[1]; ++y)
        for (auto x = low[2]; x < low[2] + part[2]; ++x)
          ASSERT_EQ(out[at++], numbers[static_cast<std::size_t>((z * size[1] + y) * size[2] + x)]);
  }
}

TEST(NumberBlocks, WhatPointsNowhereIsRefused) {
  const Extent3 size{8, 8, 16};
  std::vector<std::uint32_t> numbers(8 * 8 * 16, 2);
  numbers[3] = 1, numbers[5] = 0;
  const auto good = NumberBlocks::pack(numbers, size);
  ASSERT_TRUE(NumberBlocks::of(good, size, 3));
  EXPECT_FALSE(NumberBlocks::of(good, size, 2)) << "a number beyond the limit";
  EXPECT_EQ(NumberBlocks::of(good, {7, 8, 16}, 3).error().code, ErrorCode::Mismatch) << "as many blocks";
  EXPECT_FALSE(NumberBlocks::of(good, {0, 8, 16}, 3));
  EXPECT_FALSE(NumberBlocks::of(std::span(good).first(good.size() - 1), size, 3)) << "cut off";
  const auto with = [&](std::size_t place, std::uint32_t value) {
    auto words = good;
    words[place] = value;
    return bool(NumberBlocks::of(words, size, 3));
  };
  EXPECT_FALSE(with(3, 0xffffffff)) << "data far beyond the end";
  EXPECT_FALSE(with(4, 0));
  EXPECT_FALSE(with(4, 513));
  EXPECT_FALSE(with(good.size() - 1, 0xffffffff)) << "a place beyond the table";
}

}  // namespace
}  // namespace lorkd
