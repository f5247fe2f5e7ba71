#include "widgets/plot/Rolling.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lorkd::plot {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::size_t firstOf(std::size_t size, std::size_t window) {
  return size - std::min(size, std::max<std::size_t>(window, 1));
}

}  // namespace

std::vector<double> runningCosine(const std::vector<double>& cosines, double beta) {
  std::vector<double> running;
  double phi = nothing;
  for (double c : cosines) {
    if (!std::isnan(c)) phi = std::isnan(phi) ? c : (1 - beta) * phi + beta * c;
    running.push_back(phi);
  }
  return running;
}

Band rollingBand(const std::vector<double>& values, std::size_t window) {
  Band band;
  for (std::size_t end = 1; end <= values.size(); ++end) {
    double sum = 0, squares = 0, n = 0;
    for (std::size_t k = firstOf(end, window); k < end; ++k) {
      if (std::isnan(values[k])) continue;
      sum += values[k];
      ++n;
    }
    const double mean = n ? sum / n : nothing;
    for (std::size_t k = firstOf(end, window); k < end; ++k)
      if (!std::isnan(values[k])) squares += (values[k] - mean) * (values[k] - mean);
    const double deviation = n ? std::sqrt(squares / n) : nothing;
    band.mean.push_back(mean);
    band.low.push_back(mean - deviation);
    band.high.push_back(mean + deviation);
  }
  return band;
}

}  // namespace lorkd::plot
