// New inputs out of those known: bytes, numbers, pieces of others, and what the code under test compared its input
// with.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/Random.h"

namespace lorkd::fuzz {

/// The last comparison of each place in the code whose two sides differed.
class Comparisons {
 public:
  struct Pair {
    std::uint64_t a = 0, b = 0;
    unsigned bytes = 0;
  };
  void add(std::uint64_t place, const Pair& pair) { m_pairs[place % m_pairs.size()] = pair; }
  const Pair& pick(Random& random) const { return m_pairs[static_cast<std::size_t>(random.below(m_pairs.size()))]; }

 private:
  std::array<Pair, 1024> m_pairs{};
};

/// Deterministic: the n-th input is a function of the seed, n, the inputs known and the comparisons seen.
class Mutator {
 public:
  Mutator(std::uint64_t seed, std::size_t longest, const Comparisons& comparisons)
      : m_seed(seed), m_longest(longest), m_comparisons(comparisons) {}

  std::string next(const std::vector<std::string>& corpus) {
    m_random = Random(m_seed, {m_count++});
    // The newer ones reach farther.
    auto input = corpus[std::max(below(corpus.size()), below(corpus.size()))];
    for (auto steps = std::size_t(1) << below(4); steps > 0; --steps) step(input, corpus[below(corpus.size())]);
    if (input.size() > m_longest) input.resize(m_longest);
    return input;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(m_random.below(static_cast<std::int64_t>(n))); }

  void step(std::string& input, const std::string& other) {
    const auto at = below(input.size() + 1), left = input.size() - at;
    const auto some = [&](std::size_t most) { return below(std::min(most, std::size_t(1) << below(12)) + 1); };
    switch (below(11)) {
      case 0:
        if (left > 0) input[at] = static_cast<char>(input[at] ^ 1 << below(8));
        break;
      case 1:
        if (left > 0) input[at] = static_cast<char>(below(256));
        break;
      case 2:
        input.erase(at, some(left));
        break;
      case 3:
        input.insert(at, some(16), static_cast<char>(below(256)));
        break;
      case 4:
        input.insert(at, input.substr(at, some(left)));  // once more
        break;
      case 5: {
        const auto from = below(other.size() + 1);
        input.insert(at, other.substr(from, some(other.size() - from)));
        break;
      }
      case 6: {
        const auto from = below(other.size() + 1);
        input.replace(at, some(left), other.substr(from, some(other.size() - from)));
        break;
      }
      case 7:
        overwrite(input, at, bytesOf(odd(), 1u << below(4), below(4) == 0));
        break;
      case 8:
        number(input, at);
        break;
      default:
        satisfy(input, at);
    }
  }

  // Numbers at the edges of what integers hold.
  std::uint64_t odd() {
    const auto power = std::uint64_t(1) << below(64);
    return std::array<std::uint64_t, 5>{power, power - 1, 0 - power, below(20), ~power}[below(5)];
  }

  static std::string bytesOf(std::uint64_t value, unsigned bytes, bool bigEndian) {
    std::string out(bytes, '\0');
    std::memcpy(out.data(), &value, bytes);
    if (bigEndian) std::ranges::reverse(out);
    return out;
  }

  static void overwrite(std::string& input, std::size_t at, const std::string& bytes) {
    const auto room = std::min(bytes.size(), input.size() - at);
    input.replace(at, room, bytes);
  }

  // The next number that is written in digits becomes another.
  void number(std::string& input, std::size_t at) {
    const auto first = input.find_first_of("0123456789", at);
    if (first == input.npos) return;
    const auto last = std::min(input.find_first_not_of("0123456789", first), input.size());
    static constexpr std::array<const char*, 8> kOdd{"-1", "1e308", "1e-320", "nan", "inf", "0x7f", "-0", "0.5"};
    input.replace(first, last - first, below(3) == 0 ? kOdd[below(kOdd.size())] : std::to_string(odd()));
  }

  // One side of a comparison that failed becomes the other, where the input holds it.
  void satisfy(std::string& input, std::size_t at) {
    auto [a, b, bytes] = m_comparisons.pick(m_random);
    if (bytes == 0) return;
    if (below(2) == 0) std::swap(a, b);
    const bool bigEndian = below(4) == 0;
    const auto there = bytesOf(a, bytes, bigEndian);
    const auto wanted = bytesOf(below(2) == 0 ? b : b + below(3) - 1, bytes, bigEndian);
    const auto found = input.find(there, at);
    overwrite(input, found == input.npos ? at : found, wanted);
  }

  std::uint64_t m_seed, m_count = 0;
  std::size_t m_longest;
  const Comparisons& m_comparisons;
  Random m_random{0};
};

}  // namespace lorkd::fuzz
