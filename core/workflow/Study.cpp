#include "core/workflow/Study.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/data/Prepare.h"
#include "core/eval/FoldPool.h"
#include "core/eval/RunMetrics.h"
#include "core/report/StudyReport.h"
#include "core/run/Strangers.h"
#include "core/workflow/StudyJobs.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// Folder of what the runs have in common. It holds no status.json, so it is nobody's run.
fs::path studyFolder(const plan::Plan& plan, const StudyOptions& options) {
  return fs::absolute(options.folder).lexically_normal() / (studyName(plan) + "-study");
}

/// Every network can be built: faults are to be known before hours of training.
Result<void> checkNetworks(const std::vector<StudyRun>& runs) {
  std::set<plan::PlanMethod> seen;
  for (const auto& run : runs)
    if (seen.insert(run.method).second)
      if (const auto network = makeNetwork(run.plan); !network) return fail(network.error(), toString(run.method));
  return {};
}

/// The study's cases, of one fold where it goes over all.
fs::path casesFile(const fs::path& folder, int fold) {
  return folder / (fold < 0 ? "cases.json" : "cases-fold" + std::to_string(fold) + ".json");
}

/// Digest of the data; the plan's own fold counts only where the study does not go over all.
std::string studyDigest(plan::Plan plan) {
  if (plan.study.folds) plan.data.split = foldOf(plan.data.split, 0);
  return dataDigest(plan, plan.seed);
}

/// The cases of the study, divided from the plan's own seed when it began; one list a fold.
Result<void> freezeOnce(const plan::Plan& plan, const fs::path& folder, const fs::path& project, Progress& progress,
                        const CancelToken& cancel) {
  const auto digest = studyDigest(plan);
  const auto note = folder / "study.json";
  std::vector<int> folds{-1};
  for (int fold = 0; plan.study.folds && fold < plan.data.split.folds; ++fold) folds.push_back(fold);
  if (plan.study.folds) folds.erase(folds.begin());
  if (std::ranges::all_of(folds, [&](int fold) { return fs::exists(casesFile(folder, fold)); })) {
    LORKD_TRY(known, readJson(note));
    if (known.value("data", Json()) == digest) return {};
    return fail(ErrorCode::Mismatch, "this study was begun with other data, tasks, split or seed",
                "give the plan another name, or choose another folder", folder.string());
  }
  std::vector<data::CaseList> lists;
  if (plan.study.folds) {
    LORKD_TRY(found, findFolds(plan, project, progress, cancel));
    lists = std::move(found);
  } else {
    LORKD_TRY(found, findCases(plan, project, progress, cancel));
    lists.push_back(std::move(found));
  }
  LORKD_CHECK(writeJson(note, {{"data", digest}}));
  for (std::size_t n = 0; n < lists.size(); ++n) {
    lists[n].seed = plan.seed;
    LORKD_CHECK(saveFrozen(lists[n], casesFile(folder, folds[n])));
  }
  return {};
}

/// Makes the run directories, with the study's cases, and prepares these once for all.
Result<void> layOut(const plan::Plan& plan, const std::vector<StudyRun>& runs, const fs::path& folder,
                    Progress& progress, const CancelToken& cancel) {
  std::vector<run::RunDirectory> directories;
  for (const auto& run : runs) {
    LORKD_TRY(made, run::RunDirectory::create(run.path, run.plan));
    directories.push_back(made);
  }
  LORKD_CHECK(freezeOnce(plan, folder, directories.front().project(), progress, cancel));
  std::set<int> prepared;
  for (std::size_t n = 0; n < runs.size(); ++n) {
    const auto& directory = directories[n];
    std::error_code ec;
    if (!fs::exists(directory.cases(), ec)) {
      LORKD_TRY(text, readFile(casesFile(folder, runs[n].fold)));
      LORKD_CHECK(writeFileAtomically(directory.cases(), text));
    }
    if (!prepared.insert(runs[n].fold).second) continue;
    LORKD_TRY(cases, freezeCases(directory, progress, cancel));
    LORKD_CHECK(
        data::prepare(data::decided(directory.plan(), cases), cases, preparedFolder(directory), progress, cancel));
  }
  return {};
}

Result<report::StudyEntry> entryOf(const StudyRun& run, const StudyJob& job) {
  const auto directory = run::RunDirectory::open(run.path);
  const auto status = directory ? directory->status().value_or(run::Status{}) : run::Status{};
  const bool done = job.state == StudyJob::State::Done;
  report::ConflictHistory conflict;
  if (done) {
    LORKD_TRY(events, directory->readEvents());
    conflict = report::conflictOf(run::RunSeries::of(events));
  }
  return report::StudyEntry{run.path.filename().string(),
                            run.method == plan::PlanMethod::Lorkd ? "expert" : toString(run.method),
                            run.seed,
                            run.fold,
                            done ? "finished" : run::toString(status.state),
                            status.step,
                            run.plan.training.steps,
                            job.message,
                            (fs::path("..") / run.path.filename() / "report.html").generic_string(),
                            run.shown,
                            std::move(conflict)};
}

