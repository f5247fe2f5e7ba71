// Methods beside a reference on the same patients: differences with intervals and tests.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/eval/Bootstrap.h"
#include "core/eval/PairedTest.h"
#include "core/eval/StudyTable.h"

namespace lorkd::eval {

/// One method's score minus the reference's.
struct PairedRow {
  std::string task, method, reference, metric;  ///< as in Table
  double difference = std::numeric_limits<double>::quiet_NaN();
  Interval interval;  ///< as in StudyTable, of the difference
  SignedRank test;
  std::int64_t patients = 0;  ///< of whom both have a score
  std::string why{};          ///< why there is no difference
};

/// Differences of every method from the reference: "expert" (lorkd) where it is compared, else the first method; of
/// the whole scores of which more, or less, is better for every case, for each task and for the mean.
///
/// A case's score is first averaged over the seeds of a method, then subtracted, then averaged as in StudyTable; so a
/// difference is that of the two figures, as far as both have the same cases. The test sees one difference a patient:
/// the mean over the patient's tasks, their classes and cases. Its p is not corrected for the number of comparisons.
/// Scores that are no means of cases (see isOfAnswers()) have a difference and its interval, and no test.
class PairedTable {
 public:
  PairedTable() = default;
  explicit PairedTable(const std::vector<StudyResult>& results, const BootstrapOptions& options = {});
  const std::vector<PairedRow>& rows() const { return m_rows; }
  const std::string& reference() const { return m_reference; }  ///< empty without results
  const PairedRow* find(const std::string& task, const std::string& method, const std::string& metric) const;
  /// A line a difference of one metric, for terminals: "mtl  mean  −0.0123 [−0.0200, −0.0041]  p 0.031  9 patients".
  std::string text(const std::string& metric) const;
  /// RFC 4180: metric,task,method,reference,difference,low,high,interval,p,test,pairs,patients,note.
  std::string csv() const;
  Json json() const;

 private:
  std::string m_reference;
  std::vector<PairedRow> m_rows;
};

/// What of a row is not known, and why: "3 patients: too few for an interval"; empty if all is.
std::string noteOf(const PairedRow& row);

/// "+0.0123", "−1.20 mm"; "–" for not-a-number.
std::string formatDifference(const std::string& metric, double value);
/// "0.031", "< 0.001"; "–" for not-a-number.
std::string formatP(double p);

}  // namespace lorkd::eval
