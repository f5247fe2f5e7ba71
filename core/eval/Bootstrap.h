// Percentile intervals by resampling patients.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace lorkd::eval {

struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
};

struct BootstrapOptions {
  int resamples = 2000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

/// The percentile interval (Efron and Tibshirani 1993, chapter 13) of a statistic of `patients` independent patients:
/// each resample draws as many patients with replacement and calls `statistic` with how often each was drawn. Draws for
/// which it is not finite (no patient with some structure) are drawn anew. Number, seed and order of the patients alone
/// determine the draws, so that statistics of the same patients are resampled alike. Not-a-number for fewer than two
/// patients, or where hardly any draw gives a value.
Interval bootstrap(std::size_t patients, const std::function<double(const std::vector<int>& times)>& statistic,
                   const BootstrapOptions& options = {});

}  // namespace lorkd::eval
