// Intervals over patients: percentile bootstrap, and Student's t where the patients are few.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace lorkd::eval {

inline constexpr std::size_t kPatientsForInterval = 5;    ///< below: none
inline constexpr std::size_t kPatientsForBootstrap = 10;  ///< a class; below: t; percentiles of so few are too narrow

inline constexpr std::size_t kPatientsForJackknife = 5000;  ///< above: bootstrap, which takes as long for all

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

/// The percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993) of a statistic of `patients`
/// independent patients: each resample draws as many patients with replacement and calls `statistic` with how often
/// each was drawn. Draws for which it is not finite (no patient with some structure) are drawn anew. Number, seed and
/// order of the patients alone determine the draws, so that statistics of the same patients are resampled alike.
/// Not-a-number for fewer than two patients, or where hardly any draw gives a value.
Interval bootstrap(std::size_t patients, const std::function<double(const std::vector<int>& times)>& statistic,
                   const BootstrapOptions& options = {});

/// The t interval of the same kind of statistic: its value with all patients, plus and minus the quantile times the
/// jackknife's standard error (ibid.). For the mean of one figure a patient this is the
/// textbook's mean ± t s/√n. `group` holds a number below `patients` for each patient: those of different groups have
/// no part of the statistic in common (tasks with patients of their own), so each group is left out by itself and has a
/// variance v of its own, as strata have. Their sum has Satterthwaite's degrees of freedom, (Σ v)² / Σ v²/(n - 1) over
/// the groups of n patients (Biometrics Bulletin 2, 1946): at most all patients less the groups, and
/// fewer where one group with few patients makes up most of the spread. Not-a-number without degrees of freedom, or if
/// the statistic has no value without some patient.
Interval jackknife(const std::vector<std::size_t>& group,
                   const std::function<double(const std::vector<int>& times)>& statistic, double level = 0.95);

/// The patients that a figure is made of.
struct Patients {
  std::vector<std::size_t> group;  ///< by patient: as in jackknife()
  std::size_t fewest = 0;          ///< that any class of the figure is found in
  std::string scarce{};            ///< a class (or task) that is found in one patient alone
};

/// Puts all of these patients into one group, together with all who share one with any of them.
void joinGroups(std::vector<std::size_t>& group, const std::vector<std::size_t>& patients);

/// The interval of such a statistic by the rule of this program: none below 5 patients, where a class is found in one
/// patient alone, where it would have no width, or where the statistic has too few values; a bootstrap where each class
/// is found in 10 patients or more, or where there are so many patients that leaving out each of them takes too long;
/// else t. Where there is none, it says why.
Interval intervalOver(const Patients& patients, const std::function<double(const std::vector<int>& times)>& statistic,
                      const BootstrapOptions& options);

/// What Student's t with `freedom` >= 1 degrees of freedom stays below with probability `share`, 0.5 <= share < 1.
double studentQuantile(int freedom, double share);

}  // namespace lorkd::eval
