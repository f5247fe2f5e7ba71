// Interleaved timing: variants take turns, so that a busy neighbour slows all of them alike.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace lorkd::bench {

enum class Clock { Wall, Cpu };

/// How long and by which clock. Cpu is the process's CPU time divided by the threads: for machines that are not idle.
struct TimingOptions {
  int rounds = 9;
  Clock clock = Clock::Wall;
  std::string only;  ///< rows whose title holds this text; empty: all
  bool takes(const std::string& title) const { return title.find(only) != std::string::npos; }
};

/// Median milliseconds of each variant; every variant runs once before the clock starts.
std::vector<double> interleavedMedians(const std::vector<std::function<void()>>& variants,
                                       const TimingOptions& options);

}  // namespace lorkd::bench
