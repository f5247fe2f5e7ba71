// Where things lie: nothing may move in the patient on the way to the working grid and back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/Random.h"
#include "core/data/MasksInSource.h"
#include "core/data/Orient.h"
#include "core/data/Prepare.h"
#include "core/data/Solid.h"
#include "core/io/Resample.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

using image::Geometry;
using image::Mat3;
using image::Vec3;

/// One of the 48 ways to order and reverse three axes, turned a little.
Mat3 direction(int order, int flips, const Mat3& turn) {
  constexpr int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  Mat3 out{};
  for (std::size_t axis = 0; axis < 3; ++axis)
    for (std::size_t row = 0; row < 3; ++row)
      out[row][static_cast<std::size_t>(orders[order][axis])] = (flips >> axis & 1 ? -1 : 1) * turn[row][axis];
  return out;
}

double distance(const Vec3& a, const Vec3& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

Vec3 centroid(const image::Volume& v) {
  const double ground = *std::min_element(v.voxels.begin(), v.voxels.end());
  Vec3 sum{};
  double weight = 0;
  std::size_t n = 0;
  for (std::int64_t k = 0; k < v.geometry.size[2]; ++k)
    for (std::int64_t j = 0; j < v.geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < v.geometry.size[0]; ++i) {
        const double w = v.voxels[n++] - ground;
        weight += w;
        sum = {sum[0] + w * double(i), sum[1] + w * double(j), sum[2] + w * double(k)};
      }
  return v.geometry.indexToLps({sum[0] / weight, sum[1] / weight, sum[2] / weight});
}

TEST(Orient, EveryVoxelKeepsItsPlaceAndValueForAllOrientations) {
  const Mat3 turn = rotation(0.1, -0.2, 0.15);
  for (int order = 0; order < 6; ++order)
    for (int flips = 0; flips < 8; ++flips) {
      Geometry g;
      g.size = {4, 5, 6};
      g.spacing = {1, 2, 3};
      g.origin = {-7, 11, 13};
      g.direction = direction(order, flips, turn);
      image::Grid<float> v(g);
      for (std::size_t n = 0; n < v.voxels.size(); ++n) v.voxels[n] = static_cast<float>(n);
      const auto r = reoriented(v, closestToLps(g));
      for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 3; ++b) EXPECT_NEAR(r.geometry.direction[a][b], turn[a][b], 1e-12);
      for (std::int64_t k = 0; k < g.size[2]; ++k)
        for (std::int64_t j = 0; j < g.size[1]; ++j)
          for (std::int64_t i = 0; i < g.size[0]; ++i) {
            const auto at = r.geometry.lpsToIndex(g.indexToLps({double(i), double(j), double(k)}));
            std::array<std::int64_t, 3> n{};
            for (std::size_t a = 0; a < 3; ++a) {
              n[a] = std::llround(at[a]);
              ASSERT_NEAR(at[a], double(n[a]), 1e-9);
              ASSERT_TRUE(n[a] >= 0 && n[a] < r.geometry.size[a]);
            }
            ASSERT_EQ(r.at(n[0], n[1], n[2]), v.at(i, j, k));
          }
    }
}

TEST(PrepareImage, LandmarkStaysWithinHalfAWorkingVoxelForAllOrientations) {
  plan::Data options;  // 4 mm
  for (int order = 0; order < 6; ++order)
    for (int flips = 0; flips < 8; ++flips) {
      Random random(1, {static_cast<std::uint64_t>(order), static_cast<std::uint64_t>(flips)});
      Geometry g;
      g.size = {40, 36, 30};
      g.spacing = {1.7, 2.1, flips % 2 ? 5.5 : 3.2};
      g.direction = direction(order, flips, rotation(random.uniform(-0.2, 0.2), 0.1, -0.15));
      g.origin = {random.uniform(-300, 300), random.uniform(-300, 300), random.uniform(-900, 900)};
      const Vec3 ball = g.indexToLps({random.uniform(10, 30), random.uniform(10, 26), random.uniform(8, 22)});
      image::Volume v(g);
      std::size_t n = 0;
      for (std::int64_t k = 0; k < g.size[2]; ++k)
        for (std::int64_t j = 0; j < g.size[1]; ++j)
          for (std::int64_t i = 0; i < g.size[0]; ++i) {
            const double far = distance(g.indexToLps({double(i), double(j), double(k)}), ball);
            v.voxels[n++] = static_cast<float>(-500 + 1500 * std::exp(-far * far / (2 * 5.0 * 5.0)));
          }
      const auto out = prepareImage(v, options);
      ASSERT_TRUE(out) << out.error().text();
      for (std::size_t a = 0; a < 3; ++a) {
        EXPECT_EQ(out->geometry.spacing[a], 4);
        EXPECT_GT(out->geometry.direction[a][a], 0.9) << "axes run to L, P, S";
      }
      EXPECT_LT(distance(centroid(*out), ball), 2.0) << order << " " << flips;
    }
}

