// Counter-based randomness: a draw depends on (seed, stream...) alone, never on what was drawn before, so loader
// threads may work in any order and a resumed run needs no generator state.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace lorkd {

/// SplitMix64 (Steele, Lea, Flood 2014) started from a mix of seed and stream numbers.
class Random {
 public:
  /// For example `Random(plan.seed, {step, sampleInBatch})`.
  explicit Random(std::uint64_t seed, std::initializer_list<std::uint64_t> stream = {}) : m_state(mix(seed)) {
    for (auto s : stream) m_state = mix(m_state ^ mix(s + 0x632be59bd9b4e019ull));
  }
  std::uint64_t bits() { return mix(m_state += 0x9e3779b97f4a7c15ull); }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, n), n > 0 (the bias below 2^-32 is accepted).
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(uniform() * static_cast<double>(n)); }
  /// Standard normal (Box-Muller).
  double normal() {
    const double u = 1.0 - uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// Normal with mean and standard deviation.
  double normal(double mean, double deviation) { return mean + deviation * normal(); }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  std::uint64_t m_state;
};

}  // namespace lorkd
