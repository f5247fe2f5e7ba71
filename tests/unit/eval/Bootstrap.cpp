#include "core/eval/Bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/Random.h"

namespace lorkd::eval {
namespace {

double meanOf(const std::vector<double>& values, const std::vector<int>& times) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += times[i] * values[i], n += times[i];
  return sum / n;
}

TEST(Bootstrap, OfAMeanIsTheNormalIntervalForManyPatients) {
  Random random(3);
  std::vector<double> values(400);
  for (auto& v : values) v = random.normal(0.7, 0.1);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 400;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double error = std::sqrt(squares / 399 / 400);
  const auto found = bootstrap(values.size(), [&](const auto& times) { return meanOf(values, times); });
  EXPECT_NEAR(found.low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(found.high, mean + 1.96 * error, 0.1 * error);
}

TEST(Bootstrap, CoversTheTruthAboutAsOftenAsItSays) {
  int covered = 0;
  constexpr int trials = 200;
  for (int trial = 0; trial < trials; ++trial) {
    Random random(17, {static_cast<std::uint64_t>(trial)});
    std::vector<double> values(30);
    for (auto& v : values) v = random.normal(0, 1);
    const auto found =
        bootstrap(values.size(), [&](const auto& times) { return meanOf(values, times); }, {500, 0.95, 9});
    covered += found.low <= 0 && 0 <= found.high;
  }
  EXPECT_GE(covered, 178);  // 93.5 % is usual for 30 patients; four standard deviations below
  EXPECT_LT(covered, trials);
}

TEST(Bootstrap, IsTheSameEveryTimeAndDrawsAsManyPatientsAsThereAre) {
  const auto spread = [](const std::vector<int>& times) {
    EXPECT_EQ(std::accumulate(times.begin(), times.end(), 0), 5);
    return static_cast<double>(times[0]);
  };
  const auto a = bootstrap(5, spread), b = bootstrap(5, spread);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_EQ(a.low, 0);
  EXPECT_EQ(a.high, 3);  // binomial (5, 1/5): P(X <= 2) = 0.942, P(X <= 3) = 0.993
}

TEST(Bootstrap, DrawsAnewWhereAStatisticHasNoValueAndGivesUpWhereItNeverHas) {
  const auto found = bootstrap(3, [](const auto& times) { return times[0] == 0 ? NAN : double(times[0]); });
  EXPECT_EQ(found.low, 1);
  EXPECT_TRUE(std::isnan(bootstrap(3, [](const auto&) { return NAN; }).low));
  EXPECT_TRUE(std::isnan(bootstrap(1, [](const auto&) { return 1.0; }).low)) << "one patient says nothing of others";
}

}  // namespace
}  // namespace lorkd::eval
