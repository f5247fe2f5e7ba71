// The run directory: the only interface between training and whoever watches. See ARCHITECTURE.md for its layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/run/Plan.h"

namespace lorkd::run {

enum class State { Queued, Running, Paused, Finished, Failed, Interrupted };
std::string toString(State state);

/// What the trainer says of itself, replaced atomically.
struct Status {
  State state = State::Queued;
  std::string phase{};      ///< "preparing", "teacher", "training", "evaluating", ...
  std::int64_t step = 0;    ///< optimiser steps done
  std::int64_t steps = 0;   ///< optimiser steps planned
  double secondsLeft = -1;  ///< estimate; negative if unknown
  std::int64_t pid = 0;
  std::string host{};
  double heartbeat = 0;        ///< seconds since the epoch, UTC
  std::string message{};       ///< the error's text when failed
  std::int64_t bestStep = -1;  ///< of the best validation so far; -1 if none
  double best = 0;             ///< its figure
  std::string bestBy{};        ///< which score that is: "dice", "auc"
};

/// What a watcher asks of the trainer; polled between steps.
enum class Command { Pause, Resume, Checkpoint, Stop };
std::string toString(Command command);

/// A numbered command, so that each is obeyed once.
struct NumberedCommand {
  std::int64_t number = 0;
  Command command = Command::Pause;
};

/// Handle to a run directory. Cheap to copy; every call reads or writes the disk.
class RunDirectory {
 public:
  /// Makes the folder and freezes the plan into it. Errors: Io; Mismatch if it already holds a run of another plan
  /// (the same plan is accepted: the run is then continued); InvalidArgument for a plan with faults.
  static Result<RunDirectory> create(const std::filesystem::path& path, const plan::Plan& plan);
  /// Errors: NotFound when it is no run directory, Format when its plan is damaged.
  static Result<RunDirectory> open(const std::filesystem::path& path);
  /// True if `path` holds a plan.json and a status.json.
  static bool isRun(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return m_path; }
  /// Where the index and the prepared cases of this run lie: PROJECT when the run is PROJECT/runs/<name>, else the
  /// folder that holds it; a nested teacher's is that of the run around it. Runs side by side share them; with the same
  /// seed, shares and tasks also the split of the patients.
  std::filesystem::path project() const;
  const plan::Plan& plan() const { return m_plan; }
  const std::string& planDigest() const { return m_digest; }

  std::filesystem::path statusFile() const { return m_path / "status.json"; }
  std::filesystem::path events() const { return m_path / "events.jsonl"; }
  /// All events so far, none where there is no log. Errors: Io; Mismatch where another run has written them.
  Result<std::vector<Json>> readEvents() const;
  /// The same errors, for a log of any length, without holding it.
  Result<void> checkEvents() const;
  std::filesystem::path checkpoint(const std::string& name) const {
    return m_path / "checkpoints" / (name + ".safetensors");
  }
  std::filesystem::path expert(const std::string& task) const { return m_path / "experts" / task; }
  std::filesystem::path predictions() const { return m_path / "predictions"; }
  std::filesystem::path teacher() const { return m_path / "teacher"; }
  /// cases.json: the frozen list of cases and splits with input digests (written when the run is prepared).
  std::filesystem::path cases() const { return m_path / "cases.json"; }
  /// Digest of cases.json. Errors: NotFound, Io.
  Result<std::string> casesDigest() const;
  /// metrics.json: the evaluation table once there is one.
  std::filesystem::path metrics() const { return m_path / "metrics.json"; }

  /// What is left at its default is filled in: heartbeat, and for Running and Paused this process's pid and host.
  Result<void> writeStatus(const Status& status) const;
  /// What writeStatus() writes.
  std::string statusText(const Status& status) const;
  /// The status as written, except that Running and Paused become Interrupted when the process is gone
  /// (same host and no such pid or one started at another time, or another host and a heartbeat more than a minute away
  /// from now, in the past or the future).
  Result<Status> status() const;

  /// Appends a command for the trainer.
  Result<void> send(Command command) const;
  /// Commands numbered above `after`.
  Result<std::vector<NumberedCommand>> commands(std::int64_t after) const;

  /// Holds the run for this process: only one trainer at a time. Errors: Mismatch naming the other process.
  /// Released when the returned handle dies.
  Result<std::shared_ptr<void>> lock() const;

 private:
  std::filesystem::path m_path;
  plan::Plan m_plan;
  std::string m_digest;
};

/// What RunDirectory::project() says of a run that lies there, or is to.
std::filesystem::path projectOf(const std::filesystem::path& run);

}  // namespace lorkd::run
