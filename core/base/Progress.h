// Progress reporting and cancellation for long work.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace lorkd {

/// Where long work reports how far it is. Injected downward; called from the working thread.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `done` of `total` units of the step named `what`; total 0 means unknown.
  virtual void report(const std::string& what, std::int64_t done, std::int64_t total) = 0;
  /// A line worth keeping, without a fraction.
  virtual void note(const std::string& line) = 0;
};

/// Swallows everything; for tests and callers that do not watch.
class SilentProgress final : public Progress {
 public:
  void report(const std::string&, std::int64_t, std::int64_t) override {}
  void note(const std::string&) override {}
};

/// A request to stop, shared between the one who asks and the one job that obeys. Each job has its own.
/// Copies refer to the same request. Thread-safe.
class CancelToken {
 public:
  void cancel() { m_flag->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return m_flag->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> m_flag = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace lorkd
