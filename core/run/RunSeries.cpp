#include "core/run/RunSeries.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lorkd::run {
namespace {

constexpr double noValue = std::numeric_limits<double>::quiet_NaN();

double number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : noValue;
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <class T>
T& entry(plan::Named<T>& list, const std::string& name) {
  if (T* found = list.find(name)) return *found;
  return list.emplace_back(name, T()).second;
}

void append(Series& series, double step, double time, double value) {
  series.step.push_back(step);
  series.time.push_back(time);
  series.value.push_back(value);
}

void appendAll(plan::Named<SeriesByName>& to, const Json& event, const char* key, double step, double time) {
  const auto tasks = event.find(key);
  if (tasks == event.end() || !tasks->is_object()) return;
  for (const auto& [task, values] : tasks->items()) {
    if (!values.is_object()) continue;
    auto& series = entry(to, task);
    for (const auto& [name, value] : values.items())
      if (value.is_number() || value.is_null())
        append(entry(series, name), step, time, value.is_null() ? noValue : value.get<double>());
  }
}

std::size_t position(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

/// The tasks' shares of the batch; nothing in logs that do not tell them.
std::vector<double> sharesOf(const Json& event, std::size_t tasks) {
  const auto list = event.find("weights");
  if (list == event.end() || !list->is_array() || list->size() != tasks) return {};
  std::vector<double> shares;
  for (const auto& share : *list) {
    if (!share.is_number()) return {};
    shares.push_back(share.get<double>());
  }
  return shares;
}

}  // namespace

RunSeries RunSeries::of(const std::vector<Json>& events) {
  RunSeries series;
  for (const auto& event : events) series.add(event);
  return series;
}

void RunSeries::clear() {
  const auto generation = m_generation + 1;
  *this = RunSeries();
  m_generation = generation;
}

void RunSeries::add(const Json& event) {
  if (!event.is_object()) return;
  const std::string kind = text(event, "kind");
  const double time = number(event, "t"), step = number(event, "step");
  if (m_startTime == 0 && time > 0) m_startTime = time;
  if (step >= 0 && step < 9e15) {
    if (kind == "step") return addStep(event, step, time);
    if (kind == "validation") return addValidation(event, step, time);
    if (kind == "conflict") return addConflict(event, step, time);
  }
  if (kind == "log") m_log.push_back({time, text(event, "level"), text(event, "message")});
  if (kind == "phase") {
    const std::string message = text(event, "message");
    m_log.push_back({time, "phase", text(event, "phase") + (message.empty() ? "" : ": " + message)});
  }
  if (kind == "done") {
    const std::string message = text(event, "message");
    m_log.push_back({time, "done", text(event, "outcome") + (message.empty() ? "" : ": " + message)});
  }
}

void RunSeries::addStep(const Json& event, double step, double time) {
  m_lastStep = static_cast<std::int64_t>(step);
  append(m_total, step, time, number(event, "total"));
  append(m_rate, step, time, number(event, "lr"));
  append(m_seconds, step, time, number(event, "seconds"));
  append(m_wait, step, time, number(event, "wait"));
  appendAll(m_losses, event, "losses", step, time);
}

double RunSeries::recentWait(std::size_t steps) const {
  double waited = 0, all = 0;
  for (std::size_t k = m_wait.size() - std::min(steps, m_wait.size()); k < m_wait.size(); ++k) {
    const double took = m_seconds.value[k], share = m_wait.value[k];
    if (!std::isfinite(took * share)) continue;
    waited += took * share;
    all += took;
  }
  return all > 0 ? waited / all : noValue;
}

double RunSeries::trainingSeconds() const {
  double sum = 0;
  for (const double took : m_seconds.value) sum += took > 0 ? took : 0;
  return sum;
}

double RunSeries::waitedSeconds() const {
  double sum = 0;
  for (std::size_t k = 0; k < m_wait.size(); ++k) {
    const double waited = m_seconds.value[k] * m_wait.value[k];
    sum += waited > 0 ? waited : 0;
  }
  return sum;
}

void RunSeries::addValidation(const Json& event, double step, double time) {
  const double mean = number(event, "mean");
  append(m_mean, step, time, mean);
  appendAll(m_metrics, event, "metrics", step, time);
  const auto best = event.find("best");
  if (best != event.end() && best->is_boolean() && best->get<bool>()) {
    m_bestStep = static_cast<std::int64_t>(step);
    m_bestMean = mean;
    const auto by = event.find("by");
    m_bestBy = by != event.end() && by->is_string() ? by->get<std::string>() : std::string();
  }
}

void RunSeries::addConflict(const Json& event, double step, double time) {
  const auto tasks = event.find("tasks"), layers = event.find("layers");
  if (tasks == event.end() || !tasks->is_array() || layers == event.end() || !layers->is_object()) return;
  if (!std::all_of(tasks->begin(), tasks->end(), [](const Json& name) { return name.is_string(); })) return;
  // Later measurements may know more tasks: rows of those unknown stay zero, which reads as "no gradient".
  const std::size_t known = m_conflictTasks.size();
  std::vector<std::size_t> place;
  for (const auto& name : *tasks) place.push_back(position(m_conflictTasks, name.get<std::string>()));
  const std::size_t all = m_conflictTasks.size(), layersKnown = m_conflictLayers.size();
  const auto shares = sharesOf(event, place.size());
  ConflictMeasurement measurement{static_cast<std::int64_t>(step), time, {}, Gram(all)};
  for (const auto& [layer, rows] : layers->items()) {
    const auto gram = Gram::fromJson(rows, place.size());
    if (!gram) continue;
    const std::size_t at = position(m_conflictLayers, layer);
    measurement.layers.resize(std::max(measurement.layers.size(), at + 1), Gram(all));
    measurement.layers[at] = (shares.empty() ? *gram : gram->perShare(shares)).embedded(all, place);
    measurement.total += measurement.layers[at];
  }
  m_conflicts.push_back(std::move(measurement));
  if (all == known && m_conflictLayers.size() == layersKnown) {
    m_conflicts.back().layers.resize(layersKnown, Gram(all));
    return;
  }
  // A new task or layer: earlier measurements get empty rows for it.
  for (auto& earlier : m_conflicts) {
    std::vector<std::size_t> same(earlier.total.tasks());
    std::iota(same.begin(), same.end(), 0);
    earlier.total = earlier.total.embedded(all, same);
    for (auto& gram : earlier.layers) gram = gram.embedded(all, same);
    earlier.layers.resize(m_conflictLayers.size(), Gram(all));
  }
}

}  // namespace lorkd::run
