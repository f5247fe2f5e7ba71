// Scores of classification that are no means of single pictures, over patients: with intervals and differences.
#pragma once

#include <string>
#include <vector>

#include "core/eval/Answers.h"
#include "core/eval/Bootstrap.h"

namespace lorkd::eval {

struct StudyResult;

/// Whether a metric is such a score: balanced_accuracy, auc, average_precision, f1, also of one class, and
/// "accuracy/<class>". calibration_error has no interval: with fewer different pictures it becomes larger, so that
/// resamples say too much.
bool isOfAnswers(const std::string& metric);

/// The answers of a study, put in order once.
class AnswerBook {
 public:
  AnswerBook() = default;
  explicit AnswerBook(const std::vector<StudyResult>& results);

 private:
  friend class AnswerSample;
  struct Page {
    std::string task, method;
    AnswerScores scores;
    std::vector<std::string> classes, patients;  ///< patients by picture
  };
  std::vector<Page> m_pages;  ///< one a task, method and seed
};

/// A figure of a table: the mean over the seeds, and over the tasks for "mean".
class AnswerSample {
 public:
  /// Of `method`; with a `reference` that of the method less the reference's, on patients of whom both have answers.
  AnswerSample(const AnswerBook& book, const std::string& task, const std::string& metric, const std::string& method,
               const std::string& reference = {});

  std::size_t patients() const { return m_patients.group.size(); }
  /// Where each patient's pictures count as often as `times` says. Not-a-number as AnswerScores::value() says.
  double mean(const std::vector<int>& times) const;
  double mean() const { return mean(std::vector<int>(patients(), 1)); }
  /// Of mean(): see intervalOver().
  Interval interval(const BootstrapOptions& options) const;

 private:
  struct Part {
    const AnswerBook::Page* page;
    double weight;                    ///< negative of the reference's
    std::vector<std::size_t> places;  ///< patients by picture; as many as there are for those who do not count
  };
  void countPatients(const Part& part);
  std::string m_metric;
  std::vector<Part> m_parts;
  Patients m_patients;
};

}  // namespace lorkd::eval
