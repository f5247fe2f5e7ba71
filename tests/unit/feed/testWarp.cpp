// Geometry of turned and scaled patches against phantoms whose place is known.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <numbers>

#include "core/base/Truth.h"
#include "core/feed/Targets.h"
#include "core/feed/Warp.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::feed {
namespace {

constexpr Size3 size{24, 60, 64};

/// A smooth ball (value 1 inside, falling over a voxel) at (z, y, x) in voxels, of a radius in mm.
torch::Tensor ball(double z, double y, double x, double radius, double sy = 1, double sx = 1) {
  const auto axis = [](std::int64_t n) { return torch::arange(n, torch::kFloat64); };
  const auto distance =
      ((axis(size[0]) - z).square().view({-1, 1, 1}) + ((axis(size[1]) - y) * sy).square().view({1, -1, 1}) +
       ((axis(size[2]) - x) * sx).square().view({1, 1, -1}))
          .sqrt();
  return (radius + 0.5 - distance).clamp(0, 1).to(torch::kFloat32).contiguous();
}

torch::Tensor warped(const torch::Tensor& volume, const Size3& start, const Size3& patch, const Augmentation& a,
                     float fill = 0) {
  auto out = torch::full({patch[0], patch[1], patch[2]}, NAN);
  warpPatch(volume.data_ptr<float>(), size, start, patch, fill, a, out.data_ptr<float>());
  return out;
}

/// Middle of mass in voxels (z, y, x) and the mass.
std::array<double, 4> middle(const torch::Tensor& image) {
  const auto v = image.to(torch::kFloat64);
  const double mass = v.sum().item<double>();
  std::array<double, 4> out{0, 0, 0, mass};
  for (std::int64_t a = 0; a < 3; ++a) {
    std::vector<std::int64_t> shape(3, 1);
    shape[static_cast<std::size_t>(a)] = -1;
    out[static_cast<std::size_t>(a)] =
        (v * torch::arange(v.size(a), torch::kFloat64).view(shape)).sum().item<double>() / mass;
  }
  return out;
}

Augmentation turned(double degrees, double zoom = 1) {
  Augmentation a;
  a.angle = degrees * std::numbers::pi / 180;
  a.zoom = zoom;
  return a;
}

TEST(Warp, TurnsABallAboutThePatchMiddle) {
  // Patch of 31 × 31 in the plane, its middle at row 30, column 32; the ball 9 columns to the right of it.
  const Size3 start{2, 15, 17}, patch{20, 31, 31};
  const auto volume = ball(12, 30, 41, 4);
  for (const double degrees : {0.001, 30.0, 90.0, -45.0, 180.0}) {
    const auto found = middle(warped(volume, start, patch, turned(degrees)));
    const double angle = degrees * std::numbers::pi / 180;
    EXPECT_NEAR(found[2], 15 + 9 * std::cos(angle), 0.02) << degrees;
    EXPECT_NEAR(found[1], 15 + 9 * std::sin(angle), 0.02) << degrees;
    EXPECT_NEAR(found[0], 10, 0.02) << degrees;
    EXPECT_NEAR(found[3] / volume.sum().item<double>(), 1, 0.01) << degrees;
  }
}

TEST(Warp, ZoomsInSpace) {
  const Size3 start{0, 15, 17}, patch{24, 31, 31};
  const auto volume = ball(14, 26, 38, 4);  // from the middle: z +2.5, y −4, x +6
  for (const double zoom : {0.7, 1.4}) {
    const auto found = middle(warped(volume, start, patch, turned(0, zoom)));
    EXPECT_NEAR(found[0], 11.5 + 2.5 * zoom, 0.06);
    EXPECT_NEAR(found[1], 15 - 4 * zoom, 0.06);
    EXPECT_NEAR(found[2], 15 + 6 * zoom, 0.06);
    EXPECT_NEAR(found[3] / volume.sum().item<double>(), zoom * zoom * zoom, 0.03 * zoom * zoom * zoom);
  }
}

TEST(Warp, HonoursAnisotropicSpacing) {
  // Columns of 1 mm, rows of 2 mm: a ball 12 mm to the right comes to lie 12 mm = 6 rows below.
  const Size3 start{2, 20, 12}, patch{20, 21, 41};
  auto augmentation = turned(90);
  augmentation.spacingX = 1;
  augmentation.spacingY = 2;
  const auto volume = ball(12, 30, 44, 5, 2, 1);
  const auto out = warped(volume, start, patch, augmentation);
  const auto found = middle(out);
  EXPECT_NEAR(found[1], 10 + 6, 0.05);
  EXPECT_NEAR(found[2], 20, 0.05);
  // It is still a ball: as many voxels wide in x as 5 mm of radius say, half as many in y.
  const auto hard = out > 0.45;
  EXPECT_NEAR(hard.any(0).any(0).sum().item<double>(), 11, 1);
  EXPECT_NEAR(hard.any(0).any(1).sum().item<double>(), 5, 1);
}

TEST(Warp, FillsCornersFromAroundThePatch) {
  const auto ones = torch::ones({size[0], size[1], size[2]});
  // 31/√2·√2 < 60: a patch in the middle of the volume has no empty corner at any angle.
  for (const double degrees : {10.0, 45.0, 137.0})
    EXPECT_EQ(warped(ones, {2, 15, 17}, {20, 31, 31}, turned(degrees), -5).min().item<float>(), 1);
  // At the volume's edge there is nothing to take.
  const auto edge = warped(ones, {2, 0, 0}, {20, 31, 31}, turned(45), -5);
  EXPECT_EQ(edge[0][0][0].item<float>(), -5);
  EXPECT_EQ(edge[0][15][15].item<float>(), 1);
  EXPECT_TRUE(edge.eq(-5).logical_or(edge.eq(1)).all().item<bool>());
}

/// Three classes that overlap, voxels of which nothing is known beside them, and a class of which nothing is.
torch::Tensor overlappingMasks() {
  const auto noise = [] { return torch::avg_pool3d(torch::rand({1, size[0], size[1], size[2]}), 3, 1, 1)[0] > 0.52; };
  std::vector<torch::Tensor> masks;
  for (int c = 0; c < 3; ++c) {
    const auto inside = noise(), unknown = noise() & ~inside;
    masks.push_back(torch::where(unknown, torch::full({}, notKnown, torch::kUInt8), inside.to(torch::kUInt8)));
  }
  masks.push_back(torch::full_like(masks[0], notKnown));
  return torch::stack(masks);
}

TEST(Targets, MoveAsTheirImages) {
  torch::manual_seed(1);
  const auto masks = overlappingMasks();
  const auto labels = test::labelsOf(masks);
  for (const auto& [start, patch] : {std::pair<Size3, Size3>{{-1, 5, 30}, {26, 40, 38}},  // beyond the volume, too
                                     {{3, 10, 8}, {12, 24, 40}},
                                     {{30, 0, 0}, {4, 8, 8}}})
    for (auto augmentation : {turned(33, 1.2), turned(-140, 0.7), turned(0, 1.3)}) {
      augmentation.mirror = true;
      auto found = torch::full({4, patch[0], patch[1], patch[2]}, 7, torch::kUInt8);
      cutTargets(labels, start, patch, augmentation, found.data_ptr<std::uint8_t>());
      for (std::int64_t c = 0; c < 4; ++c) {
        const auto share = [&](std::int64_t value) {
          return warped(masks[c].eq(value).to(torch::kFloat32).contiguous(), start, patch, augmentation) >= 0.5;
        };
        const auto inside = share(1);
        EXPECT_TRUE(found[c].eq(1).equal(inside));
        EXPECT_TRUE(found[c].eq(notKnown).equal(share(notKnown) & ~inside));
        EXPECT_TRUE(found[c].eq(0).equal(~inside & ~share(notKnown)));
      }
      if (start[0] < 24) {
        EXPECT_GT(found.eq(1).to(torch::kFloat32).mean().item<double>(), 0.03);
      }
    }
}

TEST(Targets, AreCutToTheVoxel) {
  torch::manual_seed(5);
  const auto masks = overlappingMasks();
  const auto labels = test::labelsOf(masks);
  EXPECT_TRUE(labels.masks().equal(masks));
  EXPECT_TRUE(labels.masks(5, 9).equal(masks.slice(1, 5, 9)));
  const auto padded = torch::constant_pad_nd(masks, {9, 9, 9, 9, 9, 9});
  for (const bool mirror : {false, true})
    for (const Size3 start : {Size3{-3, 20, -9}, Size3{4, 8, 16}, Size3{15, 53, 60}}) {
      const Size3 patch{12, 16, 13};
      auto found = torch::full({4, patch[0], patch[1], patch[2]}, 7, torch::kUInt8);
      cutTargets(labels, start, patch, {.mirror = mirror}, found.data_ptr<std::uint8_t>());
      auto truth = padded;
      for (std::size_t a = 0; a < 3; ++a)
        truth = truth.narrow(static_cast<std::int64_t>(a) + 1, start[a] + 9, patch[a]);
      EXPECT_TRUE(found.equal(mirror ? truth.flip({3}) : truth));
    }
}

TEST(Warp, AQuarterTurnAndAMirrorAreExact) {
  torch::manual_seed(2);
  const auto volume = torch::rand({size[0], size[1], size[2]});
  const auto cut = volume.slice(0, 2, 22).slice(1, 10, 41).slice(2, 20, 51);
  const auto out = warped(volume, {2, 10, 20}, {20, 31, 31}, turned(90));
  // From columns towards rows: out(y, x) = cut(30 − x, y).
  EXPECT_LT((out - cut.flip({1}).transpose(1, 2)).abs().max().item<float>(), 1e-5);
  auto mirrored = turned(180);
  mirrored.mirror = true;
  EXPECT_LT((warped(volume, {2, 10, 20}, {20, 31, 31}, mirrored) - cut.flip({1})).abs().max().item<float>(), 1e-5);
}

}  // namespace
}  // namespace lorkd::feed
