#include "core/workflow/TransferExpert.h"

#include <algorithm>
#include <map>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/expert/Manifest.h"
#include "core/nn/Separate.h"
#include "core/run/Strangers.h"
#include "core/workflow/SeenPatients.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

constexpr const char* trunk = "backbone.";

/// An expert's tensors and where they come from.
struct Found {
  nn::NamedTensors state;
  Json origin;
  plan::Data data;  ///< what it was trained to see, where that is known
  bool knowsData = false;
  Json learnt;       ///< {"patients": pseudonyms, "split": of the plan}; null where that is not known
  fs::path project;  ///< whose key made those pseudonyms
};

fs::path weightsOf(const fs::path& run) { return run / "initial.safetensors"; }
fs::path originOf(const fs::path& run) { return run / "initial.json"; }

/// What initial.json says of whom the expert has learnt from; nobody where that is not known.
struct Learnt {
  std::set<std::string> patients;
  plan::Split split;
};
Result<Learnt> learntOfBeginning(const run::RunDirectory& run) {
  const auto file = originOf(run.path());
  if (!fs::exists(file)) return Learnt{};
  LORKD_TRY(origin, readJson(file));
  return guarded(file.string(), [&]() -> Result<Learnt> {
    Learnt out;
    if (const auto learnt = origin.value("learnt", Json()); !learnt.is_null()) {
      learnt.at("patients").get_to(out.patients);
      learnt.at("split").get_to(out.split);
    }
    return out;
  });
}

/// Patients that a run divides, and those of the expert that it began with.
Result<std::set<std::string>> learntDirectly(const run::RunDirectory& run) {
  LORKD_TRY(cases, data::loadCaseList(run.cases()));
  LORKD_TRY(before, learntOfBeginning(run));
  before.patients.merge(learntFrom(cases));
  return before.patients;
}

/// learntBy() a run, and its split; null if it has no cases yet.
Result<Json> learntOf(const run::RunDirectory& run) {
  if (!fs::exists(run.cases())) return Json();
  LORKD_TRY(patients, learntBy(run));
  LORKD_TRY(before, learntOfBeginning(run));
  // Cuts that differ leave no part of a patient unseen for certain.
  const bool oneCut = before.patients.empty() || before.split == run.plan().data.split;
  return Json{{"patients", patients}, {"split", oneCut ? run.plan().data.split : plan::Split{}}};
}

