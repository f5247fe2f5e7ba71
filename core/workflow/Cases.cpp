#include <algorithm>
#include <map>

#include "core/base/Digest.h"
#include "core/data/Annotations.h"
#include "core/data/Channels.h"
#include "core/data/Folds.h"
#include "core/data/ImageLabels.h"
#include "core/data/JoinSeries.h"
#include "core/data/OpenCases.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Study.h"
#include "core/workflow/TransferExpert.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;

namespace {

/// Leaves out the images whose findings the plan does not accept, and says so.
void leaveOutUnaccepted(std::vector<data::Case>& cases, const std::string& name, const plan::Source& source,
                        Progress& progress) {
  std::map<std::string, int> waiting;
  std::erase_if(cases, [&](const data::Case& c) {
    bool out = false;
    for (const auto& code : c.consent)
      if (std::ranges::find(source.accept, code) == source.accept.end()) {
        ++waiting[code];
        out = true;
      }
    return out;
  });
  for (const auto& [code, count] : waiting)
    progress.note(std::to_string(count) + " image(s) of the source '" + name + "' are left out for the finding " +
                  code + "; data.sources." + name +
                  (code == "two-places" ? ".nifti_place says which place counts." : ".accept can admit them."));
}

/// That everything in the source could be looked at, or the plan does without: a disk that fails would otherwise change
/// what is learnt without a word.
Result<void> checkAllRead(const data::Catalogue& index, const std::string& name, const plan::Source& source) {
  if (std::ranges::count(source.accept, std::string("unreadable")) > 0) return {};
  LORKD_TRY(rejected, index.rejected(name));
  std::erase_if(rejected, [](const auto& found) { return !io::mayHideImages(found.second); });
  if (rejected.empty()) return {};
  const auto& [place, finding] = rejected.front();
  return fail(ErrorCode::Io,
              "the source '" + name + "' cannot be read whole, so that images may be missing: " +
                  std::to_string(rejected.size()) + " place(s); the first: " + finding.message,
              "mend it, or accept the finding 'unreadable' in data.sources." + name + ".accept", place.string());
}

/// Says of how many images the labels give several answers of which none counts.
void noteAnswers(const std::vector<data::Case>& cases, const std::string& name, Progress& progress) {
  const auto open =
      std::ranges::count_if(cases, [](const auto& c) { return c.answers.empty() && !c.contested.empty(); });
  if (open > 0)
    progress.note(std::to_string(open) + " image(s) of the source '" + name +
                  "' have structures that several label files mark: they count nowhere for them until data.sources." +
                  name + ".answers says which of them counts.");
}

/// Leaves out the images that lack a channel which the network sees, and says so.
Result<void> leaveOutIncomplete(std::vector<data::Case>& cases, const std::string& name, const plan::Plan& plan,
                                Progress& progress) {
  std::map<std::string, int> missing;
  std::optional<Error> unclear;
  std::erase_if(cases, [&](const data::Case& c) {
    if (c.kind == "picture") return false;
    const auto inputs = data::inputsOf(plan.data, c);
    if (inputs) return false;
    if (inputs.error().code != ErrorCode::NotFound && data::isLabelled(plan, c))
      unclear = inputs.error();
    else
      ++missing[inputs.error().context];
    return true;
  });
  if (unclear) return std::unexpected(*unclear);
  for (const auto& [field, count] : missing)
    progress.note(std::to_string(count) + " image(s) of the source '" + name + "' are left out, since they lack " +
                  field + "; its \"names\" can say what it is called there, its \"fill\" can admit them.");
  return {};
}

}  // namespace

data::layout::Chosen chosenFor(const plan::Source& source) {
  return {source.layout, plugin::registry().readers(), toString(source.niftiPlace)};
}

std::string dataDigest(const plan::Plan& plan, std::int64_t seed, const std::set<std::string>& learnt) {
  Json key{{"seed", seed}, {"data", plan.data}};
  if (!learnt.empty()) key["learnt"] = learnt;
  for (const auto& [name, task] : plan.tasks)
    key["tasks"][name] = {
        {"kind", task.kind}, {"classes", task.classes}, {"sources", task.sources}, {"body_parts", task.bodyParts}};
  return sha256(key.dump());
}

Result<plan::Plan> decidedPlan(const run::RunDirectory& run) {
  std::error_code ignored;
  if (!fs::exists(run.cases(), ignored)) return data::decided(run.plan(), {});  // nothing was trained
  LORKD_TRY(cases, data::loadCaseList(run.cases()));
  return data::decided(run.plan(), cases);
}

fs::path preparedFolder(const run::RunDirectory& run) {
  auto seed = run.plan().seed;
  std::set<std::string> learnt;
  if (const auto frozen = readJson(run.cases()); frozen && frozen->is_object()) {
    seed = frozen->value("seed", seed);
    learnt = frozen->value("learnt", learnt);
  }
  return run.project() / "cache" / dataDigest(run.plan(), seed, learnt).substr(0, 16);
}

