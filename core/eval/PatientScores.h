// Scores of single cases by patient: what intervals and paired comparisons are made of.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/eval/Bootstrap.h"

namespace lorkd::eval {

struct StudyResult;

using CaseScores = std::map<std::pair<std::string, std::string>, double>;  ///< by patient and case
using ScoresOfTask = std::map<std::string, CaseScores>;                    ///< by metric: "dice/liver", "accuracy"
using ScoresOfMethod = std::map<std::string, ScoresOfTask>;                ///< by task

/// The finite scores of a method, each case's averaged over the seeds; of pictures "accuracy", 0 or 1.
ScoresOfMethod scoresOf(const std::string& method, const std::vector<StudyResult>& results);

/// Score minus the reference's, of the cases that both have.
ScoresOfMethod differences(const ScoresOfMethod& scores, const ScoresOfMethod& reference);

/// The cases that one figure of a table is made of.
class PatientSample {
 public:
  /// `task` and `metric` as in Table: "dice" takes all classes, "dice/liver" one; "mean" takes all tasks, each with
  /// its own main score (Dice or accuracy), since a table's mean does so.
  PatientSample(const ScoresOfMethod& scores, const std::string& task, const std::string& metric);

  std::size_t patients() const { return m_patients.group.size(); }

  /// Mean over the tasks of the mean over the classes of the mean over the cases, where each patient's cases count as
  /// often as `times` says. Not-a-number if a class has no case among these.
  double mean(const std::vector<int>& times) const;
  double mean() const { return mean(std::vector<int>(patients(), 1)); }

  /// One figure a patient, in order of their pseudonyms: the same mean over what the patient has.
  std::vector<double> byPatient() const;

  /// Of mean(), over patients: see intervalOver().
  Interval interval(const BootstrapOptions& options) const;

 private:
  struct Entry {
    std::size_t patient;
    double sum;
    int cases;
  };
  Patients m_patients;
  std::vector<std::vector<std::vector<Entry>>> m_tasks;  // tasks, classes, patients
};

}  // namespace lorkd::eval
