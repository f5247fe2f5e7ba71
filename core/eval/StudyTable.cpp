#include "core/eval/StudyTable.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/eval/TableView.h"

namespace lorkd::eval {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Scores of one class of one task by patient: sum over the cases of the mean over seeds, and how many cases.
struct Scores {
  std::map<std::string, std::pair<double, int>> byPatient;
};
using ScoresOfTask = std::map<std::string, Scores>;          // by metric
using ScoresOfMethod = std::map<std::string, ScoresOfTask>;  // by task

ScoresOfMethod scoresOf(const std::string& method, const std::vector<StudyResult>& results) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // task, metric, patient, case
  std::map<Key, std::pair<double, int>> seeds;
  for (const auto& result : results)
    for (const auto& row : result.table.cases())
      if (row.method == method && std::isfinite(row.value)) {
        auto& [sum, n] = seeds[{row.task, row.metric, row.patient, row.id}];
        sum += row.value, ++n;
      }
  ScoresOfMethod out;
  for (const auto& [key, found] : seeds) {
    const auto& [task, metric, patient, id] = key;
    auto& [sum, n] = out[task][metric].byPatient[patient];
    sum += found.first / found.second, ++n;
  }
  return out;
}

/// What a row is made of: classes, grouped by task, with their scores in one common order of patients.
class Sample {
 public:
  explicit Sample(const std::vector<const ScoresOfTask*>& tasks, const std::string& onlyMetric = {}) {
    std::set<std::string> names;
    for (const auto* task : tasks)
      for (const auto& [metric, scores] : *task)
        if (onlyMetric.empty() || metric == onlyMetric)
          for (const auto& [patient, score] : scores.byPatient) names.insert(patient);
    std::map<std::string, std::size_t> place;
    for (const auto& name : names) place.emplace(name, place.size());
    m_patients = place.size();
    for (const auto* task : tasks) {
      auto& classes = m_tasks.emplace_back();
      for (const auto& [metric, scores] : *task) {
        if (!onlyMetric.empty() && metric != onlyMetric) continue;
        auto& entries = classes.emplace_back();
        for (const auto& [patient, score] : scores.byPatient)
          entries.push_back({place.at(patient), score.first, score.second});
        m_fewest = std::min(m_fewest, entries.size());
      }
    }
  }

  std::size_t patients() const { return m_patients; }
  /// Of the class that is found in the fewest.
  std::size_t fewest() const { return m_fewest; }

  /// Not-a-number if a class has no case among the drawn.
  double mean(const std::vector<int>& times) const {
    double tasks = 0;
    for (const auto& classes : m_tasks) {
      double sum = 0;
      for (const auto& entries : classes) {
        double scores = 0, cases = 0;
        for (const auto& [patient, score, n] : entries) scores += times[patient] * score, cases += times[patient] * n;
        sum += scores / cases;  // 0/0 is not a number
      }
      tasks += sum / static_cast<double>(classes.size());
    }
    return tasks / static_cast<double>(m_tasks.size());
  }

 private:
  struct Entry {
    std::size_t patient;
    double sum;
    int cases;
  };
  std::size_t m_patients = 0, m_fewest = std::numeric_limits<std::size_t>::max();
  std::vector<std::vector<std::vector<Entry>>> m_tasks;  // tasks, classes, patients
};

/// Fills in the interval of a row, if its kind has one.
void addInterval(StudyRow& row, const ScoresOfMethod& scores, const BootstrapOptions& options) {
  if (!isScore(row.metric) || row.metric == "auc") return;
  std::vector<const ScoresOfTask*> tasks;
  for (const auto& [task, own] : scores)
    if (task == row.task || row.task == "mean") tasks.push_back(&own);
  if (tasks.empty()) return;
  const bool single = row.metric.find('/') != std::string::npos;
  const Sample sample(tasks, single ? row.metric : "");
  row.patients = static_cast<std::int64_t>(sample.patients());
  if (sample.fewest() < 2) return;  // a class of one patient would seem to be certain
  row.interval = bootstrap(
      sample.patients(), [&](const std::vector<int>& times) { return sample.mean(times); }, options);
}

std::string figure(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace

StudyTable::StudyTable(const std::vector<StudyResult>& results, const BootstrapOptions& options) {
  std::vector<std::array<std::string, 3>> keys;
  std::vector<std::string> methods;
  std::map<std::array<std::string, 3>, std::vector<double>> values;
  std::map<std::array<std::string, 3>, std::int64_t> cases;
  for (const auto& result : results)
    for (const auto& row : result.table.rows()) {
      const std::array key{row.task, row.method, row.metric};
      if (!values.contains(key)) keys.push_back(key);
      if (std::ranges::find(methods, row.method) == methods.end()) methods.push_back(row.method);
      auto& list = values[key];
      if (std::isfinite(row.value)) list.push_back(row.value);
      cases[key] = std::max(cases[key], row.cases);
    }
  std::map<std::string, ScoresOfMethod> scores;
  for (const auto& method : methods) scores.emplace(method, scoresOf(method, results));
  for (const auto& key : keys) {
    const auto& list = values.at(key);
    StudyRow row{key[0], key[1], key[2], none, {}, none, cases.at(key), 0, static_cast<std::int64_t>(list.size())};
    double sum = 0, squares = 0;
    for (const double v : list) sum += v;
    const double n = static_cast<double>(list.size());
    if (n > 0) row.value = row.metric == "peak_memory" ? std::ranges::max(list) : sum / n;
    for (const double v : list) squares += (v - sum / n) * (v - sum / n);
    if (n > 1) row.deviation = std::sqrt(squares / (n - 1));
    addInterval(row, scores.at(row.method), options);
    m_rows.push_back(std::move(row));
  }
}

const StudyRow* StudyTable::find(const std::string& task, const std::string& method, const std::string& metric) const {
  const auto row = std::ranges::find_if(
      m_rows, [&](const auto& r) { return r.task == task && r.method == method && r.metric == metric; });
  return row == m_rows.end() ? nullptr : &*row;
}

Table StudyTable::values() const {
  Table out;
  for (const auto& row : m_rows) out.add({row.task, row.method, row.metric, row.value, row.cases});
  return out;
}

std::string StudyTable::text(const std::string& metric) const {
  return values().text(metric, [&](const std::string& task, const std::string& method) {
    const auto* row = find(task, method, metric);
    if (!row) return std::string("–");
    auto out = formatValue(metric, row->value);
    if (std::isfinite(row->interval.low))
      out += fmt::format(" [{:.3f}, {:.3f}]", row->interval.low, row->interval.high);
    return out;
  });
}

std::string StudyTable::csv() const {
  std::string out = "task,method,metric,value,low,high,deviation,cases,patients,seeds\r\n";
  for (const auto& r : m_rows)
    out += fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", csvField(r.task), csvField(r.method), csvField(r.metric),
                       figure(r.value), figure(r.interval.low), figure(r.interval.high), figure(r.deviation), r.cases,
                       r.patients, r.seeds);
  return out;
}

Json StudyTable::json() const {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  auto rows = Json::array();
  for (const auto& r : m_rows)
    rows.push_back({{"task", r.task},
                    {"method", r.method},
                    {"metric", r.metric},
                    {"value", number(r.value)},
                    {"low", number(r.interval.low)},
                    {"high", number(r.interval.high)},
                    {"deviation", number(r.deviation)},
                    {"cases", r.cases},
                    {"patients", r.patients},
                    {"seeds", r.seeds}});
  return rows;
}

}  // namespace lorkd::eval
