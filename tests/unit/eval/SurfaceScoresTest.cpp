#include <gtest/gtest.h>

#include <cmath>

#include "core/eval/SurfaceScores.h"

using namespace lorkd::eval;

namespace {

using Range = std::pair<std::int64_t, std::int64_t>;

/// A mask (D, H, W) = (20, 24, 28) with a box of voxels [first, end) along z, y, x.
torch::Tensor box(Range z, Range y, Range x) {
  auto mask = torch::zeros({20, 24, 28}, torch::kBool);
  mask.slice(0, z.first, z.second).slice(1, y.first, y.second).slice(2, x.first, x.second).fill_(true);
  return mask;
}

/// As tests/peers/surface_scores.py makes them.
torch::Tensor blobs(double phase, double threshold) {
  auto mask = torch::zeros({18, 26, 30}, torch::kBool);
  auto* out = mask.data_ptr<bool>();
  for (int z = 0; z < 18; ++z)
    for (int y = 0; y < 26; ++y)
      for (int x = 0; x < 30; ++x)
        *out++ = std::cos(0.55 * x + phase) + std::cos(0.47 * y - 2 * phase) + std::cos(0.61 * z + 0.5 * phase) +
                     0.5 * std::cos(0.23 * (x + y) - 0.31 * z + 3 * phase) >
                 threshold;
  return mask;
}

}  // namespace

TEST(SurfaceScores, EqualMasks) {
  const auto mask = box({2, 9}, {3, 11}, {4, 20});
  const auto scores = surfaceScores(mask, mask, {0.7, 0.8, 5}, 0);
  EXPECT_EQ(scores.nsd, 1);
  EXPECT_EQ(scores.hd95, 0);
  EXPECT_EQ(scores.volumeDifference, 0);
  EXPECT_FALSE(scores.missed);
}

// Planes of one voxel that fill the image lie as far apart as their distance along the axis, with its spacing.
TEST(SurfaceScores, TwoPlanesAlongEachAxis) {
  const Range all{0, 99};
  const std::array<double, 3> spacing{0.5, 1.25, 4};
  const std::array planes{
      std::pair{box(all, all, {5, 6}), box(all, all, {11, 12})},  // 6 · 0.5 mm
      std::pair{box(all, {2, 3}, all), box(all, {6, 7}, all)},    // 4 · 1.25 mm
      std::pair{box({3, 4}, all, all), box({5, 6}, all, all)},    // 2 · 4 mm
  };
  const std::array apart{3.0, 5.0, 8.0};
  for (std::size_t d = 0; d < 3; ++d) {
    const auto& [a, b] = planes[d];
    EXPECT_NEAR(*surfaceScores(a, b, spacing).hd95, apart[d], 1e-6);
    EXPECT_EQ(surfaceScores(a, b, spacing, apart[d]).nsd, 1) << "the tolerance itself is within";
    EXPECT_EQ(surfaceScores(a, b, spacing, apart[d] - 0.01).nsd, 0);
  }
}

// A box moved by three voxels of 1.25 mm along y, against every pair of voxels of the two shells.
TEST(SurfaceScores, AMovedBox) {
  const auto truth = box({4, 14}, {3, 15}, {5, 21}), moved = box({4, 14}, {6, 18}, {5, 21});
  const std::array<double, 3> spacing{0.5, 1.25, 4};
  // 10 x 12 x 16 voxels, of which 8 x 10 x 14 lie inside.
  const double surface = 10 * 12 * 16 - 8 * 10 * 14;
  double worst = 0;
  std::int64_t within = 0, count = 0;
  std::vector<double> all;
  const auto shell = [](std::int64_t z, std::int64_t y, std::int64_t x, std::int64_t y0) {
    const bool in = z >= 4 && z < 14 && y >= y0 && y < y0 + 12 && x >= 5 && x < 21;
    return in && (z == 4 || z == 13 || y == y0 || y == y0 + 11 || x == 5 || x == 20);
  };
  for (std::int64_t z = 4; z < 14; ++z)
    for (std::int64_t y = 3; y < 15; ++y)
      for (std::int64_t x = 5; x < 21; ++x) {
        if (!shell(z, y, x, 3)) continue;
        double least = HUGE_VAL;
        for (std::int64_t w = 4; w < 14; ++w)
          for (std::int64_t v = 6; v < 18; ++v)
            for (std::int64_t u = 5; u < 21; ++u)
              if (shell(w, v, u, 6))
                least = std::min(least, std::hypot(4.0 * double(z - w), 1.25 * double(y - v), 0.5 * double(x - u)));
        all.push_back(least);
        worst = std::max(worst, least);
        within += least <= 2;
        ++count;
      }
  std::ranges::sort(all);
  const double at = 0.95 * double(count - 1), low = all[std::size_t(at)], high = all[std::size_t(at) + 1];
  EXPECT_EQ(double(count), surface);
  EXPECT_EQ(worst, 3.75);
  const auto scores = surfaceScores(moved, truth, spacing);
  // By symmetry both directions are the same.
  EXPECT_NEAR(*scores.nsd, double(within) / double(count), 1e-12);
  EXPECT_NEAR(*scores.hd95, low + (at - std::floor(at)) * (high - low), 1e-6);
  EXPECT_EQ(scores.volumeDifference, 0);
}

