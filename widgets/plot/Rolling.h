// What is drawn of a noisy course: its running mean and a band around it. Values that are not numbers take no part.
#pragma once

#include <cstddef>
#include <vector>

namespace lorkd::plot {

/// Running cosine after each measurement: phi <- (1 - beta) phi + beta cos, started at the first one (GradVac).
std::vector<double> runningCosine(const std::vector<double>& cosines, double beta = 0.5);

/// Mean and mean ± standard deviation over the last `window` measurements, one entry a measurement.
struct Band {
  std::vector<double> mean, low, high;
};
Band rollingBand(const std::vector<double>& values, std::size_t window);

}  // namespace lorkd::plot
