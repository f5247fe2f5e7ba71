#include "core/base/Digest.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;

fs::path projectFolder(const run::RunDirectory& run) {
  const auto parent = fs::absolute(run.path()).parent_path();
  return parent.filename() == "runs" ? parent.parent_path() : parent;
}

fs::path preparedFolder(const run::RunDirectory& run) {
  const auto& plan = run.plan();
  Json key{{"seed", plan.seed}, {"data", plan.data}};
  for (const auto& [name, task] : plan.tasks)
    key["tasks"][name] = {{"kind", task.kind}, {"classes", task.classes}, {"sources", task.sources}};
  // A nested teacher shares the folder of the run around it.
  const bool nested = run.path().filename() == "teacher" && run::RunDirectory::isRun(run.path().parent_path());
  auto outer = run::RunDirectory::open(nested ? run.path().parent_path() : run.path());
  return projectFolder(outer ? *outer : run) / "cache" / sha256(key.dump()).substr(0, 16);
}

Result<data::CaseList> freezeCases(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  if (fs::exists(run.cases())) return data::loadCaseList(run.cases());
  const auto& plan = run.plan();
  if (plan.data.sources.empty())
    return fail(ErrorCode::InvalidArgument, "the plan names no data", "add a folder under data.sources",
                "data.sources");
  LORKD_TRY(index, data::Catalogue::open(projectFolder(run) / "index.sqlite"));
  LORKD_TRY(known, index.sources());
  std::vector<data::Case> cases;
  for (const auto& [name, source] : plan.data.sources) {
    const fs::path folder = fs::absolute(source.path).lexically_normal();
    bool scanned = false;
    for (const auto& [knownName, knownFolder] : known)
      scanned |= knownName == name && fs::absolute(knownFolder).lexically_normal() == folder;
    if (!scanned) LORKD_CHECK(index.scan(name, folder, progress, cancel));
    LORKD_TRY(found, index.cases(name));
    cases.insert(cases.end(), found.begin(), found.end());
  }
  LORKD_TRY(list, data::assign(plan, cases));
  LORKD_CHECK(data::save(list, run.cases()));
  return list;
}

}  // namespace lorkd::workflow