Json entryJson(const report::StudyEntry& entry) {
  Json out{{"run", entry.name},    {"method", entry.method},   {"seed", entry.seed},
           {"state", entry.state}, {"message", entry.message}, {"shown", entry.shown}};
  if (entry.fold >= 0) out["fold"] = entry.fold;
  return out;
}

/// The run's conflict as two rows of the table.
void addConflict(eval::Table& table, const report::StudyEntry& entry) {
  const auto& fraction = entry.conflict.fraction.y;
  if (fraction.empty()) return;
  const double share = std::accumulate(fraction.begin(), fraction.end(), 0.0) / static_cast<double>(fraction.size());
  table.add({"all", entry.method, "pairs_in_conflict", share, 0});
  table.add({"all", entry.method, "gradient_cosine", report::meanCosine(entry.conflict), 0});
}

Result<StudyOutcome> writeStudy(const plan::Plan& plan, const std::vector<StudyRun>& runs,
                                const std::vector<StudyJob>& jobs, const fs::path& folder) {
  StudyOutcome out;
  std::vector<eval::StudyResult> results;
  std::vector<report::StudyEntry> entries;
  std::ptrdiff_t others = 0;
  std::set<std::string> warnings;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    LORKD_TRY(entry, entryOf(runs[i], jobs[i]));
    entries.push_back(std::move(entry));
    if (jobs[i].state != StudyJob::State::Done) {
      out.failed.push_back(entries.back().name + ": " + jobs[i].message);
      continue;
    }
    if (!runs[i].shown) continue;
    LORKD_TRY(run, run::RunDirectory::open(runs[i].path));
    LORKD_TRY(table, eval::readMetrics(run));
    for (auto& text : run::unknownPatients(run)) warnings.insert(std::move(text));
    addConflict(table, entries.back());
    const bool teacher = runs[i].method == plan::PlanMethod::Teacher;  // trained first, shown last
    results.insert(teacher ? results.end() : results.begin() + others++,
                   {runs[i].seed, std::move(table), runs[i].fold});
  }
  if (results.empty())
    return fail(ErrorCode::Internal, "no run of the study ended well", out.failed.empty() ? "" : out.failed.front(),
                folder.string());
  if (plan.study.folds) {
    auto pool = eval::poolFolds(results, static_cast<int>(plan.data.split.folds));
    results = std::move(pool.results);
    out.notes = std::move(pool.text);
  }
  for (const auto& text : warnings) out.notes += (out.notes.empty() ? "" : " ") + text;
  out.table = eval::StudyTable(results);
  out.paired = eval::PairedTable(results);
  out.report = folder / "report.html";
  out.csv = folder / "results.csv";
  out.differences = folder / "differences.csv";
  Json list = Json::array();
  for (const auto& entry : entries) list.push_back(entryJson(entry));
  Json whole{{"data", studyDigest(plan)},
             {"name", plan.name},
             {"runs", std::move(list)},
             {"results", out.table.json()},
             {"differences", out.paired.json()}};
  if (!out.notes.empty()) whole["notes"] = out.notes;
  LORKD_CHECK(writeJson(folder / "study.json", whole));
  LORKD_CHECK(writeFileAtomically(out.csv, out.table.csv()));
  LORKD_CHECK(writeFileAtomically(out.differences, out.paired.csv()));
  LORKD_CHECK(report::writeStudyReport(out.report, plan, entries, out.table, out.paired, out.notes));
  return out;
}

}  // namespace

Result<StudyOutcome> study(const plan::Plan& plan, const StudyOptions& options, Progress& progress,
                           const CancelToken& cancel) {
  return guarded("study", [&]() -> Result<StudyOutcome> {
    LORKD_TRY(runs, studyRuns(plan, options));
    LORKD_CHECK(checkNetworks(runs));
    const auto folder = studyFolder(plan, options);
    LORKD_CHECK(makeWritableFolder(folder));
    LORKD_CHECK(layOut(plan, runs, folder, progress, cancel));
    std::vector<StudyJob> jobs;
    for (const auto& run : runs) jobs.push_back({run.path, run.teacher});
    work(jobs, {options.program.string(), "--discreet", "--threads", std::to_string(options.threads), "resume"},
         options.jobs, progress, cancel);
    if (cancel.cancelled())
      return fail(ErrorCode::Cancelled, "the study was stopped; what is trained is kept",
                  "the same command goes on with it", folder.string());
    return writeStudy(plan, runs, jobs, folder);
  });
}

}  // namespace lorkd::workflow