namespace {

/// What the plan can use of its sources, where those that the index does not know as they are now are scanned first.
Result<std::vector<data::Case>> gather(const plan::Plan& plan, const fs::path& project, Progress& progress,
                                       const CancelToken& cancel) {
  if (plan.data.sources.empty())
    return fail(ErrorCode::InvalidArgument, "the plan names no data", "add a folder under data.sources",
                "data.sources");
  LORKD_TRY(index, data::Catalogue::open(project / "index.sqlite"));
  std::vector<data::Case> cases;
  for (const auto& [name, source] : plan.data.sources) {
    const fs::path folder = fs::absolute(source.path).lexically_normal();
    // Reads only what has changed since it was last.
    LORKD_CHECK(index.scan(name, folder, progress, cancel, chosenFor(source)));
    LORKD_CHECK(checkAllRead(index, name, source));
    LORKD_TRY(found, index.cases(name));
    std::erase_if(found, [&](const data::Case& c) { return !data::accepts(source.kind, c); });
    leaveOutUnaccepted(found, name, source, progress);
    data::joinSeries(found, plan.data, progress);
    LORKD_CHECK(leaveOutIncomplete(found, name, plan, progress));
    for (auto& c : found) data::takeSource(c, plan);
    noteAnswers(found, name, progress);
    cases.insert(cases.end(), found.begin(), found.end());
  }
  return cases;
}

/// Divides them; `digests` are those of their files, by source and id, as far as they were read.
Result<data::CaseList> divide(const plan::Plan& plan, const std::vector<data::Case>& cases,
                              const std::set<std::string>& learnt, std::map<std::string, std::string>& digests,
                              Progress& progress, const CancelToken& cancel) {
  LORKD_TRY(list, data::assign(plan, cases, learnt));
  // A run of several days must not go on with images that changed under it.
  std::int64_t done = 0;
  for (auto& entry : list.cases) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "reading the cases was stopped");
    progress.report("reading the cases", done++, static_cast<std::int64_t>(list.cases.size()));
    auto& digest = digests[entry.item.source + "\n" + entry.item.id];
    if (digest.empty()) {
      LORKD_TRY(read, data::inputDigest(entry.item));
      digest = std::move(read);
    }
    entry.digest = digest;
  }
  return list;
}

/// Says which part of the patients is held out.
void noteFold(const plan::Plan& plan, const std::vector<data::Case>& cases, Progress& progress) {
  if (plan.data.split.slab != plan::SplitSlab::None) return;
  if (const auto text = data::foldText(plan.data.split, cases); !text.empty())
    progress.note("Of the patients, " + text + ".");
}

/// What the index alone keeps: where files lie, and what headers say in words.
void dropFiles(data::Case& c) {
  c.imageFiles.clear();
  c.slices.clear();
  c.origins.clear();
  c.labelFiles.clear();
  c.resampled.clear();
  c.misplaced.clear();
  c.labelNames.clear();
  c.description.clear();
  c.people = {};
  for (auto& other : c.others) dropFiles(other);
}

/// Says how many volumes a task leaves out since it chooses one class, and they are of several.
void noteSeveral(const plan::Plan& plan, const std::vector<data::Case>& cases, Progress& progress) {
  std::vector<const data::Case*> all;
  for (const auto& c : cases) all.push_back(&c);
  for (const auto& [name, task] : plan.tasks) {
    if (task.kind != plan::TaskKind::Classification3d || task.outputs != plan::TaskOutputs::Exclusive) continue;
    std::map<std::string, data::ClassLabels> classes;
    for (const auto& [source, labels] : data::imageLabelsOf(all))
      classes.emplace(source, data::ClassLabels(task, labels));
    const auto several = std::ranges::count_if(
        cases, [&](const auto& c) { return classes.at(c.source).exclusive(c.imageLabels) == -2; });
    if (several > 0)
      progress.note(std::to_string(several) + " volume(s) bear labels of several classes of the task '" + name +
                    "' and are left out: it chooses one class");
  }
}

}  // namespace

Result<data::CaseList> findCases(const plan::Plan& plan, const fs::path& project, Progress& progress,
                                 const CancelToken& cancel, const std::set<std::string>& learnt) {
  LORKD_TRY(cases, gather(plan, project, progress, cancel));
  noteFold(plan, cases, progress);
  noteSeveral(plan, cases, progress);
  std::map<std::string, std::string> digests;
  return divide(plan, cases, learnt, digests, progress, cancel);
}

Result<std::vector<data::CaseList>> findFolds(const plan::Plan& plan, const fs::path& project, Progress& progress,
                                              const CancelToken& cancel) {
  LORKD_TRY(cases, gather(plan, project, progress, cancel));
  std::map<std::string, std::string> digests;
  std::vector<data::CaseList> out;
  auto own = plan;
  for (int fold = 0; fold < plan.data.split.folds; ++fold) {
    own.data.split = foldOf(plan.data.split, fold);
    noteFold(own, cases, progress);
    auto list = divide(own, cases, {}, digests, progress, cancel);
    if (!list) return fail(list.error(), "fold " + std::to_string(fold));
    out.push_back(std::move(*list));
  }
  return out;
}

Result<void> saveFrozen(const data::CaseList& list, const fs::path& file) {
  auto written = list;
  for (auto& entry : written.cases) dropFiles(entry.item);
  return data::save(written, file);
}

Result<data::CaseList> freezeCases(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  if (fs::exists(run.cases())) return data::openCases(run);
  LORKD_TRY(learnt, learntBefore(run));
  LORKD_TRY(list, findCases(run.plan(), run.project(), progress, cancel, learnt));
  LORKD_CHECK(checkUnseen(run, list));  // while nothing is frozen yet
  if (!list.learnt.empty()) {
    std::set<std::string> patients, tested;
    for (const auto& entry : list.cases) {
      if (entry.tasks.empty()) continue;
      patients.insert(entry.item.patient);
      if (entry.split == data::Split::Test) tested.insert(entry.item.patient);
    }
    progress.note("The expert has learnt from " + std::to_string(list.learnt.size()) + " of " +
                  std::to_string(patients.size()) + " patients, who are not tested; " + std::to_string(tested.size()) +
                  " others are.");
  }
  LORKD_CHECK(saveFrozen(list, run.cases()));
  return list;
}

}  // namespace lorkd::workflow
