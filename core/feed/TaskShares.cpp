#include "core/feed/TaskShares.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace lorkd::feed {
namespace {

std::vector<double> shares(plan::TrainingSampling sampling, const std::vector<std::int64_t>& cases) {
  std::vector<double> out(cases.size(), 1.0);
  for (std::size_t t = 0; t < cases.size(); ++t) {
    const double root = std::sqrt(static_cast<double>(std::max<std::int64_t>(cases[t], 1)));
    if (sampling == plan::TrainingSampling::Sqrt) out[t] = root;
    if (sampling == plan::TrainingSampling::InverseSqrt) out[t] = 1 / root;
  }
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  for (auto& share : out) share /= sum;
  return out;
}

/// The task whose turn number `m` is: one after the other where shares are equal, else along a golden-ratio walk over
/// them. The shares' sum is 1.
std::size_t turn(const std::vector<double>& shares, std::int64_t m) {
  const auto [least, most] = std::ranges::minmax(shares);
  if (most - least < 1e-9) return static_cast<std::size_t>(m % static_cast<std::int64_t>(shares.size()));
  double place = std::fmod(0.5 + static_cast<double>(m) * (std::numbers::phi - 1), 1.0);
  std::size_t task = 0;
  for (; task + 1 < shares.size() && place >= shares[task]; ++task) place -= shares[task];
  return task;
}

}  // namespace

std::vector<std::int64_t> taskShares(const plan::Training& options, const std::vector<std::int64_t>& cases,
                                     std::int64_t step) {
  const auto tasks = static_cast<std::int64_t>(cases.size());
  const auto share = shares(options.sampling, cases);
  std::vector<std::int64_t> counts(cases.size(), 0);
  if (options.batch < tasks) {
    for (std::int64_t m = step * options.batch; m < (step + 1) * options.batch; ++m) ++counts[turn(share, m)];
    return counts;
  }
  std::vector<double> remainder(cases.size());
  std::int64_t given = 0;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    const double quota = share[t] * static_cast<double>(options.batch);
    counts[t] = std::max<std::int64_t>(1, static_cast<std::int64_t>(quota + 1e-9));
    remainder[t] = quota - static_cast<double>(counts[t]);
    given += counts[t];
  }
  // What is left over goes round, step after step, by the tasks' remainders.
  const auto left = options.batch - given;
  if (left > 0) {
    double sum = 0;  // more than what is left where a guaranteed sample is more than its task's quota
    for (const double r : remainder) sum += std::max(r, 0.0);
    for (auto& r : remainder) r = std::max(r, 0.0) / sum;
  }
  for (std::int64_t i = 0; i < left; ++i, ++given) ++counts[turn(remainder, step * left + i)];
  // The guaranteed single samples may have taken too many: the task furthest above its quota gives back.
  for (; given > options.batch; --given) {
    std::size_t most = 0;
    for (std::size_t t = 0; t < counts.size(); ++t)
      if (counts[t] > 1 && (counts[most] <= 1 || remainder[t] < remainder[most])) most = t;
    --counts[most];
    remainder[most] += 1;
  }
  return counts;
}

}  // namespace lorkd::feed
