#include "tests/bench/Timing.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace lorkd::bench {
namespace {

double now(Clock clock) {
  if (clock == Clock::Cpu) return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC / at::get_num_threads();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::vector<double> interleavedMedians(const std::vector<std::function<void()>>& variants,
                                       const TimingOptions& options) {
  std::vector<std::vector<double>> times(variants.size());
  for (const auto& variant : variants) variant();
  for (int round = 0; round < options.rounds; ++round)
    for (std::size_t v = 0; v < variants.size(); ++v) {
      const double begin = now(options.clock);
      variants[v]();
      times[v].push_back(now(options.clock) - begin);
    }
  std::vector<double> medians;
  for (auto& t : times) {
    std::sort(t.begin(), t.end());
    medians.push_back(t[t.size() / 2]);
  }
  return medians;
}

}  // namespace lorkd::bench
