#include "core/eval/PatientScores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "core/eval/StudyTable.h"

namespace lorkd::eval {
namespace {

/// What a task's scores must be called to count in a figure: the whole metric of a class, else the part before "/".
std::string countedAs(const ScoresOfTask& task, const std::string& metric, bool meanOfTasks) {
  if (!meanOfTasks || (metric != "dice" && metric != "accuracy")) return metric;
  for (const auto& [name, cases] : task)
    if (baseOf(name) == metric) return metric;
  return metric == "dice" ? "accuracy" : "dice";
}

}  // namespace

ScoresOfMethod scoresOf(const std::string& method, const std::vector<StudyResult>& results) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // task, metric, patient, case
  std::map<Key, std::pair<double, int>> seeds;
  const auto add = [&](Key key, double value) {
    auto& [sum, n] = seeds[std::move(key)];
    sum += value, ++n;
  };
  for (const auto& result : results) {
    for (const auto& row : result.table.cases())
      if (row.method == method && std::isfinite(row.value)) add({row.task, row.metric, row.patient, row.id}, row.value);
    for (const auto& answers : result.table.answers())
      if (answers.method == method)
        for (const auto& picture : answers.pictures)
          if (const double value = rightness(answers, picture); std::isfinite(value))
            add({answers.task, "accuracy", picture.patient, picture.id}, value);
  }
  ScoresOfMethod out;
  for (const auto& [key, found] : seeds) {
    const auto& [task, metric, patient, id] = key;
    out[task][metric][{patient, id}] = found.first / found.second;
  }
  return out;
}

ScoresOfMethod differences(const ScoresOfMethod& scores, const ScoresOfMethod& reference) {
  ScoresOfMethod out;
  for (const auto& [task, metrics] : scores)
    for (const auto& [metric, cases] : metrics)
      for (const auto& [key, score] : cases) {
        const auto otherTask = reference.find(task);
        if (otherTask == reference.end()) continue;
        const auto otherMetric = otherTask->second.find(metric);
        if (otherMetric == otherTask->second.end()) continue;
        const auto other = otherMetric->second.find(key);
        if (other != otherMetric->second.end()) out[task][metric][key] = score - other->second;
      }
  return out;
}

PatientSample::PatientSample(const ScoresOfMethod& scores, const std::string& task, const std::string& metric) {
  const bool meanOfTasks = task == "mean", single = metric.find('/') != std::string::npos;
  auto& fewest = m_patients.fewest = std::numeric_limits<std::size_t>::max();
  std::map<std::string, std::size_t> place;
  std::vector<std::pair<std::string, std::vector<const CaseScores*>>> chosen;
  for (const auto& [name, metrics] : scores) {
    if (!meanOfTasks && name != task) continue;
    const auto wanted = countedAs(metrics, metric, meanOfTasks);
    std::vector<const CaseScores*> classes;
    for (const auto& [own, cases] : metrics) {
      if ((single ? own : baseOf(own)) != wanted) continue;
      classes.push_back(&cases);
      std::map<std::string, int> patients;
      for (const auto& [key, score] : cases) ++patients[key.first], place.emplace(key.first, 0);
      fewest = std::min(fewest, patients.size());
      if (patients.size() < 2)
        m_patients.scarce = own.find('/') == std::string::npos ? name : own.substr(own.find('/') + 1);
    }
    if (!classes.empty()) chosen.emplace_back(name, std::move(classes));
  }
  std::size_t next = 0;
  for (auto& [name, index] : place) index = next++;
  auto& groups = m_patients.group;
  groups.resize(next);
  std::iota(groups.begin(), groups.end(), std::size_t(0));
  for (const auto& [name, classes] : chosen) {
    auto& own = m_tasks.emplace_back();
    std::vector<std::size_t> ofTask;
    for (const auto* cases : classes) {
      auto& entries = own.emplace_back();
      for (const auto& [key, score] : *cases) {
        const auto patient = place.at(key.first);
        if (entries.empty() || entries.back().patient != patient) {
          entries.push_back({patient, 0, 0});
          ofTask.push_back(patient);
        }
        entries.back().sum += score, ++entries.back().cases;
      }
    }
    joinGroups(groups, ofTask);
  }
}

double PatientSample::mean(const std::vector<int>& times) const {
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

std::vector<double> PatientSample::byPatient() const {
  const auto n = patients();
  std::vector<double> sums(n, 0);
  std::vector<int> tasks(n, 0);
  for (const auto& classes : m_tasks) {
    std::vector<double> own(n, 0);
    std::vector<int> found(n, 0);
    for (const auto& entries : classes)
      for (const auto& [patient, score, cases] : entries) own[patient] += score / cases, ++found[patient];
    for (std::size_t i = 0; i < n; ++i)
      if (found[i] > 0) sums[i] += own[i] / found[i], ++tasks[i];
  }
  for (std::size_t i = 0; i < n; ++i) sums[i] /= tasks[i];  // each is in one task at least
  return sums;
}

Interval PatientSample::interval(const BootstrapOptions& options) const {
  return intervalOver(
      m_patients, [&](const std::vector<int>& times) { return mean(times); }, options);
}

}  // namespace lorkd::eval
