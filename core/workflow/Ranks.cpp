#include "core/workflow/Ranks.h"

#include <algorithm>
#include <cmath>

#include "core/base/Guard.h"
#include "core/nn/Spectrum.h"
#include "core/run/RunSeries.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace {

Result<std::vector<nn::TaskDemand>> demandsOf(const run::RunDirectory& run, const ConflictScores& conflict) {
  LORKD_TRY(network, loadTrained(run));
  return guarded("spectra of " + run.path().string(), [&]() -> Result<std::vector<nn::TaskDemand>> {
    std::vector<nn::TaskDemand> out;
    for (std::size_t t = 0; t < run.plan().tasks.size(); ++t) {
      const auto& [name, options] = run.plan().tasks[t];
      nn::TaskDemand task{name, options.rank, {}};
      for (auto& spectrum : nn::spectra(network, static_cast<int>(t))) {
        for (auto& energy : spectrum.energy) energy = spectrum.weight > 0 ? energy / spectrum.weight : 0;
        const auto* scores = conflict.layers.find(spectrum.layer.name);
        const double score = scores ? (*scores)[t] : 0;
        task.layers.push_back(
            {spectrum.layer, spectrum.rank, std::move(spectrum.energy), std::isfinite(score) ? score : 0});
      }
      out.push_back(std::move(task));
    }
    return out;
  });
}

/// Whether the last unit of rank still carries more than half of what a unit carries in the mean.
bool flat(const std::vector<double>& kept) {
  const auto n = kept.size();
  return n > 1 && (kept[n - 1] - kept[n - 2]) * static_cast<double>(n) > 0.5;
}

std::vector<std::string> notesOf(const RanksReport& report, std::int64_t decoderFactor) {
  std::vector<std::string> notes;
  if (report.measurements == 0)
    notes.push_back("no gradient conflict was measured in this run: the spectra alone decide");
  for (const auto& task : report.demands) {
    if (!task.basis())
      notes.push_back(task.task + ": no basis for advice, its factors are still zero; its rank stays");
    else if (flat(nn::keptByRank(task, decoderFactor)))
      notes.push_back(task.task + ": its last rank still carries much; a larger rank than " +
                      std::to_string(task.rank) + " may help, which no spectrum of this run can tell");
  }
  return notes;
}

}  // namespace

ConflictScores conflictScores(const std::vector<Json>& events, const std::vector<std::string>& tasks,
                              double threshold) {
  run::RunSeries series;
  for (const auto& event : events)
    if (event.is_object() && event.value("kind", Json()) == "conflict" && event.value("tasks", Json()) == Json(tasks))
      series.add(event);
  ConflictScores out{static_cast<std::int64_t>(series.conflicts().size()), {}};
  for (std::size_t l = 0; l < series.conflictLayers().size(); ++l)
    out.layers.emplace_back(series.conflictLayers()[l],
                            run::taskConflictScores(series.conflicts(), static_cast<int>(l), threshold));
  return out;
}

plan::Plan withRanks(plan::Plan plan, const std::vector<nn::TaskDemand>& demands, const nn::RankAdvice& advice) {
  for (std::size_t t = 0; t < demands.size(); ++t) {
    auto& task = plan.tasks[t].second;
    task.rank = advice.tasks[t].rank;
    task.layers.clear();
    for (std::size_t l = 0; l < demands[t].layers.size(); ++l) {
      const auto& layer = demands[t].layers[l].layer;
      const auto rank = advice.tasks[t].layerRanks[l];
      if (rank != nn::layerRank(layer, task.rank, plan.lowrank.decoderFactor))
        task.layers.emplace_back(layer.name, plan::Layer{rank});
    }
  }
  return plan;
}

Result<RanksReport> adviseRanks(const run::RunDirectory& run, const RanksRequest& request) {
  const auto& plan = run.plan();
  if (plan.method != plan::PlanMethod::Lorkd)
    return fail(ErrorCode::Unsupported, "this run has no low-rank factors (method " + toString(plan.method) + ")",
                "ranks are advised for runs of method lorkd", run.path().string());
  if (!(request.budget > 0) || request.budget > 1e15)
    return fail(ErrorCode::InvalidArgument, "the budget must be a positive number",
                "for example 0.5 (half of today's factor parameters), or a number of parameters", "--budget");
  std::vector<std::string> names;
  for (const auto& [name, task] : plan.tasks) names.push_back(name);
  LORKD_TRY(events, run.readEvents());
  const auto conflict = conflictScores(events, names, request.threshold);
  RanksReport report;
  report.measurements = conflict.measurements;
  LORKD_TRY(demands, demandsOf(run, conflict));
  report.demands = std::move(demands);
  double now = 0;
  for (const auto& task : report.demands)
    for (const auto& layer : task.layers)
      now += static_cast<double>(nn::factorShape(layer.layer, layer.rank).parameters());
  report.budget = std::llround(request.budget <= 10 ? request.budget * now : request.budget);
  const nn::AdviceOptions options{report.budget, request.perLayer, plan.lowrank.decoderFactor};
  auto advice = nn::adviseRanks(report.demands, options);
  if (!advice) return fail(advice.error(), run.path().string());
  report.advice = std::move(*advice);
  report.notes = notesOf(report, plan.lowrank.decoderFactor);
  report.plan = withRanks(plan, report.demands, report.advice);
  return report;
}

}  // namespace lorkd::workflow
