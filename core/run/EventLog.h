// events.jsonl: append-only, one JSON object a line. A torn last line is ignored and read again once it is whole.
//
// Every event has "t" (seconds since the epoch, UTC) and "kind":
//   step        step, lr, seconds, wait (share of the step spent waiting for data), total,
//               losses {task: {name: value}}   names: dice, bce, cross_entropy, transfer, transfer_logits, total
//   validation  step, best (bool), mean, by (the score that mean is of, "dice" for example; that of training.best),
//               metrics {task: {"dice": v, "dice/<class>": v} or {"accuracy": v, "auc": v, "accuracy/<class>": v}} and
//               further scores, that which counts in the mean first; a class's accuracy is the share of its cases that
//               were recognised; null for a class that no case has. Logs of older versions have no classes, and do not
//               say by which score
//   conflict    step, tasks [name...], batches, weights (each task's share of the samples of its batches; older logs
//               lack it), layers {name: K} with K the T×T Gram matrix of the weighted losses' gradients, rows as
//               arrays; null for two tasks that were never in one batch
//   phase       phase, message, plan (digest of the plan of the run that wrote it; older versions do not say it)
//   resources   peak_memory (bytes of the training process so far, without the files that it maps), each time a process
//               ends its training
//   log         level, message; step where it tells of one; strategies {layer: strategy} of the first step's
//               separated convolutions
//   done        outcome ("done", "cancelled", "failed"), message
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::run {

/// Seconds since the epoch, UTC.
double now();

/// Appends events; each append is one write call.
class EventWriter {
 public:
  explicit EventWriter(std::filesystem::path file) : m_file(std::move(file)) {}
  /// Adds "t" and "kind" in front. A value that is not finite becomes null. Errors: Io, when it could not be written
  /// several times; whoever goes on then leaves a log with a gap.
  Result<void> append(const std::string& kind, Json fields) const;
  /// Cuts the log back for a resumed run: drops a torn last line and every step, validation, conflict and log
  /// event beyond `step`, so that the log reads as if it had never been interrupted. With `validationDue` the
  /// validation after `step` happens again, too.
  Result<void> rewindTo(std::int64_t step, bool validationDue = false) const;

 private:
  std::filesystem::path m_file;
};

/// Follows a growing log: each call returns what is new since the last one. A line longer than any event is passed
/// over, and never held in memory.
class EventReader {
 public:
  /// With the digest of a plan, what a run of another plan has written is not given: from a phase of its own on until
  /// the next of this one. Logs of older versions do not name plans, and are given as they are.
  explicit EventReader(std::filesystem::path file, std::string plan = {})
      : m_file(std::move(file)), m_plan(std::move(plan)) {}
  /// For who learns the plan later: asks for its events alone from the next poll on.
  void expect(std::string plan) { m_plan = std::move(plan); }
  /// New whole events; an absent file gives none. `restarted` (if given) is set when the log became shorter or was
  /// replaced, in which case everything is returned from the start.
  std::vector<Json> poll(bool* restarted = nullptr);
  /// The same for each new event, without holding them together. Returns whether the log was restarted.
  bool follow(const std::function<void(Json&&)>& use);
  /// Whether some of the log was written by a run of another plan.
  bool foreign() const { return m_foreign; }
  /// Whole lines met so far that are no events: torn by a fault, or not written by this program.
  std::size_t damaged() const { return m_damaged; }
  /// Whether the log ended in the middle of a line when it was read last.
  bool unfinished() const { return m_tooLong || !m_line.empty(); }
  /// Bytes read so far.
  std::uintmax_t read() const { return m_read; }

 private:
  std::filesystem::path m_file;
  std::string m_plan;                           ///< whose events are asked for; empty: whosoever's
  bool m_foreign = false, m_elsewhere = false;  ///< met another plan's; in the middle of them
  std::uintmax_t m_read = 0;                    ///< bytes read so far
  std::uint64_t m_inode = 0;
  std::string m_line;      ///< the line that has no end yet, as far as it is read
  bool m_tooLong = false;  ///< it is longer than any event, and not held
  std::string m_tail;      ///< the last bytes before m_read
  std::size_t m_damaged = 0;
};

}  // namespace lorkd::run
