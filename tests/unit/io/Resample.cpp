#include "core/io/Resample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

TEST(Resample, GridAtSpacingKeepsTheEdges) {
  const auto source = smallGrid(0.4, 0.2);
  const auto grid = gridAtSpacing(source, {2.5, 0.75, 1.0});
  EXPECT_EQ(grid.size, (std::array<std::int64_t, 3>{6, 9, 18}));
  const auto edge = grid.indexToLps({-0.5, -0.5, -0.5}), expected = source.indexToLps({-0.5, -0.5, -0.5});
  for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(edge[a], expected[a], 1e-9);
  EXPECT_EQ(grid.direction, source.direction);
  EXPECT_TRUE(gridAtSpacing(source, source.spacing).sameGrid(source, 1e-9));
}

TEST(Resample, LinearKeepsALinearFieldFinerAndCoarser) {
  auto source = smallGrid(0.4, 0.2);
  source.size = {40, 40, 30};
  const auto volume = ramp(source);
  for (const image::Vec3 spacing : {image::Vec3{0.6, 0.5, 1.1}, image::Vec3{2.6, 2.0, 5.0}}) {
    const auto moved = resampleLinear(volume, gridAtSpacing(source, spacing));
    const auto truth = ramp(moved.geometry);
    // The border is left out: there the field ends.
    const auto& size = moved.geometry.size;
    for (std::int64_t k = size[2] / 4; k < size[2] * 3 / 4; ++k)
      for (std::int64_t j = size[1] / 4; j < size[1] * 3 / 4; ++j)
        for (std::int64_t i = size[0] / 4; i < size[0] * 3 / 4; ++i)
          ASSERT_NEAR(moved.at(i, j, k), truth.at(i, j, k), 0.02) << i << ' ' << j << ' ' << k;
  }
}

TEST(Resample, CoarseTargetsAreSmoothedFirst) {
  image::Geometry g;
  g.size = {64, 8, 8};
  image::Volume stripes(g);
  for (std::size_t n = 0; n < stripes.voxels.size(); ++n) stripes.voxels[n] = n % 2 ? 100.0f : -100.0f;
  const auto moved = resampleLinear(stripes, gridAtSpacing(g, {3, 1, 1}));
  // Sampled without smoothing, a period of two voxels at a step of three would stay at full height.
  for (std::int64_t i = 3; i < 18; ++i) EXPECT_LT(std::abs(moved.at(i, 4, 4)), 5.0f) << i;
}

TEST(Resample, OutsideIsTheMinimum) {
  const auto volume = ramp(smallGrid());
  auto target = smallGrid();
  target.origin[0] -= 100;
  const auto moved = resampleLinear(volume, target);
  EXPECT_EQ(moved.at(0, 0, 0), std::ranges::min(volume.voxels));
}

TEST(Resample, MasksKeepTheirVolumeAndPlace) {
  image::Geometry g;
  g.size = {60, 60, 60};
  g.direction = tilted(0.3, 0.1);
  image::Mask ball(g);
  for (std::int64_t k = 0; k < 60; ++k)
    for (std::int64_t j = 0; j < 60; ++j)
      for (std::int64_t i = 0; i < 60; ++i)
        ball.at(i, j, k) = std::hypot(double(i) - 29.5, double(j) - 29.5, double(k) - 29.5) < 20;
  const double before = std::accumulate(ball.voxels.begin(), ball.voxels.end(), 0.0);
  for (const double spacing : {0.8, 2.0, 3.0}) {
    const auto moved = resampleMask(ball, gridAtSpacing(g, {spacing, spacing, spacing}));
    const double after = std::accumulate(moved.voxels.begin(), moved.voxels.end(), 0.0) * spacing * spacing * spacing;
    EXPECT_NEAR(after / before, 1, 0.03) << spacing;
  }
}

// Only the filled part of a mask is moved; nothing tells this from moving the whole.
TEST(Resample, MasksMoveAsWholeVolumesDo) {
  std::mt19937 random(5);
  const auto draw = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
  int filled = 0;
  for (int turn = 0; turn < 60; ++turn) {
    image::Geometry g{{static_cast<int>(draw(3, 40)), static_cast<int>(draw(3, 40)), static_cast<int>(draw(1, 40))}};
    g.spacing = {draw(0.4, 3), draw(0.4, 3), draw(0.4, 6)};
    const double c = std::cos(draw(0, 1)), s = std::sqrt(1 - c * c);
    if (turn % 2) g.direction = {{{c, -s, 0}, {s, c, 0}, {0, 0, 1}}};
    image::Mask mask(g);
    image::Vec3 centre{}, radius{};
    for (std::size_t a = 0; a < 3; ++a)
      centre[a] = draw(-0.1, 1.1) * static_cast<double>(g.size[a]), radius[a] = draw(1, 9);
    std::size_t n = 0;
    for (int k = 0; k < g.size[2]; ++k)
      for (int j = 0; j < g.size[1]; ++j)
        for (int i = 0; i < g.size[0]; ++i, ++n)
          mask.voxels[n] = std::pow((i - centre[0]) / radius[0], 2) + std::pow((j - centre[1]) / radius[1], 2) +
                               std::pow((k - centre[2]) / radius[2], 2) <=
                           1;
    image::Volume whole;
    whole.geometry = g;
    whole.voxels.assign(mask.voxels.begin(), mask.voxels.end());
    const auto target = gridAtSpacing(g, {draw(0.5, 6), draw(0.5, 6), draw(0.5, 6)});
    const auto expected = resampleLinear(whole, target);
    const auto moved = resampleMask(mask, target);
    ASSERT_EQ(moved.voxels.size(), expected.voxels.size());
    for (std::size_t v = 0; v < moved.voxels.size(); ++v)
      ASSERT_EQ(moved.voxels[v] != 0, expected.voxels[v] >= 0.5f) << "turn " << turn << " voxel " << v;
    filled += std::ranges::count(moved.voxels, 1) > 0;
  }
  EXPECT_GT(filled, 20);
}

TEST(Resample, NearestMovesLabelsUnmixed) {
  image::LabelMap labels(smallGrid());
  for (std::size_t n = 0; n < labels.voxels.size(); ++n) labels.voxels[n] = static_cast<std::uint16_t>(1000 + n);
  auto shifted = labels.geometry;
  shifted.origin = labels.geometry.indexToLps({1, 2, 1});
  const auto moved = resampleNearest(labels, shifted);
  EXPECT_EQ(moved.at(0, 0, 0), labels.at(1, 2, 1));
  EXPECT_EQ(moved.at(9, 6, 5), labels.at(10, 8, 6));
  EXPECT_EQ(moved.at(10, 6, 5), 0);
}

}  // namespace
