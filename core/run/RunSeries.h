// What a run's event log says, as series: the one reader of events for window, report, study and advice.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/run/Conflict.h"
#include "core/run/Named.h"

namespace lorkd::run {

/// One quantity over time. The three vectors are equally long; a value may be not-a-number.
struct Series {
  std::vector<double> step, time, value;
  std::size_t size() const { return step.size(); }
};

/// Quantity name -> series, in the order of appearance.
using SeriesByName = plan::Named<Series>;

/// A line of the run's log.
struct LogLine {
  double time = 0;
  std::string level;  ///< "info", "warn", "error", "phase", "done"
  std::string message;
};

/// Everything read from one run's log (the kinds and fields of core/run/EventLog.h).
class RunSeries {
 public:
  /// All that a log says.
  static RunSeries of(const std::vector<Json>& events);
  /// Takes one event. Unknown kinds and fields of the wrong type are passed over: the log may be of a newer version.
  void add(const Json& event);
  /// Forgets everything; generation() counts up, so that viewers know to start again.
  void clear();
  std::uint64_t generation() const { return m_generation; }

  /// Task -> quantity -> series: training losses on mini-batches, validation metrics on whole cases.
  const plan::Named<SeriesByName>& losses() const { return m_losses; }
  const plan::Named<SeriesByName>& metrics() const { return m_metrics; }
  const Series& total() const { return m_total; }      ///< total loss
  const Series& mean() const { return m_mean; }        ///< mean validation metric over tasks
  const Series& rate() const { return m_rate; }        ///< learning rate
  const Series& seconds() const { return m_seconds; }  ///< seconds a step
  /// Share of the time of the last `steps` steps that was spent waiting for data; not-a-number if none tells.
  double recentWait(std::size_t steps) const;
  std::int64_t bestStep() const { return m_bestStep; }    ///< step of the best validation, or -1
  double trainingSeconds() const;                         ///< summed over the steps
  double waitedSeconds() const;                           ///< of these, in which no batch was ready
  double bestMean() const { return m_bestMean; }          ///< mean metric there; not-a-number if none
  const std::string& bestBy() const { return m_bestBy; }  ///< which metric chose it; empty in logs that do not say
  double startTime() const { return m_startTime; }        ///< time of the first event, or 0
  std::int64_t lastStep() const { return m_lastStep; }    ///< the last step logged, or 0

  const std::vector<ConflictMeasurement>& conflicts() const { return m_conflicts; }
  const std::vector<std::string>& conflictTasks() const { return m_conflictTasks; }
  const std::vector<std::string>& conflictLayers() const { return m_conflictLayers; }
  const std::vector<LogLine>& log() const { return m_log; }

 private:
  void addStep(const Json& event, double step, double time);
  void addValidation(const Json& event, double step, double time);
  void addConflict(const Json& event, double step, double time);

  std::uint64_t m_generation = 0;
  plan::Named<SeriesByName> m_losses, m_metrics;
  Series m_total, m_mean, m_rate, m_seconds, m_wait;
  std::int64_t m_bestStep = -1, m_lastStep = 0;
  double m_bestMean = std::numeric_limits<double>::quiet_NaN(), m_startTime = 0;
  std::string m_bestBy;
  std::vector<ConflictMeasurement> m_conflicts;
  std::vector<std::string> m_conflictTasks, m_conflictLayers;
  std::vector<LogLine> m_log;
};

}  // namespace lorkd::run
