// report.html of a study: one self-contained page that compares methods.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/eval/PairedTable.h"
#include "core/eval/StudyTable.h"
#include "core/report/ConflictHistory.h"
#include "core/run/Plan.h"

namespace lorkd::report {

/// One run of a study, as the page lists it.
struct StudyEntry {
  std::string name, method;  ///< method as in tables: "expert" for lorkd
  std::int64_t seed = 1;
  int fold = -1;      ///< that was held out; -1: none
  std::string state;  ///< "finished", "failed", ...
  std::int64_t step = 0, steps = 0;
  std::string message;       ///< why it failed
  std::string link;          ///< relative address of its own report
  bool shown = true;         ///< compared, not only trained as a teacher
  ConflictHistory conflict;  ///< of the tasks' gradients on the shared weights, where it was logged
};

/// Mean over the pairs of tasks of a run's mean cosine; not-a-number without measurements.
double meanCosine(const ConflictHistory& conflict);

/// What a method is called in the page: "LoRKD experts", "PCGrad".
std::string methodTitle(const std::string& method);

/// Writes the page: scores with intervals as figure and table, single classes folded away, differences from the
/// reference on the same patients, costs, gradient conflict by method, runs, how the figures were made, and the plan
/// without paths. `notes` say how folds were pooled (see poolFolds()) and the like. Errors: Io.
Result<void> writeStudyReport(const std::filesystem::path& file, const plan::Plan& plan,
                              const std::vector<StudyEntry>& entries, const eval::StudyTable& table,
                              const eval::PairedTable& paired, const std::string& notes = {});

}  // namespace lorkd::report
