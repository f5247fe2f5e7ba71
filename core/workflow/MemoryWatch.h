// How much memory a training needs.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace lorkd::workflow {

/// Looks at this process's memory fifty times a second while it lives. Counted is what no file backs (resident less
/// shared pages of proc(5)'s statm): pages of mapped volumes and checkpoints are the system's to take back at any time,
/// so that a run with less memory would do as well without them.
class MemoryWatch {
 public:
  MemoryWatch();
  /// The most so far, in bytes; 0 where the system does not tell.
  std::int64_t peak();

 private:
  void look();
  std::atomic<std::int64_t> m_peak = 0;
  std::jthread m_thread;  ///< last: joined before the rest goes
};

}  // namespace lorkd::workflow
