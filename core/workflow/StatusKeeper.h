// Keeps status.json of a running trainer fresh: a heartbeat of its own, so that long validations do not look dead.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

class StatusKeeper {
 public:
  explicit StatusKeeper(const run::RunDirectory& run);
  /// Writes the last word; a status still Running becomes Failed.
  ~StatusKeeper();
  /// Changes the status; it reaches the disk within a second, changes of state or phase at once.
  void update(const std::function<void(run::Status&)>& change);
  run::Status status() const;

 private:
  void write();
  run::RunDirectory m_run;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_wake;
  run::Status m_status;
  std::jthread m_thread;
};

}  // namespace lorkd::workflow
