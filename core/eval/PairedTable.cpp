#include "core/eval/PairedTable.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/eval/AnswerSample.h"
#include "core/eval/PatientScores.h"

namespace lorkd::eval {
namespace {

/// Whole scores of which more, or less, is better for every case.
bool isComparable(const std::string& metric) {
  if (metric == "missed" || metric == "volume_difference_ml" || metric == "calibration_error") return false;
  return isScore(metric) && baseOf(metric) == metric;
}

void listOnce(std::vector<std::string>& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

/// Difference and interval of a sample of differences; whether there is one.
bool compare(PairedRow& row, const auto& sample, const BootstrapOptions& options) {
  row.patients = static_cast<std::int64_t>(sample.patients());
  if (row.patients == 0) {
    row.why = "no patient has a score of both";
    return false;
  }
  row.difference = sample.mean();
  row.interval = sample.interval(options);
  if (isShare(row.metric) && row.interval.kind != Interval::Kind::None) {
    row.interval.low = std::max(row.interval.low, -1.0);
    row.interval.high = std::min(row.interval.high, 1.0);
  }
  return true;
}

PairedRow comparison(PairedRow row, const ScoresOfMethod& scores, const ScoresOfMethod& reference,
                     const AnswerBook& book, const BootstrapOptions& options) {
  if (isOfAnswers(row.metric)) {
    if (compare(row, AnswerSample(book, row.task, row.metric, row.method, row.reference), options))
      row.test.why = "a figure of all patients together: no test of single ones";
    return row;
  }
  const PatientSample sample(differences(scores, reference), row.task, row.metric);
  if (!compare(row, sample, options)) return row;
  auto byPatient = sample.byPatient();
  for (auto& d : byPatient) d = std::round(d * 1e12) / 1e12;  // equal but for rounding is equal
  row.test = signedRank(byPatient);
  return row;
}

}  // namespace

PairedTable::PairedTable(const std::vector<StudyResult>& results, const BootstrapOptions& options) {
  std::vector<std::string> tasks, methods, metrics;
  std::set<std::tuple<std::string, std::string, std::string>> known;
  for (const auto& result : results)
    for (const auto& row : result.table.rows()) {
      if (!isComparable(row.metric)) continue;
      listOnce(tasks, row.task), listOnce(methods, row.method), listOnce(metrics, row.metric);
      known.insert({row.task, row.method, row.metric});
    }
  if (methods.empty()) return;
  std::ranges::stable_partition(tasks, [](const auto& task) { return task != "mean"; });
  m_reference = std::ranges::find(methods, "expert") != methods.end() ? "expert" : methods.front();
  std::map<std::string, ScoresOfMethod> scores;
  for (const auto& method : methods) scores.emplace(method, scoresOf(method, results));
  const AnswerBook book(results);
  for (const auto& metric : metrics)
    for (const auto& task : tasks)
      for (const auto& method : methods)
        if (method != m_reference && known.contains({task, method, metric})) {
          PairedRow row;
          row.task = task, row.method = method, row.reference = m_reference, row.metric = metric;
          m_rows.push_back(comparison(std::move(row), scores.at(method), scores.at(m_reference), book, options));
        }
}

const PairedRow* PairedTable::find(const std::string& task, const std::string& method,
                                   const std::string& metric) const {
  const auto row = std::ranges::find_if(
      m_rows, [&](const auto& r) { return r.task == task && r.method == method && r.metric == metric; });
  return row == m_rows.end() ? nullptr : &*row;
}

std::string noteOf(const PairedRow& row) {
  if (!row.why.empty()) return row.why;
  if (row.interval.why.empty() || row.test.why.empty()) return row.interval.why + row.test.why;
  return row.interval.why + "; " + row.test.why;
}

std::string formatDifference(const std::string& metric, double value) {
  if (!std::isfinite(value)) return "–";
  auto out = isShare(metric) ? fmt::format("{:.4f}", std::abs(value)) : fmt::format("{:.2f}", std::abs(value));
  const bool zero = out.find_first_not_of("0.") == std::string::npos;
  if (!zero) out.insert(0, value < 0 ? "−" : "+");
  return out + (metric == "hd95_mm" ? "\u202fmm" : "");
}

std::string formatP(double p) {
  if (!std::isfinite(p)) return "–";
  return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
}

std::string PairedTable::text(const std::string& metric) const {
  std::string out;
  std::size_t method = 0, task = 0;
  for (const auto& r : m_rows) method = std::max(method, r.method.size()), task = std::max(task, r.task.size());
  for (const auto& r : m_rows) {
    if (r.metric != metric) continue;
    out += fmt::format("{:<{}}  {:<{}}  {}", r.method, method, r.task, task, formatDifference(metric, r.difference));
    if (r.interval.kind != Interval::Kind::None)
      out +=
          fmt::format(" [{}, {}]", formatDifference(metric, r.interval.low), formatDifference(metric, r.interval.high));
    out += fmt::format("  p {}  {} patient{}", formatP(r.test.p), r.patients, r.patients == 1 ? "" : "s");
    if (const auto note = noteOf(r); !note.empty()) out += "  (" + note + ")";
    out += '\n';
  }
  return out;
}

std::string PairedTable::csv() const {
  const auto number = [](double value) { return std::isfinite(value) ? fmt::format("{}", value) : std::string(); };
  std::string out = "metric,task,method,reference,difference,low,high,interval,p,test,pairs,patients,note\r\n";
  for (const auto& r : m_rows)
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csvField(r.metric), csvField(r.task),
                       csvField(r.method), csvField(r.reference), number(r.difference), number(r.interval.low),
                       number(r.interval.high), toString(r.interval.kind), number(r.test.p), toString(r.test.kind),
                       r.test.pairs, r.patients, csvField(noteOf(r)));
  return out;
}

Json PairedTable::json() const {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  auto rows = Json::array();
  for (const auto& r : m_rows)
    rows.push_back({{"metric", r.metric},
                    {"task", r.task},
                    {"method", r.method},
                    {"reference", r.reference},
                    {"difference", number(r.difference)},
                    {"low", number(r.interval.low)},
                    {"high", number(r.interval.high)},
                    {"interval", toString(r.interval.kind)},
                    {"p", number(r.test.p)},
                    {"test", toString(r.test.kind)},
                    {"pairs", r.test.pairs},
                    {"patients", r.patients},
                    {"note", noteOf(r)}});
  return rows;
}

}  // namespace lorkd::eval
