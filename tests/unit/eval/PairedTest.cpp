#include "core/eval/PairedTest.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/Random.h"
#include "core/eval/Bootstrap.h"

namespace lorkd::eval {
namespace {

/// As in tests/peers/paired.py.
std::vector<double> waves(int n, double scale, double offset, int decimals) {
  std::vector<double> out;
  const double unit = std::pow(10.0, decimals);
  for (int i = 1; i <= n; ++i) {
    const double raw = (scale * std::sin(1.7 * i + n) + offset) * unit;
    out.push_back(std::copysign(std::floor(std::abs(raw) + 0.5), raw) / unit);
  }
  return out;
}

TEST(SignedRank, IsThatOfScipy) {
  struct {
    int n;
    double scale, offset;
    int decimals;
    std::int64_t pairs;
    bool exact;
    double statistic, p;
  } const known[] = {
      {5, 0.1, 0.03, 12, 5, true, 3, 0.3125},
      {6, 0.01, 0.02, 12, 6, true, 0, 0.03125},
      {9, 0.1, 0.02, 12, 9, true, 20, 0.8203125},
      {12, 0.1, -0.04, 2, 12, false, 23, 0.222765655218314},
      {25, 0.1, 0.03, 12, 25, true, 93, 0.0626264214515686},
      {26, 0.1, 0.03, 12, 26, false, 104, 0.0713479588545847},
      {40, 1.0, 0.3, 1, 40, false, 241.5, 0.0237846711114645},
      {60, 1.0, -0.1, 12, 60, false, 728, 0.169771323527877},
      {8, 1.0, 0.0, 0, 6, false, 10.5, 1},
  };
  for (const auto& k : known) {
    auto d = waves(k.n, k.scale, k.offset, k.decimals);
    const auto found = signedRank(d);
    EXPECT_EQ(found.pairs, k.pairs) << k.n;
    EXPECT_EQ(found.kind, k.exact ? SignedRank::Kind::Exact : SignedRank::Kind::Normal) << k.n;
    EXPECT_DOUBLE_EQ(found.statistic, k.statistic) << k.n;
    EXPECT_NEAR(found.p, k.p, 1e-13) << k.n;
    for (auto& v : d) v = -v;
    EXPECT_DOUBLE_EQ(signedRank(d).p, found.p) << "the other way round";
  }
}

TEST(SignedRank, SaysWhyThereIsNoP) {
  for (const auto& d : {std::vector<double>{}, {0, 0, -0.0}}) {
    const auto found = signedRank(d);
    EXPECT_TRUE(std::isnan(found.p));
    EXPECT_EQ(found.pairs, 0);
    EXPECT_EQ(found.why, d.empty() ? "no pairs" : "no pair differs");
  }
  EXPECT_EQ(signedRank({0.2, 0}).p, 1);
  EXPECT_EQ(signedRank({0.1, 0.2, 0.3, 0.4, 0.5}).p, 0.0625) << "the least of five patients";
}

TEST(Student, QuantilesAreThoseOfTables) {
  struct {
    int freedom;
    double share, quantile;
  } const known[] = {
      {1, 0.95, 6.31375151467504},   {1, 0.975, 12.7062047361747},   {1, 0.995, 63.6567411628715},
      {2, 0.95, 2.91998558035372},   {2, 0.975, 4.30265272974946},   {2, 0.995, 9.92484320091829},
      {3, 0.95, 2.35336343480182},   {3, 0.975, 3.18244630528371},   {3, 0.995, 5.84090930973336},
      {4, 0.95, 2.13184678632665},   {4, 0.975, 2.77644510519779},   {4, 0.995, 4.60409487134999},
      {5, 0.95, 2.01504837333302},   {5, 0.975, 2.57058183563631},   {5, 0.995, 4.03214298355523},
      {6, 0.95, 1.9431802805153},    {6, 0.975, 2.44691185114498},   {6, 0.995, 3.70742802132481},
      {7, 0.95, 1.89457860509001},   {7, 0.975, 2.36462425159278},   {7, 0.995, 3.49948329735049},
      {8, 0.95, 1.8595480375309},    {8, 0.975, 2.30600413520417},   {8, 0.995, 3.35538733133339},
      {9, 0.95, 1.83311293265624},   {9, 0.975, 2.2621571627982},    {9, 0.995, 3.24983554159213},
      {30, 0.95, 1.69726088659396},  {30, 0.975, 2.04227245630124},  {30, 0.995, 2.74999565356723},
      {101, 0.95, 1.66008063041179}, {101, 0.975, 1.98373100295561}, {101, 0.995, 2.62538596466844},
  };
  for (const auto& [freedom, share, quantile] : known)
    EXPECT_NEAR(studentQuantile(freedom, share), quantile, 1e-11 * quantile) << freedom << " " << share;
  EXPECT_NEAR(studentQuantile(4, 0.5), 0, 1e-12);
}

/// Mean of the drawn, as a mean over patients of one figure each.
double drawnMean(const std::vector<double>& values, const std::vector<int>& times) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += times[i] * values[i], n += times[i];
  return sum / n;
}

TEST(Jackknife, OfAMeanIsTheTInterval) {
  struct {
    int n;
    double low, high;
  } const known[] = {{5, 0.720716290948269, 0.909069209915331}, {9, 0.728213022754245, 0.843527100771311}};
  for (const auto& [n, low, high] : known) {
    const auto values = waves(n, 0.1, 0.8, 12);
    const auto found = jackknife(std::vector<std::size_t>(values.size(), 0),
                                 [&](const auto& times) { return drawnMean(values, times); });
    EXPECT_NEAR(found.low, low, 1e-12);
    EXPECT_NEAR(found.high, high, 1e-12);
    EXPECT_EQ(found.kind, Interval::Kind::T);
  }
}

TEST(Jackknife, GroupsHaveASpreadOfTheirOwn) {
  // The mean of two groups' means: variances add, and Satterthwaite's degrees of freedom are 2.985; scipy.stats.t has
  // the quantile 3.19147 for these.
  const std::vector<double> a{0.1, 0.2, 0.6}, b{0.7, 0.9};
  const auto both = [&](const std::vector<int>& times) {
    return (drawnMean(a, {times[0], times[1], times[2]}) + drawnMean(b, {times[3], times[4]})) / 2;
  };
  const auto found = jackknife({0, 0, 0, 3, 3}, both);
  const double error = std::sqrt((0.07 / 3 + 0.02 / 2) / 4);  // variances 0.07 and 0.02
  EXPECT_NEAR(found.low, 0.55 - 3.19146715607 * error, 1e-3);
  EXPECT_NEAR(found.high, 0.55 + 3.19146715607 * error, 1e-3);
  EXPECT_TRUE(std::isnan(jackknife({0, 1}, [](const auto&) { return 1.0; }).low)) << "no degree of freedom";
  const auto one = jackknife({0, 0, 0}, [](const auto& times) { return times[1] > 0 ? 1.0 : NAN; });
  EXPECT_TRUE(std::isnan(one.low)) << "without one patient there is no value";
}

TEST(Jackknife, CoversTheTruthOfFivePatients) {
  int covered = 0;
  constexpr int trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    Random random(23, {static_cast<std::uint64_t>(trial)});
    std::vector<double> values(5);
    for (auto& v : values) v = random.normal(0, 1);
    const auto found =
        jackknife(std::vector<std::size_t>(5, 0), [&](const auto& times) { return drawnMean(values, times); });
    covered += found.low <= 0 && 0 <= found.high;
  }
  EXPECT_NEAR(covered, 1900, 40);  // four standard deviations
}

}  // namespace
}  // namespace lorkd::eval
