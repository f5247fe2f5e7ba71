#include "core/eval/PairedTest.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lorkd::eval {
namespace {

constexpr std::int64_t exactUpTo = 25;  // pairs: 2^25 signs, counted without rounding

/// P(W <= statistic) for ranks 1 to n, each with either sign: how many subsets of the ranks have each sum.
double exactBelow(std::int64_t n, double statistic) {
  std::vector<double> ways(static_cast<std::size_t>(n * (n + 1) / 2 + 1), 0);
  ways[0] = 1;
  for (std::size_t rank = 1; rank <= static_cast<std::size_t>(n); ++rank)
    for (std::size_t sum = ways.size(); sum-- > rank;) ways[sum] += ways[sum - rank];
  double below = 0;
  for (std::size_t sum = 0; static_cast<double>(sum) <= statistic; ++sum) below += ways[sum];
  return std::ldexp(below, -static_cast<int>(n));
}

}  // namespace

const char* toString(SignedRank::Kind kind) {
  switch (kind) {
    case SignedRank::Kind::Exact:
      return "exact";
    case SignedRank::Kind::Normal:
      return "normal";
    case SignedRank::Kind::None:
      break;
  }
  return "";
}

SignedRank signedRank(const std::vector<double>& differences) {
  SignedRank out;
  auto d = differences;
  std::erase(d, 0.0);
  out.pairs = static_cast<std::int64_t>(d.size());
  if (d.empty()) {
    out.why = differences.empty() ? "no pairs" : "no pair differs";
    return out;
  }
  std::ranges::sort(d, {}, [](double v) { return std::abs(v); });
  const auto n = static_cast<double>(d.size());
  double above = 0, ties = 0;  // sum of the ranks of positive differences; sum over ties of t³ - t
  for (std::size_t first = 0, end = 0; first < d.size(); first = end) {
    while (end < d.size() && std::abs(d[end]) == std::abs(d[first])) ++end;
    const auto size = static_cast<double>(end - first);
    const double rank = static_cast<double>(first + end + 1) / 2;
    for (std::size_t i = first; i < end; ++i) above += d[i] > 0 ? rank : 0;
    ties += size * size * size - size;
  }
  const double all = n * (n + 1) / 2;
  out.statistic = std::min(above, all - above);
  if (out.pairs <= exactUpTo && ties == 0) {
    out.kind = SignedRank::Kind::Exact;
    out.p = std::min(1.0, 2 * exactBelow(out.pairs, out.statistic));
    return out;
  }
  out.kind = SignedRank::Kind::Normal;
  const double deviation = std::sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
  const double away = std::max(0.0, all / 2 - out.statistic - 0.5);
  out.p = std::erfc(away / deviation / std::numbers::sqrt2);
  return out;
}

}  // namespace lorkd::eval
