#include <torch/version.h>

#include <algorithm>

#include "core/base/Digest.h"
#include "core/data/Prepare.h"
#include "core/feed/BatchSource.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// Real inputs of one task, cut as in training: for the parity check.
Result<std::vector<torch::Tensor>> realInputs(const feed::Dataset& dataset, const plan::Plan& plan, int task) {
  std::vector<torch::Tensor> out;
  constexpr std::int64_t batches = 8, wanted = 2;
  feed::BatchSource source(dataset, plan);
  for (std::int64_t step = 0; step < batches && static_cast<std::int64_t>(out.size()) < wanted; ++step) {
    LORKD_TRY(batch, source.batch(step));
    for (const auto& slice : batch.routing.slices)
      if (slice.task == task) out.push_back(batch.images.slice(0, slice.begin, slice.end).clone());
  }
  if (out.empty())
    return fail(ErrorCode::NotFound, "no training example of this task to check the export with", "",
                plan.tasks[static_cast<std::size_t>(task)].first);
  return out;
}

Result<expert::Manifest> manifestOf(const run::RunDirectory& run, nn::Network& network, int task) {
  const auto& plan = run.plan();
  const auto index = static_cast<std::size_t>(task);
  const auto& [name, options] = plan.tasks[index];
  expert::Manifest m;
  m.task = name;
  m.kind = toString(options.kind);
  for (std::size_t c = 0; c < options.classes.size(); ++c) {
    m.classes.push_back(options.classes[c].first);
    m.colors.push_back(plan::classColor(plan, index, c));
  }
  const bool lowRank = plan.method == plan::PlanMethod::Lorkd;
  m.backbone = plan.backbone.name + " " + plan.backbone.preset;
  m.rank = lowRank ? options.rank : 0;
  m.scale = lowRank ? plan::lowRankScale(plan.lowrank, options.rank) : 0;
  m.parameters = network->expertParameters(task);
  if (options.kind == plan::TaskKind::Segmentation) {
    m.spacing.assign(plan.data.spacing.begin(), plan.data.spacing.end());
    m.patch.assign(plan.data.patch.begin(), plan.data.patch.end());
  }
  m.normalisation = {{"kind", plan.data.normalisation}, {"clip", plan.data.clip}};
  m.threshold = plan.evaluation.threshold;
  m.planDigest = run.planDigest();
  LORKD_TRY(checkpoint, sha256File(run.checkpoint("best")));
  m.checkpointDigest = checkpoint;
  m.versions = {{"lorkd", LORKD_VERSION}, {"libtorch", TORCH_VERSION}};
  return m;
}

}  // namespace

Result<std::vector<fs::path>> exportExperts(const run::RunDirectory& run, const std::vector<std::string>& tasks,
                                            const fs::path& folder, const std::vector<std::string>& formats,
                                            Progress& progress, const CancelToken& cancel) {
  const auto& plan = run.plan();
  std::vector<std::shared_ptr<expert::Exporter>> exporters;
  for (const auto& exporter : plugin::registry().exporters())
    if (formats.empty() || std::find(formats.begin(), formats.end(), exporter->name()) != formats.end())
      exporters.push_back(exporter);
  if (exporters.size() < std::max<std::size_t>(1, formats.size())) {
    std::string known;
    for (const auto& exporter : plugin::registry().exporters()) known += (known.empty() ? "" : ", ") + exporter->name();
    return fail(ErrorCode::NotFound, "unknown export format", "there are: " + known);
  }
  std::vector<int> wanted;
  for (const auto& name : tasks) {
    wanted.push_back(plan.tasks.indexOf(name));
    if (wanted.back() < 0)
      return fail(ErrorCode::NotFound, "there is no task '" + name + "' in this run", "", run.path().string());
  }
  for (std::size_t i = 0; tasks.empty() && i < plan.tasks.size(); ++i) wanted.push_back(static_cast<int>(i));

  LORKD_TRY(network, loadTrained(run));
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  LORKD_CHECK(data::prepare(plan, cases, preparedFolder(run), progress, cancel));
  LORKD_TRY(dataset, feed::Dataset::open(preparedFolder(run), plan));
  std::vector<fs::path> out;
  for (int t : wanted) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "export stopped");
    const auto& name = plan.tasks[static_cast<std::size_t>(t)].first;
    progress.report("exporting " + name, static_cast<std::int64_t>(out.size()),
                    static_cast<std::int64_t>(wanted.size()));
    LORKD_TRY(inputs, realInputs(dataset, plan, t));
    LORKD_TRY(manifest, manifestOf(run, network, t));
    out.push_back(folder.empty() ? run.expert(name) : folder / name);
    LORKD_CHECK(expert::exportExpert(out.back(), network, t, inputs, manifest, exporters, progress));
  }
  progress.report("exporting", static_cast<std::int64_t>(out.size()), static_cast<std::int64_t>(out.size()));
  return out;
}

}  // namespace lorkd::workflow
