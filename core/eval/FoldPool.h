// The results of the folds of a cross-validation as those of one test.
#pragma once

#include <string>
#include <vector>

#include "core/eval/StudyTable.h"

namespace lorkd::eval {

struct FoldPool {
  std::vector<StudyResult> results;  ///< one for each method and seed
  /// What was pooled, in sentences: "Pooled over 5 folds: ..."; and which methods lack folds.
  std::string text;
};

/// Pools the results of `folds` folds, each a StudyResult with its fold, by method and seed. The scores of single cases
/// come together, so a figure is the mean over all patients, and so is its interval; where folds test the same cases,
/// each case's scores are averaged first. Counts ("missed") are summed, or averaged where the cases are the same;
/// figures without single cases are means over the folds, by their number of cases where they have one; of peak_memory
/// the largest counts. Method and seed of which a fold is missing are pooled over the others, and named.
FoldPool poolFolds(const std::vector<StudyResult>& results, int folds);

}  // namespace lorkd::eval