TEST(PrepareImage, RefusesEmptyAndNotFiniteVolumes) {
  EXPECT_EQ(prepareImage(image::Volume(), plan::Data()).error().code, ErrorCode::InvalidArgument);
  Geometry g;
  g.size = {8, 8, 8};
  image::Volume v(g);
  v.voxels[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(prepareImage(v, plan::Data()).error().code, ErrorCode::Numeric);
}

/// The probabilities, given in parts of `slices` slices and `rows` rows of the grid.
MasksInSource masksOf(const std::vector<image::Volume>& p, const Geometry& source, double threshold,
                      bool exclusive = false, std::int64_t rows = 1000, std::int64_t slices = 1000) {
  const auto& grid = p.front().geometry;
  MasksInSource out(p.size(), grid, source, threshold, exclusive);
  const auto margin = out.margin();
  for (std::int64_t k = 0; k < grid.size[2]; k += slices)
    for (std::int64_t j = 0; j < grid.size[1]; j += rows) {
      ProbabilityPart part;
      part.from = {0, j, k};
      part.to = {grid.size[0], std::min(grid.size[1], j + rows), std::min(grid.size[2], k + slices)};
      for (std::size_t a = 0; a < 3; ++a) {
        part.low[a] = std::max<std::int64_t>(0, part.from[a] - margin[a]);
        part.size[a] = std::min(grid.size[a], part.to[a] + margin[a]) - part.low[a];
      }
      std::vector<std::vector<float>> cut(p.size());
      for (std::size_t c = 0; c < p.size(); ++c) {
        for (std::int64_t z = 0; z < part.size[2]; ++z)
          for (std::int64_t y = 0; y < part.size[1]; ++y)
            for (std::int64_t x = 0; x < part.size[0]; ++x)
              cut[c].push_back(p[c].at(part.low[0] + x, part.low[1] + y, part.low[2] + z));
        part.classes.push_back(cut[c].data());
      }
      out.add(part);
    }
  return out;
}

TEST(MasksInSource, TruthSurvivesTheWayToTheWorkingGridAndBack) {
  for (const bool tilted : {false, true})
    for (const auto region : {Region::Head, Region::Thorax, Region::Abdomen}) {
      PhantomOptions phantomOptions;
      phantomOptions.tilted = tilted;
      const auto phantom = makePhantom(region, 2, phantomOptions);
      plan::Data options;
      options.spacing = region == Region::Head ? Vec3{3, 3, 3} : Vec3{4, 4, 4};
      const auto working = prepareImage(phantom.volume, options);
      ASSERT_TRUE(working);
      std::vector<image::Volume> probabilities;
      for (const auto& s : phantom.truth.segments) {
        image::Mask mask(phantom.volume.geometry);
        mask.voxels = s.mask;
        const auto there = io::resampleMask(mask, working->geometry);
        auto& p = probabilities.emplace_back(working->geometry);
        std::copy(there.voxels.begin(), there.voxels.end(), p.voxels.begin());
      }
      const auto back = masksOf(probabilities, phantom.volume.geometry, 0.5);
      for (std::size_t s = 0; s < probabilities.size(); ++s) {
        EXPECT_EQ(back.mask(s).geometry, phantom.volume.geometry);
        EXPECT_GT(dice(back.mask(s).voxels, phantom.truth.segments[s].mask), 0.9)
            << phantom.truth.segments[s].name << tilted;
      }
    }
}

TEST(MasksInSource, NothingOutsideTheWorkingGridAndEveryClassAboveTheThresholdInside) {
  Geometry source;
  source.size = {10, 10, 10};
  Geometry half = source;
  half.size[2] = 5;
  std::vector<image::Volume> p{image::Volume(half, 0.6f), image::Volume(half, 0.9f), image::Volume(half, 0.2f)};
  const auto masks = masksOf(p, source, 0.5);
  ASSERT_EQ(masks.classes(), 3u);
  for (std::int64_t k = 0; k < 10; ++k) {
    EXPECT_EQ(masks.mask(0).at(5, 5, k), k < 5 ? 1 : 0);
    EXPECT_EQ(masks.mask(1).at(5, 5, k), k < 5 ? 1 : 0);
    EXPECT_EQ(masks.mask(2).at(5, 5, k), 0);
  }
  const auto none = masksOf(p, source, 0.95);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(std::ranges::max(none.mask(c).voxels), 0);
}

// Of classes that exclude each other a voxel is of the most probable, as interpolating each of them says.
TEST(MasksInSource, ExclusiveClassesShareTheVoxelsOut) {
  Geometry source{{17, 13, 11}}, grid{{9, 8, 6}};
  grid.spacing = {2, 1.7, 2.1};
  grid.origin = {-0.3, 0.4, -0.2};
  Random random(3, {1});
  std::vector<image::Volume> p(3, image::Volume(grid));
  for (std::size_t v = 0; v < p[0].voxels.size(); ++v) {
    double parts[4], sum = 0;
    for (auto& part : parts) sum += part = std::exp(2 * random.normal(0, 1));
    for (std::size_t c = 0; c < 3; ++c) p[c].voxels[v] = static_cast<float>(parts[c] / sum);
  }
  std::vector<image::Volume> moved;
  for (const auto& one : p) moved.push_back(io::resampleLinear(one, source));
  const auto masks = masksOf(p, source, 0.5, true, 3, 2);
  const std::vector<image::Mask> found{masks.mask(0), masks.mask(1), masks.mask(2)};
  std::array<int, 4> counts{};
  std::size_t n = 0;
  for (std::int64_t k = 0; k < source.size[2]; ++k)
    for (std::int64_t j = 0; j < source.size[1]; ++j)
      for (std::int64_t i = 0; i < source.size[0]; ++i, ++n) {
        const auto at = grid.lpsToIndex(source.indexToLps({double(i), double(j), double(k)}));
        bool in = true;
        for (std::size_t a = 0; a < 3; ++a) in = in && at[a] >= 0 && at[a] <= static_cast<double>(grid.size[a] - 1);
        if (!in) continue;  // beyond the last centres each is continued by itself
        std::size_t best = 0;
        double most = 1 - double(moved[0].voxels[n]) - moved[1].voxels[n] - moved[2].voxels[n];
        bool close = false;
        for (std::size_t c = 0; c < 3; ++c) {
          close = close || std::abs(moved[c].voxels[n] - most) < 1e-5;
          if (moved[c].voxels[n] > most) most = moved[c].voxels[n], best = c + 1;
        }
        if (close) continue;
        ++counts[best];
        for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(found[c].voxels[n], best == c + 1) << i << " " << j << " " << k;
      }
  for (const int count : counts) EXPECT_GT(count, 50);
}

// As interpolating the whole says, however the parts are cut; where the source is coarser, with what is smoothed.
TEST(MasksInSource, PartsSayWhatTheWholeDoes) {
  Random random(5, {2});
  for (int turn = 0; turn < 24; ++turn) {
    Geometry source{{9 + random.below(12), 9 + random.below(12), 9 + random.below(12)}};
    for (auto& spacing : source.spacing) spacing = random.uniform(1, 3);
    const double c = std::cos(0.2), s = std::sin(0.2);
    if (turn % 4 == 1) source.direction = {{{0, 0, -1}, {-1, 0, 0}, {0, 1, 0}}};  // sagittal
    if (turn % 4 == 2) source.direction = {{{c, -s, 0}, {s, c, 0}, {0, 0, -1}}};
    plan::Data options;
    for (auto& spacing : options.spacing) spacing = random.uniform(0.8, 3);
    const auto grid = workingGrid(source, options);
    std::vector<image::Volume> p(3, image::Volume(grid));
    for (std::size_t v = 0; v < p[0].voxels.size(); ++v)
      for (auto& one : p) one.voxels[v] = static_cast<float>(random.uniform(0, 0.33));
    for (int blob = 0; blob < 3; ++blob)
      for (std::int64_t n = 0; n < grid.size[0]; ++n)
        p[static_cast<std::size_t>(blob)].at(n, random.below(grid.size[1]), random.below(grid.size[2])) = 0.9f;
    const auto masks = masksOf(p, source, 0.2, false, 4 + random.below(5), 3 + random.below(5));
    const auto whole = masksOf(p, source, 0.2);
    for (std::size_t cls = 0; cls < 3; ++cls) {
      const auto moved = io::resampleLinear(p[cls], source);
      const auto found = masks.mask(cls), once = whole.mask(cls);
      std::size_t inside = 0;
      for (std::size_t v = 0; v < found.voxels.size(); ++v) {
        inside += found.voxels[v];
        if (std::abs(moved.voxels[v] - 0.2f) < 1e-5) continue;
        ASSERT_EQ(found.voxels[v] != 0, moved.voxels[v] > 0.2f) << turn << " " << v << " " << moved.voxels[v];
        ASSERT_EQ(once.voxels[v], found.voxels[v]);
      }
      EXPECT_GT(inside, 20u) << turn;
    }
  }
}

TEST(MasksInSource, ASmallStructureShowsInsideALargeOne) {
  const Geometry g{{6, 1, 1}};
  std::vector<image::Volume> p(3, image::Volume(g));
  p[0].voxels = {1, 1, 1, 1, 1, 0};
  p[1].voxels = {0, 0, 1, 1, 0, 0};
  p[2].voxels = {0, 0, 0, 1, 1, 1};
  const auto painted = masksOf(p, g, 0.5).paint();
  EXPECT_EQ(painted.voxels, (std::vector<std::uint16_t>{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(painted.geometry, g);
}

TEST(Normalise, StatesMeanAndDeviationOfWhatWasClipped) {
  Geometry g;
  g.size = {20, 20, 20};
  Random random(4);
  image::Volume v(g);
  for (auto& x : v.voxels) x = static_cast<float>(random.normal(200, 900));
  plan::Data options;
  const auto moments = [](const image::Volume& volume) {
    double sum = 0, squares = 0;
    for (const float x : volume.voxels) sum += x, squares += double(x) * x;
    const double n = static_cast<double>(volume.voxels.size());
    return std::pair{sum / n, squares / n - sum * sum / n / n};
  };
  for (const auto how : {plan::DataNormalisation::Ct, plan::DataNormalisation::Percentile}) {
    auto out = v;
    options.normalisation = how;
    normalise(out, options);
    const auto [mean, variance] = moments(out);
    EXPECT_NEAR(mean, 0, 1e-3);
    EXPECT_NEAR(variance, 1, 1e-3);
    const auto [low, high] = std::minmax_element(out.voxels.begin(), out.voxels.end());
    EXPECT_GT(std::count(out.voxels.begin(), out.voxels.end(), *low), 20) << "clipped";
    EXPECT_GT(std::count(out.voxels.begin(), out.voxels.end(), *high), 20);
  }
  options.normalisation = plan::DataNormalisation::Scale;
  v.modality = "CT";
  v.voxels[0] = -1024;
  v.voxels[1] = 3071;
  normalise(v, options);
  EXPECT_FLOAT_EQ(v.voxels[0], -1);
  EXPECT_FLOAT_EQ(v.voxels[1], 1);
  // A HU value means the same whatever else is in the volume.
  options.normalisation = plan::DataNormalisation::Window;
  options.clip = {-200, 300};
  for (const float elsewhere : {-900.0f, 900.0f}) {
    image::Volume some(g, elsewhere);
    some.voxels[0] = 50;
    some.voxels[1] = -1000;
    some.voxels[2] = 2000;
    normalise(some, options);
    EXPECT_FLOAT_EQ(some.voxels[0], 0);
    EXPECT_FLOAT_EQ(some.voxels[1], -2);
    EXPECT_FLOAT_EQ(some.voxels[2], 2);
  }
  image::Volume flat(g, 70.0f);
  normalise(flat, plan::Data());
  EXPECT_EQ(flat.voxels[5], 0);
}

}  // namespace
}  // namespace lorkd::data
