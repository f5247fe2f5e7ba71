#include "core/workflow/Ranks.h"

#include <algorithm>
#include <cmath>

#include "core/base/Guard.h"
#include "core/nn/Gram.h"
#include "core/nn/Spectrum.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace {

/// A square matrix given as rows; undefined if it is not one of numbers.
torch::Tensor gramOf(const Json& rows, std::size_t tasks) {
  if (!rows.is_array() || rows.size() != tasks) return {};
  std::vector<double> values;
  for (const auto& row : rows) {
    if (!row.is_array() || row.size() != tasks) return {};
    for (const auto& v : row) values.push_back(v.is_number() ? v.get<double>() : std::nan(""));
  }
  const auto n = static_cast<std::int64_t>(tasks);
  return torch::tensor(values, torch::kFloat64).view({n, n});
}

struct Pairs {
  std::vector<double> seen, against;
};

void count(Pairs& pairs, const torch::Tensor& gram, double threshold) {
  const auto norm = gram.diagonal().sqrt();
  const auto cosine = (gram / norm.outer(norm)).contiguous();
  const auto n = cosine.size(0);
  const auto* values = cosine.data_ptr<double>();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const double value = values[i * n + j];
      if (i == j || !std::isfinite(value)) continue;  // a task that was not in the batch
      pairs.seen[static_cast<std::size_t>(i)] += 1;
      pairs.against[static_cast<std::size_t>(i)] += value < threshold;
    }
}

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
  ConflictScores out;
  plan::Named<Pairs> layers;
  for (const auto& event : events) {
    if (!event.is_object() || event.value("kind", Json()) != "conflict" || event.value("tasks", Json()) != Json(tasks))
      continue;
    const auto found = event.find("layers");
    if (found == event.end() || !found->is_object()) continue;
    ++out.measurements;
    for (const auto& [name, rows] : found->items()) {
      const auto gram = gramOf(rows, tasks.size());
      if (!gram.defined()) continue;
      auto* pairs = layers.find(name);
      if (!pairs) {
        const std::vector<double> none(tasks.size(), 0.0);
        pairs = &layers.emplace_back(name, Pairs{none, none}).second;
      }
      count(*pairs, gram, threshold);
    }
  }
  for (const auto& [name, pairs] : layers) {
    std::vector<double> scores;
    for (std::size_t t = 0; t < tasks.size(); ++t) scores.push_back(pairs.against[t] / pairs.seen[t]);  // 0/0: unknown
    out.layers.emplace_back(name, std::move(scores));
  }
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