std::string shapeText(const torch::Tensor& tensor) {
  std::string text;
  for (const auto n : tensor.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "(" + text + ")";
}

/// Copies the tensors named "backbone.…" into the network of one task. Errors: Mismatch, naming the first layer.
Result<void> putTrunk(nn::Network& network, const nn::NamedTensors& state, const std::string& where) {
  const std::string hint = "give the plan the backbone (name, preset, widths) and channels of the expert";
  std::map<std::string, torch::Tensor> given;
  for (const auto& [name, tensor] : state)
    if (name.starts_with(trunk)) given.emplace(name, tensor);
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;
  for (const auto& [name, tensor] : network->expertState(0)) {
    if (!name.starts_with(trunk)) continue;
    const auto found = given.find(name);
    if (found == given.end())
      return fail(ErrorCode::Mismatch, "the expert has no " + name + ", which the plan's network needs", hint, where);
    if (found->second.sizes() != tensor.sizes())
      return fail(
          ErrorCode::Mismatch,
          name + " of the expert is " + shapeText(found->second) + ", but the plan's network has " + shapeText(tensor),
          hint, where);
    copies.emplace_back(tensor, found->second);
    given.erase(found);
  }
  if (!given.empty())
    return fail(ErrorCode::Mismatch,
                "the plan's network has no " + given.begin()->first + ", which the expert was trained with", hint,
                where);
  torch::NoGradGuard noGrad;
  for (auto& [target, values] : copies) target.detach().copy_(values);
  return {};
}

Result<nn::NamedTensors> readState(const fs::path& file) {
  LORKD_TRY(opened, safetensors::File::open(file));
  nn::NamedTensors state;
  for (const auto& [name, entry] : opened.tensors()) {
    LORKD_TRY(tensor, nn::finiteTensor(opened, name));
    state.emplace_back(name, tensor);
  }
  return state;
}

Result<Found> fromRun(const TransferSource& source) {
  LORKD_TRY(run, run::RunDirectory::open(source.path));
  const auto& tasks = run.plan().tasks;
  const int task = source.expert.empty() && tasks.size() == 1 ? 0 : tasks.indexOf(source.expert);
  if (task < 0) {
    std::string known;
    for (const auto& [name, options] : tasks) known += (known.empty() ? "" : ", ") + name;
    return fail(ErrorCode::NotFound,
                source.expert.empty() ? "which expert to begin from is not said"
                                      : "the run has no expert '" + source.expert + "'",
                "choose with --expert one of: " + known, source.path.string());
  }
  LORKD_TRY(network, loadTrained(run));
  LORKD_TRY(digest, sha256File(run.checkpoint("best")));
  auto own = nn::ofTask(network, task);
  own.network->fuse(own.task);
  Found found;
  found.state = own.network->expertState(own.task);
  std::erase_if(found.state, [](const auto& entry) { return !entry.first.starts_with(trunk); });
  found.origin = {{"kind", "run"},
                  {"name", run.path().filename().string()},
                  {"task", tasks[static_cast<std::size_t>(task)].first},
                  {"plan_digest", run.planDigest()},
                  {"checkpoint_digest", digest}};
  found.data = run.plan().data;
  found.knowsData = true;
  LORKD_TRY(learnt, learntOf(run));
  found.learnt = learnt;
  found.project = run.project();
  return found;
}

Result<Found> fromExpert(const fs::path& given) {
  const auto folder = fs::is_directory(given) ? given : given.parent_path();
  const auto file = folder / "expert.safetensors";
  if (!fs::is_regular_file(file))
    return fail(ErrorCode::NotFound, "is neither a run directory nor an expert with expert.safetensors",
                "export one with: lorkd export RUN --format safetensors", given.string());
  LORKD_TRY(manifest, expert::readManifest(folder));
  LORKD_TRY(digest, sha256File(file));
  if (manifest.files.value("expert.safetensors", Json()) != Json(digest))
    return fail(ErrorCode::Mismatch, "the file is not the one that the expert's manifest describes",
                "export the expert again", file.string());
  Found found;
  LORKD_TRY(state, readState(file));
  found.state = std::move(state);
  std::erase_if(found.state, [](const auto& entry) { return !entry.first.starts_with(trunk); });
  found.origin = {{"kind", "expert"},
                  {"name", folder.filename().string()},
                  {"task", manifest.task},
                  {"plan_digest", manifest.planDigest},
                  {"checkpoint_digest", manifest.checkpointDigest},
                  {"file_digest", digest}};
  // RUN/experts/<task>: the run that it was exported from, if it still lies there.
  const auto around = fs::absolute(folder).lexically_normal().parent_path().parent_path();
  if (const auto run = run::RunDirectory::open(around); run && run->planDigest() == manifest.planDigest) {
    LORKD_TRY(learnt, learntOf(*run));
    found.learnt = learnt;
    found.project = run->project();
  }
  const auto& seen = manifest.normalisation;
  if (manifest.spacing.size() == 3 && seen.is_object() && seen.contains("kind") && seen.contains("clip")) {
    std::ranges::copy(manifest.spacing, found.data.spacing.begin());
    seen.at("kind").get_to(found.data.normalisation);
    seen.at("clip").get_to(found.data.clip);
    found.knowsData = true;
  }
  return found;
}

/// A run that is there already must have begun with the same weights.
Result<void> checkSameBeginning(const fs::path& out, const Json& origin) {
  const auto old = readJson(originOf(out));
  if (old && old->value("from", Json()) == origin) return {};
  return fail(ErrorCode::Mismatch, "this folder already holds a run that began otherwise", "choose another folder",
              out.string());
}

}  // namespace

Result<plan::Plan> transferPlan(plan::Plan plan, const std::string& task) {
  const int index = plan.tasks.indexOf(task);
  if (index < 0) {
    std::string known;
    for (const auto& [name, options] : plan.tasks) known += (known.empty() ? "" : ", ") + name;
    return fail(ErrorCode::NotFound, "the plan has no task '" + task + "'", "it has: " + known, "--task");
  }
  plan.tasks = {plan.tasks[static_cast<std::size_t>(index)]};
  plan.method = plan::PlanMethod::Mtl;
  plan.teacher.source = plan::TeacherSource::None;
  plan.conflict.enabled = false;  // one task conflicts with nobody
  return plan;
}

