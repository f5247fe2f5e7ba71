#include "core/workflow/MemoryWatch.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>

namespace lorkd::workflow {

MemoryWatch::MemoryWatch() {
  m_thread = std::jthread([this](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      look();
      wake.wait_for(lock, stop, std::chrono::milliseconds(20), [] { return false; });
    }
  });
}

std::int64_t MemoryWatch::peak() {
  look();
  return m_peak;
}

void MemoryWatch::look() {
  std::ifstream in("/proc/self/statm");
  std::int64_t size = 0, resident = 0, shared = 0;
  if (!(in >> size >> resident >> shared)) return;
  const auto now = (resident - shared) * ::sysconf(_SC_PAGESIZE);
  for (auto before = m_peak.load(); before < now && !m_peak.compare_exchange_weak(before, now);) {
  }
}

}  // namespace lorkd::workflow
