// What a trainer obeys: control.json of its run, and the cancellation of its process.
#pragma once

#include <chrono>
#include <utility>

#include "core/base/Progress.h"
#include "core/train/Trainer.h"
#include "core/workflow/StatusKeeper.h"

namespace lorkd::workflow {

/// One for a whole run, from preparing to scoring. A stop cancels the token that it was given, so whatever long work is
/// under way ends as if the process had been told to.
class ControlDesk {
 public:
  /// Commands that lie in the run already are history: they were meant for an earlier life of it.
  ControlDesk(const run::RunDirectory& run, StatusKeeper& status, const CancelToken& cancel);
  /// Stops and pauses as asked, and does not return while paused; a checkpoint is remembered for poll().
  void obey();
  /// Obeys, and tells the training loop what is left for it to do.
  train::Control poll();
  /// Whether a checkpoint was asked for; asked once.
  bool takeCheckpoint() { return std::exchange(m_checkpoint, false); }
  double secondsPaused() const { return m_paused; }
  StatusKeeper& status() { return m_status; }

 private:
  const run::RunDirectory m_run;
  StatusKeeper& m_status;
  CancelToken m_cancel;
  std::int64_t m_last = -1;
  bool m_checkpoint = false;  ///< asked for and not yet told
  double m_paused = 0;
};

/// Passes progress on and looks at the desk meanwhile, so that pause and stop also work outside the training loop.
class ObeyingProgress final : public Progress {
 public:
  ObeyingProgress(Progress& progress, ControlDesk& desk) : m_progress(progress), m_desk(desk) {}
  void report(const std::string& what, std::int64_t done, std::int64_t total) override;
  void note(const std::string& line) override { m_progress.note(line); }

 private:
  Progress& m_progress;
  ControlDesk& m_desk;
  std::chrono::steady_clock::time_point m_looked{};
};

}  // namespace lorkd::workflow
