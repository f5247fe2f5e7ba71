// Trainings as child processes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"

namespace lorkd::workflow {

/// A child process with its output in a file. It is asked to stop when the parent dies, whatever ends that.
class ChildProcess {
 public:
  /// Starts `command` (program and arguments); what it prints is appended to `log`. Errors: Io.
  static Result<ChildProcess> start(const std::vector<std::string>& command, const std::filesystem::path& log);
  /// Its exit status once it has ended (128 + n after signal n).
  std::optional<int> ended();
  /// Asks it to stop (SIGTERM).
  void stop() const;

 private:
  int m_pid = -1;
};

/// One training in a queue.
struct StudyJob {
  enum class State { Waiting, Running, Done, Failed, Stopped };
  std::filesystem::path run;  ///< a run directory
  int after = -1;             ///< the job that must be done before
  State state = State::Waiting;
  std::string message{};  ///< why it failed
};

/// Works through the jobs, at most `atOnce` together, each as `command` with the run's path behind. A failed job does
/// not end the others, only those that wait for it. A run that another process holds is waited for. On cancel the
/// running ones are asked to stop and waited for.
void work(std::vector<StudyJob>& jobs, const std::vector<std::string>& command, int atOnce, Progress& progress,
          const CancelToken& cancel);

}  // namespace lorkd::workflow
