// The table of results: task, method, metric, value; as text, CSV, JSON, and in the report.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/eval/Answers.h"

namespace lorkd::eval {

struct Row {
  std::string task;    ///< "mean" for the mean over tasks, "all" for what all of them take together
  std::string method;  ///< "expert", "mtl", "teacher", ...
  /// "dice", "dice/<class>"; beside them "nsd", "hd95_mm", "volume_difference_ml" (see SurfaceScores.h) and "missed"
  /// (in how many cases nothing was found that is there: hd95_mm leaves them out); where a class is absent,
  /// "specificity/<class>" (share of those cases where nothing was found) and "false_positive_ml/<class>"; of classes
  /// of lesions "lesion_sensitivity", "lesion_f1", "lesion_false_positives" (means over the cases that have a value)
  /// and "lesions" (how many there are); of pictures those of classificationMetrics() and
  /// "confusion/<class>/<answer>" (a number of pictures); or a cost: "parameters", "multiply_adds",
  /// "training_seconds", "peak_memory" (bytes)
  std::string metric;
  double value = 0;
  std::int64_t cases = 0;  ///< how many cases it is over
};

/// The score of one test case, by pseudonym: what intervals are made of.
struct CaseRow {
  std::string task, method;
  /// "dice/<class>" and so on as in Row, "specificity/<class>" (0 or 1); "accuracy" (0 or 1 for a picture) in tables of
  /// versions that kept no answers
  std::string metric;
  std::string id;       ///< case
  std::string patient;  ///< cases of one patient are not independent
  double value = 0;
};

/// A field of a CSV file (RFC 4180): quoted where it holds a comma, quote or line break.
std::string csvField(const std::string& text);

/// "dice" of "dice/liver".
std::string baseOf(const std::string& metric);

/// Whether a metric is a score, not a cost.
bool isScore(const std::string& metric);

/// Whether it is a score between 0 and 1.
bool isShare(const std::string& metric);

/// How good a score is, the larger the better: of distances, differences, counts and errors their size with a minus.
double merit(const std::string& metric, double value);

class Table;
/// A line for each task with classes that none of its test pictures is of; empty if there is none.
std::string withoutScores(const Table& table);

class Table {
 public:
  void add(Row row) { m_rows.push_back(std::move(row)); }
  void addCase(CaseRow row) { m_cases.push_back(std::move(row)); }
  void addAnswers(Answers answers) { m_answers.push_back(std::move(answers)); }
  void append(const Table& other);
  const std::vector<Row>& rows() const { return m_rows; }
  /// Empty in tables of versions that did not keep them.
  const std::vector<CaseRow>& cases() const { return m_cases; }
  /// What was answered to the pictures of each task.
  const std::vector<Answers>& answers() const { return m_answers; }
  /// The value, or NaN if absent.
  double value(const std::string& task, const std::string& method, const std::string& metric) const;
  /// Tasks down, methods across, of one metric; for terminals. Empty if there is none.
  std::string text(const std::string& metric) const;
  /// The same with cells written by the caller.
  std::string text(const std::string& metric,
                   const std::function<std::string(const std::string& task, const std::string& method)>& cell) const;
  /// RFC 4180 with a header line: task,method,metric,value,cases.
  std::string csv() const;
  /// An array of rows; after them those of single cases, told by their "case"; then the answers to the pictures of a
  /// task, {task, method, metric "answers", classes [name...], pictures [[id, patient, class number, probability of
  /// each class...]...]}; of overlapping classes with their "threshold", and a list of 1, 0 and null, where it is not
  /// known, for each class in the place of the number.
  Json json() const;
  static Result<Table> fromJson(const Json& json);

 private:
  std::vector<Row> m_rows;
  std::vector<CaseRow> m_cases;
  std::vector<Answers> m_answers;
};

}  // namespace lorkd::eval
