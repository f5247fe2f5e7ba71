// Results of several methods and seeds in one table, with intervals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/eval/Bootstrap.h"
#include "core/eval/Table.h"

namespace lorkd::eval {

/// The results of one run; its rows name the method.
struct StudyResult {
  std::int64_t seed = 1;
  Table table;
  int fold = -1;  ///< which was held out; -1: the patients are divided once
};

/// One figure of a method: the mean over its seeds.
struct StudyRow {
  std::string task{}, method{}, metric{};  ///< as in Table
  double value = 0;
  Interval interval{};  ///< of scores with single cases; else not-a-number, of scores with the reason
  double deviation = std::numeric_limits<double>::quiet_NaN();  ///< between seeds (n - 1); with one seed not-a-number
  std::int64_t cases = 0, patients = 0;
  std::int64_t seeds = 0;  ///< with a finite value
};

/// Rows in the order of the first results; of peak_memory the largest of the seeds, of all else their mean.
///
/// Intervals are over patients, who bring all their cases; a case's score is first averaged over the seeds, and so is
/// a figure of all pictures together (see AnswerSample). By intervalOver(): percentile bootstrap where each class is
/// found in 10 patients or more, else t, none of fewer than 5 patients; those of shares end at 0 and 1. The figure of a
/// task is the mean over its classes of the mean over the cases, as in Table; that of "mean" the mean over the tasks,
/// each of which counts as much as the others however many patients it has: patients of different tasks are strata of
/// that mean, not one sample. missed and calibration_error have none.
class StudyTable {
 public:
  StudyTable() = default;
  explicit StudyTable(const std::vector<StudyResult>& results, const BootstrapOptions& options = {});
  const std::vector<StudyRow>& rows() const { return m_rows; }
  const StudyRow* find(const std::string& task, const std::string& method, const std::string& metric) const;
  /// The values alone, for what works on tables.
  Table values() const;
  /// Of each task and method, those of the first seed.
  const std::vector<Answers>& answers() const { return m_answers; }
  /// Tasks down, methods across, "0.8731 [0.842, 0.901]"; empty if there is none.
  std::string text(const std::string& metric) const;
  /// Why rows of a metric have no interval, each reason once: "liver: 3 patients: too few for an interval".
  std::vector<std::string> notes(const std::string& metric) const;
  /// RFC 4180: task,method,metric,value,low,high,deviation,cases,patients,seeds,interval (t, bootstrap or empty),note
  /// (why there is no interval).
  std::string csv() const;
  Json json() const;

 private:
  std::vector<StudyRow> m_rows;
  std::vector<Answers> m_answers;
};

/// "0.842 – 0.901", with "(t)" behind a t interval; "–" where there is none and a reason, else "".
std::string intervalText(const StudyRow& row);

}  // namespace lorkd::eval
