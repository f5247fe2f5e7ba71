// What an advice on ranks looks like to people and to programs.
#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>

#include "core/run/Looks.h"
#include "core/workflow/Ranks.h"

namespace lorkd::workflow {
namespace {

double energyOf(const nn::LayerDemand& layer) { return std::accumulate(layer.energy.begin(), layer.energy.end(), 0.0); }

double keptOf(const nn::LayerDemand& layer, std::int64_t rank) {
  const double all = energyOf(layer);
  const auto units = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(rank, std::ssize(layer.energy)));
  return all > 0 ? std::accumulate(layer.energy.begin(), layer.energy.begin() + units, 0.0) / all : 1;
}

/// Layers by their weight in the advice, heaviest first.
std::vector<std::size_t> byWeight(const nn::TaskDemand& task) {
  std::vector<std::size_t> order(task.layers.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t l) { return (1 + task.layers[l].conflict) * energyOf(task.layers[l]); });
  return order;
}

std::string percent(double share) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << 100 * share << " %";
  return out.str();
}

std::string shortName(const std::string& layer) { return layer.starts_with("backbone.") ? layer.substr(9) : layer; }

}  // namespace

Json RanksReport::json() const {
  Json out{{"budget", budget},           {"parameters_now", advice.parametersNow}, {"parameters", advice.parameters},
           {"energy_kept", advice.kept}, {"conflict_measurements", measurements},  {"notes", notes},
           {"tasks", Json::array()}};
  const plan::Looks looks(plan);
  for (std::size_t t = 0; t < demands.size(); ++t) {
    const auto& task = demands[t];
    const auto& advised = advice.tasks[t];
    Json layers = Json::array();
    const double all = task.energy();
    for (std::size_t l = 0; l < task.layers.size(); ++l) {
      const auto& layer = task.layers[l];
      layers.push_back({{"name", layer.layer.name},
                        {"rank", layer.rank},
                        {"advised", advised.layerRanks[l]},
                        {"share", all > 0 ? energyOf(layer) / all : 0},
                        {"energy_kept", keptOf(layer, advised.layerRanks[l])},
                        {"conflict", layer.conflict}});
    }
    out["tasks"].push_back({{"name", task.task},
                            {"color", looks.of(t).color},
                            {"basis", task.basis()},
                            {"rank", task.rank},
                            {"advised", advised.rank},
                            {"parameters_now", advised.parametersNow},
                            {"parameters", advised.parameters},
                            {"energy_kept", advised.kept},
                            {"kept_by_rank", nn::keptByRank(task, plan.lowrank.decoderFactor)},
                            {"layers", layers}});
  }
  out["plan"] = plan::toJson(plan);
  return out;
}

std::string RanksReport::text() const {
  std::size_t width = 4;
  for (const auto& task : demands) width = std::max(width, task.task.size());
  std::ostringstream out;
  const auto line = [&](const std::string& task, const std::string& now, const std::string& then,
                        const std::string& kept, const std::string& before, const std::string& after,
                        const std::string& layers) {
    out << std::left << std::setw(static_cast<int>(width)) << task << std::right << std::setw(10) << now << std::setw(9)
        << then << std::setw(13) << kept << std::setw(16) << before << std::setw(10) << after << "   " << layers
        << "\n";
  };
  line("task", "rank now", "advised", "energy kept", "parameters now", "then",
       "layers that matter most (rank now > advised)");
  for (std::size_t t = 0; t < demands.size(); ++t) {
    const auto& task = demands[t];
    const auto& advised = advice.tasks[t];
    std::string layers;
    const auto order = byWeight(task);
    for (std::size_t i = 0; task.basis() && i < std::min<std::size_t>(3, order.size()); ++i) {
      const auto& layer = task.layers[order[i]];
      layers += (i ? ", " : "") + shortName(layer.layer.name) + " " + percent(energyOf(layer) / task.energy()) + " (" +
                std::to_string(layer.rank) + " > " + std::to_string(advised.layerRanks[order[i]]) + ")";
    }
    line(task.task, std::to_string(task.rank), std::to_string(advised.rank), task.basis() ? percent(advised.kept) : "?",
         std::to_string(advised.parametersNow), std::to_string(advised.parameters), layers);
  }
  line("all", "", "", percent(advice.kept), std::to_string(advice.parametersNow), std::to_string(advice.parameters),
       "within " + std::to_string(budget));
  if (measurements > 0)
    out << "Energy counts up to double where gradients conflict (" << measurements << " measurements).\n";
  for (const auto& note : notes) out << "Note: " << note << "\n";
  return out.str();
}

}  // namespace lorkd::workflow
