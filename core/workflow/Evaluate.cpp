#include <cmath>
#include <limits>

#include "core/data/Prepare.h"
#include "core/workflow/Scoring.h"
#include "core/workflow/SourceGrid.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace {

std::string methodName(const plan::Plan& plan) {
  return plan.method == plan::PlanMethod::Lorkd ? "expert" : toString(plan.method);
}

/// Adds the rows of one segmentation task: Dice per class and their mean, on the source grid of every test case.
Result<void> addSegmentation(eval::Table& table, nn::Network& network, int task, const data::CaseList& cases,
                             const run::RunDirectory& run, torch::Device device, Progress& progress,
                             const CancelToken& cancel) {
  const auto& plan = run.plan();
  const auto& [name, options] = plan.tasks[static_cast<std::size_t>(task)];
  DiceMean dice(options.classes.size());
  const auto test = cases.of(data::Split::Test, task);
  for (std::size_t i = 0; i < test.size(); ++i) {
    progress.report("scoring " + name, static_cast<std::int64_t>(i), static_cast<std::int64_t>(test.size()));
    LORKD_TRY(predicted, predictOnSource(network, task, test[i]->item, plan, device, cancel));
    LORKD_TRY(truth, truthMasks(test[i]->item, options));
    const auto keep = heldOut(predicted.front().geometry, plan.data);
    const auto unseen = [&](const std::vector<std::uint8_t>& voxels) {
      auto out = torch::empty({static_cast<std::int64_t>(voxels.size())}, torch::kBool);
      auto* p = out.data_ptr<bool>();
      for (std::size_t v = 0; v < voxels.size(); ++v) p[v] = keep[v] && voxels[v] != 0;
      return out;
    };
    for (std::size_t c = 0; c < options.classes.size(); ++c)
      dice.add(c, unseen(predicted[c].voxels), unseen(truth[c].voxels));
  }
  const auto method = methodName(plan);
  const auto n = static_cast<std::int64_t>(test.size());
  table.add({name, method, "dice", dice.mean(), n});
  for (std::size_t c = 0; c < options.classes.size(); ++c)
    table.add({name, method, "dice/" + options.classes[c].first, dice.of(c), dice.count(c)});
  return {};
}

}  // namespace

Result<eval::Table> evaluate(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  const auto& plan = run.plan();
  LORKD_TRY(device, setUpDevice(plan));
  LORKD_TRY(network, loadTrained(run));
  network->to(device);
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  eval::Table table;
  const auto method = methodName(plan);
  double sum = 0;
  int scored = 0;
  std::string primary;
  for (int t = 0; t < static_cast<int>(plan.tasks.size()); ++t) {
    const auto& [name, options] = plan.tasks[static_cast<std::size_t>(t)];
    if (options.kind == plan::TaskKind::Segmentation) {
      LORKD_CHECK(addSegmentation(table, network, t, cases, run, device, progress, cancel));
      primary = "dice";
    } else {
      const auto cache = preparedFolder(run);
      LORKD_CHECK(data::prepare(plan, cases, cache, progress, cancel));
      LORKD_TRY(dataset, feed::Dataset::open(cache, plan));
      LORKD_TRY(found, score(network, t, "test", dataset, plan, device, cancel));
      for (const auto& [metric, value] : found.metrics) table.add({name, method, metric, value, found.cases});
      primary = "accuracy";
    }
    table.add({name, method, "parameters", static_cast<double>(network->expertParameters(t)), 0});
    // A task may have nothing to score: no test case, or none of its structures in the held-out slab.
    if (const double value = table.value(name, method, primary); std::isfinite(value)) sum += value, ++scored;
  }
  table.add({"mean", method, primary, scored > 0 ? sum / scored : std::numeric_limits<double>::quiet_NaN(), 0});
  LORKD_CHECK(writeJson(run.metrics(), table.json()));
  return table;
}

}  // namespace lorkd::workflow
