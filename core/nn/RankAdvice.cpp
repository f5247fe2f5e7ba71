#include "core/nn/RankAdvice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

namespace lorkd::nn {
namespace {

std::int64_t unitCost(const AdaptedLayer& layer) { return factorShape(layer, 1).parameters(); }

double sum(const std::vector<double>& values, std::int64_t from, std::int64_t to) {
  const auto end = std::min<std::int64_t>(to, std::ssize(values));
  return from < end ? std::accumulate(values.begin() + from, values.begin() + end, 0.0) : 0.0;
}

/// Units of a layer's rank that one step of the task's rank buys.
std::int64_t unitsOf(const AdaptedLayer& layer, std::int64_t decoderFactor) {
  return layerRank(layer, 1, decoderFactor);
}

/// One step: one unit of rank in this layer.
Ladder layerLadder(const LayerDemand& demand) {
  Ladder ladder{.gains = demand.energy, .cost = unitCost(demand.layer)};
  for (auto& gain : ladder.gains) gain *= 1 + demand.conflict;
  return ladder;
}

/// One step: one unit of the task's rank, in all of its layers.
Ladder taskLadder(const TaskDemand& task, std::int64_t decoderFactor) {
  Ladder ladder;
  for (const auto& demand : task.layers) {
    const auto units = unitsOf(demand.layer, decoderFactor);
    ladder.cost += units * unitCost(demand.layer);
    const auto steps = (demand.rank + units - 1) / units;
    ladder.gains.resize(std::max(ladder.gains.size(), static_cast<std::size_t>(steps)), 0.0);
    for (std::int64_t step = 0; step < steps; ++step)
      ladder.gains[static_cast<std::size_t>(step)] +=
          (1 + demand.conflict) * sum(demand.energy, step * units, (step + 1) * units);
  }
  return ladder;
}

/// The most frequent rank of the encoder's layers (of all, if there is no encoder); the smallest of equals.
std::int64_t usualRank(const TaskDemand& task, const std::vector<std::int64_t>& ranks) {
  std::map<std::int64_t, int> seen;
  for (const bool decoder : {false, true}) {
    for (std::size_t l = 0; l < ranks.size(); ++l)
      if (task.layers[l].layer.decoder == decoder) ++seen[ranks[l]];
    if (!seen.empty()) break;
  }
  return std::ranges::max_element(seen, {}, [](const auto& entry) { return entry.second; })->first;
}

std::int64_t parametersOf(const TaskDemand& task, const std::vector<std::int64_t>& ranks) {
  std::int64_t out = 0;
  for (std::size_t l = 0; l < ranks.size(); ++l) out += ranks[l] * unitCost(task.layers[l].layer);
  return out;
}

double keptEnergy(const TaskDemand& task, const std::vector<std::int64_t>& ranks) {
  double out = 0;
  for (std::size_t l = 0; l < ranks.size(); ++l) out += sum(task.layers[l].energy, 0, ranks[l]);
  return out;
}

std::vector<std::int64_t> ranksNow(const TaskDemand& task) {
  std::vector<std::int64_t> ranks;
  for (const auto& demand : task.layers) ranks.push_back(demand.rank);
  return ranks;
}

/// The ladders of all tasks with a basis, in order.
std::vector<Ladder> laddersOf(const std::vector<TaskDemand>& tasks, const AdviceOptions& options) {
  std::vector<Ladder> out;
  for (const auto& task : tasks) {
    if (!task.basis()) continue;
    if (!options.perLayer) out.push_back(taskLadder(task, options.decoderFactor));
    for (std::size_t l = 0; options.perLayer && l < task.layers.size(); ++l) out.push_back(layerLadder(task.layers[l]));
  }
  return out;
}

}  // namespace

Result<std::vector<std::int64_t>> climb(const std::vector<Ladder>& ladders, std::int64_t budget) {
  std::vector<std::int64_t> taken(ladders.size(), 1);
  std::int64_t left = budget;
  double all = 0;
  for (const auto& ladder : ladders) {
    left -= ladder.cost;
    all += std::accumulate(ladder.gains.begin(), ladder.gains.end(), 0.0);
  }
  if (left < 0)
    return fail(ErrorCode::InvalidArgument,
                "rank 1 everywhere takes " + std::to_string(budget - left) + " factor parameters, more than " +
                    std::to_string(budget),
                "raise the budget");
  // What rounding leaves beyond the true rank of single-precision factors is not worth a parameter.
  const double least = 1e-9 * all / static_cast<double>(std::max<std::size_t>(1, ladders.size()));
  struct Step {
    double rate;
    std::size_t ladder;
  };
  // Of equals the first ladder, so that the same figures give the same advice.
  const auto later = [](const Step& x, const Step& y) {
    return x.rate != y.rate ? x.rate < y.rate : x.ladder > y.ladder;
  };
  std::priority_queue<Step, std::vector<Step>, decltype(later)> next(later);
  const auto offer = [&](std::size_t i) {
    const auto& ladder = ladders[i];
    if (taken[i] >= std::ssize(ladder.gains)) return;
    const double gain = ladder.gains[static_cast<std::size_t>(taken[i])];
    if (gain > least) next.push({gain / static_cast<double>(std::max<std::int64_t>(1, ladder.cost)), i});
  };
  for (std::size_t i = 0; i < ladders.size(); ++i) offer(i);
  while (!next.empty()) {
    const auto i = next.top().ladder;
    next.pop();
    if (ladders[i].cost > left) continue;  // and so are its later steps
    left -= ladders[i].cost;
    ++taken[i];
    offer(i);
  }
  return taken;
}

double TaskDemand::energy() const {
  double out = 0;
  for (const auto& demand : layers) out += std::accumulate(demand.energy.begin(), demand.energy.end(), 0.0);
  return out;
}

Result<RankAdvice> adviseRanks(const std::vector<TaskDemand>& tasks, const AdviceOptions& options) {
  if (std::ranges::none_of(tasks, &TaskDemand::basis))
    return fail(ErrorCode::InvalidArgument, "there is no basis for advice: the factors of every task are still zero",
                "train the run first");
  std::int64_t kept = 0;
  for (const auto& task : tasks)
    if (!task.basis()) kept += parametersOf(task, ranksNow(task));
  const auto ladders = laddersOf(tasks, options);
  std::int64_t least = kept;
  for (const auto& ladder : ladders) least += ladder.cost;
  if (least > options.budget)
    return fail(
        ErrorCode::InvalidArgument,
        "rank 1 everywhere takes " + std::to_string(least) + " factor parameters" +
            (kept > 0 ? ", " + std::to_string(kept) + " of them of tasks without a basis, whose ranks stay" : "") +
            "; the budget is " + std::to_string(options.budget),
        "raise the budget");
  LORKD_TRY(steps, climb(ladders, options.budget - kept));
  RankAdvice out;
  double left = 0, all = 0;
  std::size_t next = 0;
  for (const auto& task : tasks) {
    TaskAdvice advice;
    advice.rank = task.rank;
    advice.layerRanks = ranksNow(task);
    advice.parametersNow = parametersOf(task, advice.layerRanks);
    if (task.basis()) {
      if (!options.perLayer) advice.rank = steps[next++];
      for (std::size_t l = 0; l < task.layers.size(); ++l)
        advice.layerRanks[l] =
            options.perLayer
                ? steps[next++]
                : std::min(task.layers[l].rank, layerRank(task.layers[l].layer, advice.rank, options.decoderFactor));
      if (options.perLayer) advice.rank = usualRank(task, advice.layerRanks);
      const double energy = task.energy(), remaining = keptEnergy(task, advice.layerRanks);
      advice.kept = remaining / energy;
      left += remaining;
      all += energy;
    }
    advice.parameters = parametersOf(task, advice.layerRanks);
    out.parametersNow += advice.parametersNow;
    out.parameters += advice.parameters;
    out.tasks.push_back(std::move(advice));
  }
  out.kept = left / all;
  return out;
}

std::vector<double> keptByRank(const TaskDemand& task, std::int64_t decoderFactor) {
  std::vector<double> out;
  const double all = task.energy();
  if (!(all > 0)) return out;
  const auto most = std::ssize(taskLadder(task, decoderFactor).gains);
  for (std::int64_t rank = 1; rank <= most; ++rank) {
    double kept = 0;
    for (const auto& demand : task.layers) kept += sum(demand.energy, 0, layerRank(demand.layer, rank, decoderFactor));
    out.push_back(kept / all);
  }
  return out;
}

}  // namespace lorkd::nn
