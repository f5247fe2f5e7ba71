#include <gtest/gtest.h>

#include <numeric>

#include "core/feed/TaskShares.h"

namespace lorkd::feed {
namespace {

using Counts = std::vector<std::int64_t>;

plan::Training options(std::int64_t batch, plan::TrainingSampling sampling) {
  plan::Training out;
  out.batch = batch;
  out.sampling = sampling;
  return out;
}

TEST(TaskShares, GiveWholeQuotasAndLetTheRestGoRound) {
  using enum plan::TrainingSampling;
  EXPECT_EQ(taskShares(options(6, Uniform), {10, 20, 30}, 0), (Counts{2, 2, 2}));
  EXPECT_EQ(taskShares(options(7, Uniform), {10, 20, 30}, 5), (Counts{2, 2, 3}));
  EXPECT_EQ(taskShares(options(6, Sqrt), {1, 4, 9}, 0), (Counts{1, 2, 3}));
  EXPECT_EQ(taskShares(options(11, InverseSqrt), {1, 4, 9}, 0), (Counts{6, 3, 2}));
  // Six samples for four tasks: two tasks get two, and over two steps all the same.
  Counts even(4, 0);
  for (int step : {6, 7})
    for (std::size_t t = 0; t < 4; ++t) even[t] += taskShares(options(6, Uniform), {9, 9, 9, 9}, step)[t];
  EXPECT_EQ(even, Counts(4, 3));
  // Quotas 4.57, 1.14, 2.29 for shares 4:1:2, kept in the long run.
  Counts sum(3, 0);
  for (int step = 0; step < 700; ++step)
    for (std::size_t t = 0; t < 3; ++t) sum[t] += taskShares(options(8, Sqrt), {16, 1, 4}, step)[t];
  EXPECT_NEAR(static_cast<double>(sum[0]), 3200, 5);
  EXPECT_NEAR(static_cast<double>(sum[1]), 800, 5);
  EXPECT_NEAR(static_cast<double>(sum[2]), 1600, 5);
}

TEST(TaskShares, ASmallTaskDoesNotMakeEqualOnesUnequal) {
  // Quotas 0.73, 3.64, 3.64: the first has its sample, the last one goes to the others in turn.
  Counts sum(3, 0);
  for (int step = 0; step < 400; ++step)
    for (std::size_t t = 0; t < 3; ++t)
      sum[t] += taskShares(options(8, plan::TrainingSampling::Sqrt), {4, 100, 100}, step)[t];
  EXPECT_EQ(sum[0], 400);
  EXPECT_NEAR(static_cast<double>(sum[1] - sum[2]), 0, 4);
}

TEST(TaskShares, GiveEveryTaskOneWhereTheBatchAllowsIt) {
  using enum plan::TrainingSampling;
  EXPECT_EQ(taskShares(options(4, Sqrt), {10000, 1, 1, 1}, 0), (Counts{1, 1, 1, 1}));
  EXPECT_EQ(taskShares(options(6, Sqrt), {10000, 1, 1, 1}, 0), (Counts{3, 1, 1, 1}));
  for (std::int64_t batch = 5; batch < 40; ++batch) {
    const auto counts = taskShares(options(batch, Sqrt), {900, 1, 17, 400, 3}, 0);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), batch);
    for (auto n : counts) EXPECT_GE(n, 1);
  }
}

TEST(TaskShares, TakeTurnsInSmallBatches) {
  const auto plan = options(3, plan::TrainingSampling::Uniform);
  EXPECT_EQ(taskShares(plan, Counts(8, 5), 0), (Counts{1, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(taskShares(plan, Counts(8, 5), 2), (Counts{1, 0, 0, 0, 0, 0, 1, 1}));
  Counts sum(8, 0);
  for (int step = 0; step < 8; ++step) {
    const auto counts = taskShares(plan, Counts(8, 5), step);
    for (std::size_t t = 0; t < 8; ++t) sum[t] += counts[t];
  }
  EXPECT_EQ(sum, Counts(8, 3));
}

TEST(TaskShares, KeepUnequalSharesInSmallBatches) {
  const auto plan = options(2, plan::TrainingSampling::Sqrt);
  Counts sum(4, 0);
  for (int step = 0; step < 500; ++step) {
    const auto counts = taskShares(plan, {1, 4, 9, 16}, step);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 2);
    for (std::size_t t = 0; t < 4; ++t) sum[t] += counts[t];
  }
  for (std::size_t t = 0; t < 4; ++t) EXPECT_NEAR(static_cast<double>(sum[t]), 100.0 * static_cast<double>(t + 1), 5);
}

}  // namespace
}  // namespace lorkd::feed