// MONAI's nsd and hd95, surface-distance's beside them, and lesions by scipy: printed by tests/peers/surface_scores.py.
TEST(SurfaceScores, AgreeWithPeersOnBlobs) {
  struct Peer {
    std::array<double, 3> spacing;
    double phaseOfTruth, phase, thresholdOfTruth, threshold;
    double nsd, hd95, volume, nsdByArea, hd95ByArea;
    std::int64_t lesions, found, falsePositives;
  };
  const std::vector<Peer> peers{
      {{1.0, 1.0, 1.0}, 0.0, 0.5, 0.9, 0.9, 0.8587388, 3, -0.22, 0.9168676, 2.44949, 4, 3, 0},
      {{0.7, 0.8, 3.0}, 0.3, 0.9, 0.6, 0.8, 0.8327653, 3.4, -1.59264, 0.8861922, 3.104835, 6, 3, 0},
      {{1.5, 1.5, 5.0}, 1.1, 1.4, 0.3, 0.2, 0.8289546, 3, 2.08125, 0.9128862, 2.12132, 3, 3, 1},
      {{2.0, 0.5, 1.25}, 2.0, 2.7, 1.2, 0.7, 0.7367975, 4.279311, 2.1, 0.7950635, 4, 18, 16, 3},
      {{0.9, 0.9, 2.5}, 0.7, 3.1, 1.5, 1.4, 0.2327016, 8.666025, 0.496125, 0.3721589, 8.035546, 18, 11, 13},
  };
  for (const auto& peer : peers) {
    const auto truth = blobs(peer.phaseOfTruth, peer.thresholdOfTruth), p = blobs(peer.phase, peer.threshold);
    const auto scores = surfaceScores(p, truth, peer.spacing);
    EXPECT_NEAR(*scores.nsd, peer.nsd, 1e-6);
    EXPECT_NEAR(*scores.hd95, peer.hd95, 1e-5);
    EXPECT_NEAR(scores.volumeDifference, peer.volume, 1e-9);
    // Areas weigh corners less: another figure of the same size.
    EXPECT_NEAR(*scores.nsd, peer.nsdByArea, 0.15);
    EXPECT_NEAR(*scores.hd95, peer.hd95ByArea, 1);
    const auto lesions = lesionScores(p, truth);
    EXPECT_EQ(lesions.lesions, peer.lesions);
    EXPECT_EQ(lesions.found, peer.found);
    EXPECT_EQ(lesions.falsePositives, peer.falsePositives);
  }
}

TEST(SurfaceScores, WhereOneOrBothAreEmpty) {
  const auto mask = box({2, 9}, {3, 11}, {4, 20}), none = torch::zeros_like(mask);
  const auto missed = surfaceScores(none, mask, {1, 1, 2});
  EXPECT_EQ(missed.nsd, 0);
  EXPECT_FALSE(missed.hd95);
  EXPECT_TRUE(missed.missed);
  EXPECT_NEAR(missed.volumeDifference, -7.0 * 8 * 16 * 2 / 1000, 1e-12);
  const auto absent = surfaceScores(mask, none, {1, 1, 2});
  EXPECT_FALSE(absent.nsd || absent.hd95 || absent.missed);
  EXPECT_NEAR(absent.volumeDifference, 7.0 * 8 * 16 * 2 / 1000, 1e-12);
  const auto neither = surfaceScores(none, none, {1, 1, 2});
  EXPECT_FALSE(neither.nsd || neither.hd95 || neither.missed);
  EXPECT_EQ(neither.volumeDifference, 0);
}

