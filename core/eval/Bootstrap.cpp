#include "core/eval/Bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/Random.h"

namespace lorkd::eval {
namespace {

/// Linear interpolation between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// P(|T| < t) at t = sqrt(freedom) tan(angle): closed forms (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
double studentWithin(int freedom, double angle) {
  const bool odd = freedom % 2 == 1;
  const double cosine = std::cos(angle);
  double term = odd ? cosine : 1, sum = freedom == 1 ? 0 : term;
  for (int k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= cosine * cosine * (k - 1) / k;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

}  // namespace

const char* toString(Interval::Kind kind) {
  switch (kind) {
    case Interval::Kind::T:
      return "t";
    case Interval::Kind::Bootstrap:
      return "bootstrap";
    case Interval::Kind::None:
      break;
  }
  return "";
}

std::string tooFew(std::size_t patients) {
  return std::to_string(patients) + (patients == 1 ? " patient" : " patients") + ": too few for an interval";
}

double studentQuantile(int freedom, double share) {
  double low = 0, high = std::numbers::pi / 2;
  for (int i = 0; i < 100; ++i) {  // to the last bit of a double
    const double middle = (low + high) / 2;
    (studentWithin(freedom, middle) < 2 * share - 1 ? low : high) = middle;
  }
  return std::sqrt(freedom) * std::tan(low);
}

namespace {

/// The same of broken degrees of freedom, at least 1: between whole ones in proportion to their inverse, which is a
/// little too large (of 1.5 by a tenth).
double quantileOf(double freedom, double share) {
  const int below = std::max(1, static_cast<int>(freedom * (1 + 1e-9)));
  const double low = studentQuantile(below, share), high = studentQuantile(below + 1, share);
  const double part = (1 / freedom - 1.0 / (below + 1)) * below * (below + 1);
  return high + std::min(1.0, part) * (low - high);
}

}  // namespace

Interval jackknife(const std::vector<std::size_t>& group,
                   const std::function<double(const std::vector<int>& times)>& statistic, double level) {
  std::vector<int> times(group.size(), 1);
  const double all = statistic(times);
  std::vector<std::vector<double>> without(group.size());  // by group
  for (std::size_t i = 0; i < group.size(); ++i) {
    times[i] = 0;
    without[group[i]].push_back(statistic(times));
    times[i] = 1;
  }
  double variance = 0, shares = 0;
  bool alone = true;  // every patient in a group of its own
  for (const auto& values : without) {
    if (values.empty()) continue;
    const auto n = static_cast<double>(values.size());
    double mean = 0, squares = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) squares += (v - mean) * (v - mean);
    const double own = (n - 1) / n * squares;
    variance += own;
    if (n > 1) shares += own * own / (n - 1), alone = false;
  }
  if (alone || !std::isfinite(all) || !std::isfinite(variance)) return {};
  if (variance == 0) return {all, all, Interval::Kind::T};
  const double reach = quantileOf(variance * variance / shares, (1 + level) / 2) * std::sqrt(variance);
  return {all - reach, all + reach, Interval::Kind::T};
}

Interval bootstrap(std::size_t patients, const std::function<double(const std::vector<int>& times)>& statistic,
                   const BootstrapOptions& options) {
  if (patients < 2) return {};
  const auto wanted = static_cast<std::size_t>(options.resamples);
  Random random(options.seed, {0xb007});
  std::vector<double> values;
  values.reserve(wanted);
  std::vector<int> times(patients);
  for (std::size_t attempt = 0; values.size() < wanted && attempt < 20 * wanted; ++attempt) {
    std::ranges::fill(times, 0);
    for (std::size_t i = 0; i < patients; ++i)
      ++times[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(patients)))];
    if (const double value = statistic(times); std::isfinite(value)) values.push_back(value);
  }
  if (values.size() < wanted) return {};
  std::ranges::sort(values);
  const double tail = (1 - options.level) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail), Interval::Kind::Bootstrap};
}

void joinGroups(std::vector<std::size_t>& group, const std::vector<std::size_t>& patients) {
  std::vector<bool> joined(group.size(), false);
  for (const auto patient : patients) joined[group[patient]] = true;
  for (auto& own : group)
    if (joined[own]) own = group[patients.front()];
}

Interval intervalOver(const Patients& patients, const std::function<double(const std::vector<int>& times)>& statistic,
                      const BootstrapOptions& options) {
  Interval out;
  const auto n = patients.group.size();
  if (n == 0) {
    out.why = "no scores of single cases";
  } else if (n < kPatientsForInterval) {
    out.why = tooFew(n);
  } else if (!patients.scarce.empty()) {
    out.why = patients.scarce + " is found in 1 patient: too few for an interval";
  } else {
    const bool few = patients.fewest < kPatientsForBootstrap && n <= kPatientsForJackknife;
    out = few ? jackknife(patients.group, statistic, options.level) : bootstrap(n, statistic, options);
    if (!std::isfinite(out.low)) {
      out.why = "some class is found in too few patients for an interval";
    } else if (out.high - out.low < 1e-12) {
      out = {};
      out.why = "all patients are alike: the interval would have no width";
    }
  }
  return out;
}

}  // namespace lorkd::eval
