#include "core/eval/Bootstrap.h"

#include <algorithm>
#include <cmath>

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

}  // namespace

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
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

}  // namespace lorkd::eval