Result<run::RunDirectory> makeTransferRun(const fs::path& out, const plan::Plan& plan, const TransferSource& source,
                                          Progress& progress) {
  return guarded("transfer", [&]() -> Result<run::RunDirectory> {
    LORKD_TRY(found, run::RunDirectory::isRun(source.path) ? fromRun(source) : fromExpert(source.path));
    LORKD_TRY(network, makeNetwork(plan));
    LORKD_CHECK(putTrunk(network, found.state, source.path.string()));
    if (run::RunDirectory::isRun(out)) {
      LORKD_CHECK(checkSameBeginning(out, found.origin));
      LORKD_CHECK(run::RunDirectory::create(out, plan));
    }
    if (found.knowsData &&
        (found.data.spacing != plan.data.spacing || found.data.normalisation != plan.data.normalisation ||
         (plan.data.normalisation != plan::DataNormalisation::Percentile && found.data.clip != plan.data.clip)))
      progress.note("The expert was trained at another spacing, normalisation or window: what it knows may not hold.");
    // It becomes a run last: one without its weights would train from scratch.
    LORKD_CHECK(makeWritableFolder(out));
    std::ranges::sort(found.state, {}, [](const auto& entry) { return entry.first; });
    LORKD_CHECK(nn::saveTensors(weightsOf(out), found.state, {{"format", "lorkd-initial-1"}}));
    LORKD_TRY(digest, sha256File(weightsOf(out)));
    std::error_code ec;
    const auto project = run::projectOf(out);
    const bool same = !found.learnt.is_null() && fs::equivalent(found.project, project, ec);
    LORKD_CHECK(writeJson(
        originOf(out), {{"sha256", digest}, {"from", found.origin}, {"learnt", found.learnt}, {"same_project", same}}));
    LORKD_TRY(run, run::RunDirectory::create(out, plan));
    for (const auto& text : run::unknownPatients(run)) progress.note(text);
    return run;
  });
}

Result<void> loadInitialWeights(const run::RunDirectory& run, nn::Network& network) {
  const auto file = weightsOf(run.path());
  if (!fs::exists(originOf(run.path())) && !fs::exists(file)) return {};
  LORKD_TRY(origin, readJson(originOf(run.path())));
  LORKD_TRY(digest, sha256File(file));
  if (origin.value("sha256", Json()) != Json(digest))
    return fail(ErrorCode::Mismatch, "the initial weights are not those that the run was made with",
                "make the run again with: lorkd transfer", file.string());
  LORKD_TRY(state, readState(file));
  return guarded(file.string(), [&] { return putTrunk(network, state, file.string()); });
}

Result<std::set<std::string>> learntBy(const run::RunDirectory& run) {
  LORKD_TRY(patients, learntDirectly(run));
  const auto& teacher = run.plan().teacher;
  if (teacher.source == plan::TeacherSource::Checkpoint && run::RunDirectory::isRun(teacher.checkpoint)) {
    LORKD_TRY(opened, run::RunDirectory::open(teacher.checkpoint));
    LORKD_TRY(its, learntDirectly(opened));
    patients.merge(its);
  }
  return patients;
}

Result<std::set<std::string>> learntBefore(const run::RunDirectory& run) {
  LORKD_TRY(learnt, learntOfBeginning(run));
  return learnt.patients;
}

Result<void> checkUnseen(const run::RunDirectory& run, const data::CaseList& cases) {
  LORKD_TRY(learnt, learntOfBeginning(run));
  const auto seen = seenTestPatient(cases, learnt.patients);
  if (seen.empty()) return {};
  // With a slab every patient is learnt from and tested on, on either side of the same cut.
  if (learnt.split.slab != plan::SplitSlab::None && learnt.split == run.plan().data.split) return {};
  return fail(ErrorCode::Mismatch, "the expert has learnt from " + seen + ", a test patient of this run",
              "scan images of patients that it has not learnt from; with a held-out slab, give the plan the split of "
              "the run that "
              "the expert comes from",
              "transfer");
}

}  // namespace lorkd::workflow
