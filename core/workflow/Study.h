// A study: every chosen method with every seed, on the same patients, and one table of what came out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/eval/PairedTable.h"
#include "core/eval/StudyTable.h"
#include "core/run/Plan.h"

namespace lorkd::workflow {

/// Whether a method learns from a teacher, where the plan has one.
bool takesTeacher(plan::PlanMethod method);

/// The cases of a plan with their files and digests, divided from its seed (data::assign() says how `learnt` counts);
/// from the index of `project`, where sources that it does not know yet are scanned first. Errors: those of the
/// catalogue and of data::assign.
Result<data::CaseList> findCases(const plan::Plan& plan, const std::filesystem::path& project, Progress& progress,
                                 const CancelToken& cancel, const std::set<std::string>& learnt = {});

/// The same for each fold of the plan (data.split.folds), of which the plan's own says nothing; scanned once.
Result<std::vector<data::CaseList>> findFolds(const plan::Plan& plan, const std::filesystem::path& project,
                                              Progress& progress, const CancelToken& cancel);

/// Writes a cases.json, without files and their names. Errors: Io.
Result<void> saveFrozen(const data::CaseList& list, const std::filesystem::path& file);

/// Digest of everything that decides how cases are divided and prepared; `learnt` as in CaseList.
std::string dataDigest(const plan::Plan& plan, std::int64_t seed, const std::set<std::string>& learnt = {});

struct StudyOptions {
  std::filesystem::path folder = "runs";  ///< where the run directories lie
  std::vector<plan::PlanMethod> methods;  ///< empty: those of the plan
  std::vector<std::int64_t> seeds;        ///< empty: those of the plan
  int jobs = 1;                           ///< trainings at once, each a process of its own
  int threads = 1;                        ///< of each training, unless the plan says
  std::filesystem::path program;          ///< trains with `program --threads N resume RUN`
};

/// One training of a study.
struct StudyRun {
  plan::PlanMethod method = plan::PlanMethod::Lorkd;
  std::int64_t seed = 1;
  std::filesystem::path path;  ///< <folder>/<plan's name>-<method>-<seed>, and -fold<n> behind it
  plan::Plan plan;
  int teacher = -1;    ///< which run of the list must be finished first; -1: none
  bool shown = false;  ///< its method is one of those compared; a teacher may only be needed
  int fold = -1;       ///< that is held out, where the study goes over all; -1: the plan's own division
};

/// The split of a study's runs with this fold held out, for testing.
plan::Split foldOf(plan::Split split, int fold);

/// The plan's name as a part of folder names.
std::string studyName(const plan::Plan& plan);

/// The trainings of a study in order; with study.folds each for every fold, which is held out for testing. The joint
/// teacher of a seed (and fold) is trained once, and the methods that want it name it as their teacher; the plan's own
/// teacher.source none or checkpoint holds for all. Of the default methods, a plan without a teacher leaves out those
/// that need one. Errors: InvalidArgument (a method that cannot do without a teacher).
Result<std::vector<StudyRun>> studyRuns(const plan::Plan& plan, const StudyOptions& options);

struct StudyOutcome {
  eval::StudyTable table;
  eval::PairedTable paired;
  std::filesystem::path report, csv, differences;
  std::string notes;  ///< how folds were pooled (see eval::poolFolds()), and what cannot be known of the teachers
  std::vector<std::string> failed;  ///< "name: why" of runs that did not end well; the table lacks them
};

/// Freezes and prepares the cases once, from the plan's own seed, trains what is not finished, and writes
/// <folder>/<plan's name>-study/: cases.json (with study.folds cases-fold<n>.json), study.json, report.html,
/// results.csv, differences.csv. Called again it goes on: finished runs are kept, others continue from their
/// checkpoints. Errors: Cancelled, with the running trainings told to checkpoint and stop; Mismatch when the folder
/// holds a study of other data or runs of another plan; those of preparing; Internal when no run ended well.
Result<StudyOutcome> study(const plan::Plan& plan, const StudyOptions& options, Progress& progress,
                           const CancelToken& cancel);

}  // namespace lorkd::workflow
