#include "core/eval/StudyTable.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "core/eval/AnswerSample.h"
#include "core/eval/PatientScores.h"
#include "core/eval/TableView.h"

namespace lorkd::eval {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// What an interval of a score cannot go beyond.
void clampTo(Interval& interval, const std::string& metric) {
  if (isShare(metric)) interval.high = std::min(interval.high, 1.0);
  const auto base = baseOf(metric);
  if (isShare(metric) || base == "hd95_mm" || base == "lesion_false_positives")
    interval.low = std::max(interval.low, 0.0);
}

/// Fills in the interval of a row, if its kind has one.
void addInterval(StudyRow& row, const ScoresOfMethod& scores, const AnswerBook& book, const BootstrapOptions& options) {
  if (!isScore(row.metric)) return;
  const auto base = baseOf(row.metric);
  if (base == "missed" || base == "calibration_error") {
    row.interval.why = base == "missed" ? "missed is not a mean of cases" : "a calibration error grows in resamples";
    return;
  }
  const auto fill = [&](const auto& sample) {
    row.patients = static_cast<std::int64_t>(sample.patients());
    row.interval = sample.interval(options);
  };
  if (isOfAnswers(row.metric))
    fill(AnswerSample(book, row.task, row.metric, row.method));
  else
    fill(PatientSample(scores, row.task, row.metric));
  if (row.interval.kind != Interval::Kind::None) clampTo(row.interval, row.metric);
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
  for (const auto& result : results)
    for (const auto& answers : result.table.answers())
      if (std::ranges::none_of(m_answers,
                               [&](const auto& a) { return a.task == answers.task && a.method == answers.method; }))
        m_answers.push_back(answers);
  std::map<std::string, ScoresOfMethod> scores;
  for (const auto& method : methods) scores.emplace(method, scoresOf(method, results));
  const AnswerBook book(results);
  for (const auto& key : keys) {
    const auto& list = values.at(key);
    StudyRow row;
    row.task = key[0], row.method = key[1], row.metric = key[2];
    row.value = none;
    row.cases = cases.at(key);
    row.seeds = static_cast<std::int64_t>(list.size());
    double sum = 0, squares = 0;
    for (const double v : list) sum += v;
    const double n = static_cast<double>(list.size());
    if (n > 0) row.value = row.metric == "peak_memory" ? std::ranges::max(list) : sum / n;
    for (const double v : list) squares += (v - sum / n) * (v - sum / n);
    if (n > 1) row.deviation = std::sqrt(squares / (n - 1));
    addInterval(row, scores.at(row.method), book, options);
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

std::string intervalText(const StudyRow& row) {
  if (row.interval.kind == Interval::Kind::None) return row.interval.why.empty() ? "" : "–";
  return fmt::format("{:.3f} – {:.3f}", row.interval.low, row.interval.high) +
         (row.interval.kind == Interval::Kind::T ? " (t)" : "");
}

std::vector<std::string> StudyTable::notes(const std::string& metric) const {
  std::vector<std::string> out;
  for (const auto& row : m_rows) {
    if (row.metric != metric || row.interval.why.empty()) continue;
    const auto note = row.task + ": " + row.interval.why;
    if (std::ranges::find(out, note) == out.end()) out.push_back(note);
  }
  return out;
}

std::string StudyTable::csv() const {
  std::string out = "task,method,metric,value,low,high,deviation,cases,patients,seeds,interval,note\r\n";
  for (const auto& r : m_rows)
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csvField(r.task), csvField(r.method), csvField(r.metric),
                    figure(r.value), figure(r.interval.low), figure(r.interval.high), figure(r.deviation), r.cases,
                    r.patients, r.seeds, toString(r.interval.kind), csvField(r.interval.why));
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
                    {"seeds", r.seeds},
                    {"interval", toString(r.interval.kind)},
                    {"note", r.interval.why}});
  return rows;
}

}  // namespace lorkd::eval
