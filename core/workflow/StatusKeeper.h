// Keeps status.json of a running trainer fresh: a heartbeat of its own, so that long validations do not look dead.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/Mapping.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

class StatusKeeper {
 public:
  explicit StatusKeeper(const run::RunDirectory& run);
  /// Writes the last word; a status still Running becomes Failed.
  ~StatusKeeper();
  /// Changes the status; it reaches the disk within a second, changes of state or phase at once.
  void update(const std::function<void(run::Status&)>& change);
  /// Changes the status and sees to it that it reaches the disk now, with several tries. Errors: Io.
  Result<void> tell(const std::function<void(run::Status&)>& change);
  run::Status status() const;

 private:
  Result<void> write();
  run::RunDirectory m_run;
  LastWord m_lastWord;  ///< should a file that is mapped become shorter
  bool m_told = false;  ///< that the status cannot be written
  mutable std::mutex m_mutex;
  std::condition_variable_any m_wake;
  run::Status m_status;
  std::jthread m_thread;
};

}  // namespace lorkd::workflow
