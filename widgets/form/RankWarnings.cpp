// What is worth a word about the sizes of networks and factors.
#include <algorithm>

#include "widgets/form/RankTable.h"

namespace lorkd::form {
namespace {

/// The first layer of every network has few weights, so that nearly every rank exceeds them: by nothing that counts.
/// One twentieth of a task's factors does.
constexpr std::int64_t kWorthAWord = 20;

std::int64_t weightsOf(const nn::AdaptedLayer& layer) {
  std::int64_t count = layer.in * layer.out;
  for (int axis = 0; axis < layer.dims; ++axis) count *= layer.kernel;
  return count;
}

/// What a task's factors cost beside the weights of the layers that they adapt.
struct Cost {
  std::int64_t factors = 0, weights = 0;
  std::int64_t excess = 0;  ///< parameters above the layer's own, of the layers where there are any
  int layers = 0;           ///< those
  std::string first;        ///< the first of them
};

Cost costOf(const NetworkSizes& sizes, const plan::Task& task, std::int64_t decoderFactor) {
  Cost cost;
  for (const auto& layer : sizes.layers) {
    const auto factors = factorParameters(layer, task, decoderFactor), weights = weightsOf(layer);
    cost.factors += factors;
    cost.weights += weights;
    if (factors <= weights) continue;
    cost.excess += factors - weights;
    if (++cost.layers == 1) cost.first = layer.name;
  }
  return cost;
}

}  // namespace

std::int64_t factorParameters(const nn::AdaptedLayer& layer, const plan::Task& task, std::int64_t decoderFactor) {
  auto rank = nn::layerRank(layer, task.rank, decoderFactor);
  if (const auto* own = task.layers.find(layer.name)) rank = own->rank;
  return nn::factorShape(layer, rank).parameters();
}

QString studentWarning(const NetworkSizes& sizes) {
  const auto largest = sizes.experts.empty() ? 0 : std::ranges::max(sizes.experts);
  if (sizes.teacher == 0 || largest < sizes.teacher) return {};
  return PlanModel::tr(
             "An expert has %1 parameters and the teacher %2: the student is no smaller than its teacher. Choose a "
             "smaller network here, or a larger teacher.")
      .arg(largest)
      .arg(sizes.teacher);
}

QString rankWarning(const NetworkSizes& sizes, const plan::Named<plan::Task>& tasks, std::int64_t decoderFactor) {
  int whole = 0, parts = 0;
  QString total, some;
  for (const auto& [name, task] : tasks) {
    const auto cost = costOf(sizes, task, decoderFactor);
    const auto who = QString::fromStdString(name);
    if (cost.factors > cost.weights) {
      if (++whole == 1)
        total = PlanModel::tr(
                    "The ranks of %1 cost more than they save: its factors have %2 parameters, the layers that they "
                    "adapt %3.")
                    .arg(who)
                    .arg(cost.factors)
                    .arg(cost.weights);
    } else if (kWorthAWord * cost.excess > cost.factors && ++parts == 1) {
      some = PlanModel::tr(
                 "In %1 of %2 layers, such as %3, the rank of %4 costs more than it saves: the factors have more "
                 "parameters than the layer.")
                 .arg(cost.layers)
                 .arg(sizes.layers.size())
                 .arg(QString::fromStdString(cost.first), who);
    }
  }
  const auto& words = whole > 0 ? total : some;
  const int others = (whole > 0 ? whole : parts) - 1;
  return others > 0 ? words + QLatin1Char(' ') + PlanModel::tr("So it is with %1 more tasks.").arg(others) : words;
}

}  // namespace lorkd::form
