// Intervals over patients: percentile bootstrap, and Student's t where the patients are few.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace lorkd::eval {

inline constexpr std::size_t kPatientsForInterval = 5;    ///< below: none
inline constexpr std::size_t kPatientsForBootstrap = 10;  ///< below: t; percentiles of so few are too narrow

struct Interval {
  enum class Kind { None, T, Bootstrap };
  double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
  Kind kind = Kind::None;
  std::string why{};  ///< why there is none, where one could be expected
};

/// "t", "bootstrap", or "" of none.
const char* toString(Interval::Kind kind);

/// "3 patients: too few for an interval".
std::string tooFew(std::size_t patients);

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

/// The t interval of the same kind of statistic: its value with all patients, plus and minus the quantile times the
/// jackknife's standard error (Efron and Tibshirani 1993, chapter 11). For the mean of one figure a patient this is the
/// textbook's mean ± t s/√n. `group` holds a number below `patients` for each patient: those of different groups have
/// no part of the statistic in common (tasks with patients of their own), so that each has a spread of its own, as
/// strata have (Wolter 2007, section 4.5), and there are as many degrees of freedom as patients less groups (Korn and
/// Graubard 1999, section 5.2). Not-a-number without degrees of freedom, or if the statistic has no value without some
/// patient.
Interval jackknife(const std::vector<std::size_t>& group,
                   const std::function<double(const std::vector<int>& times)>& statistic, double level = 0.95);

/// What Student's t with `freedom` >= 1 degrees of freedom stays below with probability `share`, 0.5 <= share < 1.
double studentQuantile(int freedom, double share);

}  // namespace lorkd::eval
