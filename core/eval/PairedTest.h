// Wilcoxon's signed-rank test of paired differences.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lorkd::eval {

struct SignedRank {
  enum class Kind { None, Exact, Normal };
  double p = std::numeric_limits<double>::quiet_NaN();  ///< two-sided
  double statistic = 0;                                 ///< the smaller sum of ranks
  std::int64_t pairs = 0;                               ///< with a difference other than 0
  Kind kind = Kind::None;
  std::string why{};  ///< why there is no p
};

/// "exact", "normal", or "" of none.
const char* toString(SignedRank::Kind kind);

/// Wilcoxon 1945: differences of 0 are dropped, equal sizes share their mean rank. Exact for at most 25 pairs without
/// ties, else the normal approximation with the variance corrected for ties and a correction for continuity of 1/2; so
/// scipy.stats.wilcoxon(zero_method="wilcox", correction=True). No p without a difference other than 0. The
/// differences must be finite.
SignedRank signedRank(const std::vector<double>& differences);

}  // namespace lorkd::eval
