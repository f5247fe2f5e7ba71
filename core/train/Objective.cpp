#include "core/train/Objective.h"

#include "core/train/Losses.h"

namespace lorkd::train {

ProjectorImpl::ProjectorImpl(std::int64_t from, std::int64_t to)
    : m_linear(register_module("linear", torch::nn::Linear(from, to))) {}

torch::Tensor ProjectorImpl::forward(const torch::Tensor& features) {
  if (features.dim() == 2) return m_linear->forward(features);
  auto shape = features.sizes().vec();
  shape[1] = m_linear->weight.size(0);
  return torch::conv1d(features.flatten(2), m_linear->weight.unsqueeze(-1), m_linear->bias).view(shape);
}

namespace {

/// Logits and truth of one resolution.
struct Level {
  torch::Tensor logits;
  Truth truth;
};

/// The finest level and those of deep supervision. The truth comes down by max-pooling: the blocks of two voxels an
/// axis are just those that the network's strides join, and small structures stay, which the nearest voxel would lose.
/// Classes are masks of their own, so that nothing is wrong with their overlapping where they touch.
std::vector<Level> levelsOf(const torch::Tensor& logits, const torch::Tensor& targets,
                            const std::vector<torch::Tensor>* coarserLogits) {
  std::vector<Level> levels{{logits, truthOf(targets, at::promote_types(logits.scalar_type(), torch::kFloat32))}};
  if (!coarserLogits) return levels;
  for (const auto& coarse : *coarserLogits) levels.push_back({coarse, coarser(levels.back().truth)});
  return levels;
}

/// Σ_l w_l·loss(level l), w_l = 2^-l / Σ 2^-l.
template <class Loss>
torch::Tensor overLevels(const std::vector<Level>& levels, Loss loss) {
  torch::Tensor sum;
  double weight = 1, weights = 0;
  for (const auto& [logits, truth] : levels) {
    const torch::Tensor value = loss(logits, truth);
    sum = sum.defined() ? sum + weight * value : value;
    weights += weight;
    weight /= 2;
  }
  return levels.size() == 1 ? sum : sum / weights;
}

}  // namespace

Objective objective(const plan::Plan& plan, const feed::Batch& batch, const nn::Outputs& student,
                    const nn::Outputs* teacher, std::vector<Projector>& projectors) {
  const auto& weights = plan.losses;
  Objective out;

  for (std::size_t j = 0; j < batch.routing.slices.size(); ++j) {
    const auto& slice = batch.routing.slices[j];
    const auto &logits = student.logits[j], &targets = batch.targets[j];
    torch::Tensor sum;
    const auto add = [&](const char* name, double weight, const auto& compute) {
      if (weight == 0) return;
      const torch::Tensor value = compute();
      sum = sum.defined() ? sum + weight * value : weight * value;
      out.terms.push_back({j, name, value.detach()});
    };
    const bool segmentation = plan::marks(plan.tasks[static_cast<std::size_t>(slice.task)].second.kind);
    const bool exclusive =
        plan.tasks[static_cast<std::size_t>(slice.task)].second.outputs == plan::TaskOutputs::Exclusive;
    const bool flags = !segmentation && targets.dim() == 2;  // a flag for each class of an image
    if (segmentation) {
      const auto levels = levelsOf(logits, targets, student.coarser.empty() ? nullptr : &student.coarser[j]);
      add("dice", weights.dice, [&] { return overLevels(levels, exclusive ? exclusiveDiceLoss : diceLoss); });
      add(exclusive ? "cross_entropy" : "bce", weights.bce,
          [&] { return overLevels(levels, exclusive ? exclusiveCrossEntropy : bceLoss); });
    } else if (flags) {
      add("bce", weights.crossEntropy, [&] { return bceLoss(logits, truthOf(targets, logits.scalar_type())); });
    } else {
      add("cross_entropy", weights.crossEntropy, [&] { return crossEntropyLoss(logits, targets); });
    }
    if (teacher && !projectors.empty() && slice.size() > 0)
      add("transfer", weights.transfer, [&] {
        auto& projector = projectors[projectors.size() == 1 ? 0 : static_cast<std::size_t>(slice.task)];
        const auto own = [&](const torch::Tensor& all) { return all.slice(0, slice.begin, slice.end); };
        return softmaxTransfer(projector->forward(own(teacher->features)), own(student.features), weights.temperature)
            .mean();
      });
    if (teacher)
      add("transfer_logits", weights.transferLogits, [&] {
        if (segmentation && exclusive) return exclusiveTransfer(teacher->logits[j], logits, weights.temperature).mean();
        return segmentation || flags ? bernoulliTransfer(teacher->logits[j], logits, weights.temperature)
                                     : softmaxTransfer(teacher->logits[j], logits, weights.temperature).mean();
      });
    if (!sum.defined()) sum = logits.sum() * 0;  // every weight is 0: nothing to learn from this task
    out.terms.push_back({j, "total", sum.detach()});
    const auto share = sum * (static_cast<double>(slice.size()) / static_cast<double>(batch.routing.batch()));
    out.total = out.total.defined() ? out.total + share : share;
  }
  return out;
}

}  // namespace lorkd::train