TEST(SurfaceScores, FaultsOfTheCallerThrow) {
  const auto mask = box({2, 9}, {3, 11}, {4, 20});
  EXPECT_THROW(surfaceScores(mask, mask.slice(0, 0, 5), {1, 1, 1}), c10::Error);
  EXPECT_THROW(surfaceScores(mask[0], mask[0], {1, 1, 1}), c10::Error);
  EXPECT_THROW(surfaceScores(mask, mask, {1, 0, 1}), c10::Error);
  EXPECT_THROW(surfaceScores(mask, mask, {1, std::nan(""), 1}), c10::Error);
  EXPECT_THROW(lesionScores(mask, mask.slice(0, 0, 5)), c10::Error);
}

TEST(LesionScores, ByHand) {
  // Two lesions that touch at a corner are one; a third stands apart, a fourth is not found.
  const auto corner = box({2, 4}, {2, 4}, {2, 4}) | box({4, 6}, {4, 6}, {4, 6});
  const auto third = box({10, 12}, {2, 4}, {20, 22}), fourth = box({15, 17}, {15, 17}, {3, 5});
  const auto truth = corner | third | fourth;
  // One voxel finds the first; one component away from all; one that touches the third and does not overlap it.
  const auto predicted =
      box({5, 6}, {5, 6}, {5, 6}) | box({18, 19}, {20, 21}, {25, 26}) | box({10, 12}, {2, 4}, {22, 24});
  const auto scores = lesionScores(predicted, truth);
  EXPECT_EQ(scores.lesions, 3);
  EXPECT_EQ(scores.found, 1);
  EXPECT_EQ(scores.falsePositives, 2);
  EXPECT_NEAR(*scores.sensitivity(), 1.0 / 3, 1e-12);
  EXPECT_NEAR(*scores.f1(), 2.0 / (2 + 2 + 2), 1e-12);
  // One component over all finds all.
  const auto all = lesionScores(torch::ones_like(truth), truth);
  EXPECT_EQ(all.found, 3);
  EXPECT_EQ(all.falsePositives, 0);
  EXPECT_EQ(all.f1(), 1);
  const auto none = torch::zeros_like(truth);
  EXPECT_FALSE(lesionScores(none, none).sensitivity() || lesionScores(none, none).f1());
  EXPECT_EQ(lesionScores(truth, none).falsePositives, 3);
  EXPECT_EQ(lesionScores(none, truth).sensitivity(), 0);
}

TEST(LesionScores, AgreeWithScipyByEachRule) {
  struct Counts {
    std::int64_t lesions, found, falsePositives;
  };
  const LesionRule rules[] = {{0, 0}, {0.1, 0}, {0.5, 0}, {0, 60}, {0.1, 60}};
  const struct {
    double phaseOfTruth, phase, thresholdOfTruth, threshold;
    Counts counts[5];
  } peers[] = {
      // printed by tests/peers/lesions.py
      {0.0, 0.5, 0.9, 0.9, {{4, 3, 0}, {4, 2, 7}, {4, 0, 10}, {1, 1, 0}, {1, 1, 0}}},
      {0.3, 0.9, 0.6, 0.8, {{6, 3, 0}, {6, 1, 7}, {6, 0, 8}, {1, 1, 0}, {1, 1, 1}}},
      {0.7, 3.1, 1.5, 1.4, {{18, 11, 13}, {18, 0, 17}, {18, 0, 17}, {8, 7, 3}, {8, 0, 5}}},
      {2.0, 2.7, 1.2, 0.7, {{18, 16, 3}, {18, 1, 3}, {18, 0, 4}, {6, 6, 0}, {6, 1, 0}}},
  };
  for (const auto& peer : peers) {
    const auto truth = blobs(peer.phaseOfTruth, peer.thresholdOfTruth), p = blobs(peer.phase, peer.threshold);
    for (std::size_t r = 0; r < 5; ++r) {
      const auto scores = lesionScores(p, truth, rules[r]);
      EXPECT_EQ(scores.lesions, peer.counts[r].lesions) << peer.phase << ", rule " << r;
      EXPECT_EQ(scores.found, peer.counts[r].found) << peer.phase << ", rule " << r;
      EXPECT_EQ(scores.falsePositives, peer.counts[r].falsePositives) << peer.phase << ", rule " << r;
    }
  }
}
