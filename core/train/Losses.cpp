#include "core/train/Losses.h"

#include <limits>

#include "core/base/Truth.h"

namespace lorkd::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// KL per sample with its gradient written down: dense features are large, and autograd's own chain reads and writes
/// them several times more. With l = log softmax(·/tau), p = exp(l), k = Σ p_t (l_t − l_s) per voxel:
/// dk/ds = (p_s − p_t)/tau, dk/dt = p_t (l_t − l_s − k)/tau.
struct SoftmaxKl : torch::autograd::Function<SoftmaxKl> {
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& teacher, const torch::Tensor& student,
                               double tau) {
    const auto logs = [&](const torch::Tensor& x) { return torch::log_softmax(tau == 1 ? x : x / tau, 1); };
    const auto t = logs(teacher), s = logs(student), p = t.exp();
    const auto difference = t - s;
    const auto k = (p * difference).sum(1, /*keepdim=*/true);
    ctx->save_for_backward({p, s, difference, k});
    ctx->saved_data["tau"] = tau;
    return k.flatten(1).mean(1);
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const torch::Tensor &p = saved[0], &s = saved[1], &difference = saved[2], &k = saved[3];
    std::vector<std::int64_t> shape(static_cast<std::size_t>(p.dim()), 1);
    shape[0] = p.size(0);
    const double voxels = static_cast<double>(k.numel()) / static_cast<double>(k.size(0));
    const auto factor = (gradients[0] / (ctx->saved_data["tau"].toDouble() * voxels)).view(shape);
    variable_list result(3);
    if (ctx->needs_input_grad(0)) result[0] = (difference - k).mul_(p).mul_(factor);
    if (ctx->needs_input_grad(1)) result[1] = s.exp().sub_(p).mul_(factor);
    return result;
  }
};

}  // namespace

Truth truthOf(const torch::Tensor& targets, torch::ScalarType type) {
  const auto unknown = targets == static_cast<std::int64_t>(notKnown);
  if (!unknown.any().item<bool>()) return {targets.to(type), {}};
  return {(targets == 1).to(type), unknown.logical_not().to(type)};
}

Truth coarser(const Truth& truth) {
  const auto pooled = [](const torch::Tensor& x) {
    return x.dim() == 4 ? torch::max_pool2d(x, 2) : torch::max_pool3d(x, 2);
  };
  const auto inside = pooled(truth.inside);
  if (!truth.known.defined()) return {inside, {}};
  return {inside, torch::max(inside, 1 - pooled(1 - truth.known))};
}

namespace {

/// The Dice loss of probabilities (n, C, ...).
torch::Tensor diceOf(const torch::Tensor& probabilities, const Truth& truth) {
  constexpr double eps = 1e-7;
  auto p = probabilities.flatten(2);
  const auto y = truth.inside.flatten(2);
  const auto total = [](const torch::Tensor& x) { return x.sum(at::IntArrayRef{0, 2}); };
  if (truth.known.defined()) p = p * truth.known.flatten(2);
  const auto overlap = total(p * y), sizes = total(p.square()) + total(y.square());
  const auto loss = 1 - (2 * overlap + eps) / (sizes + eps);
  if (!truth.known.defined()) return loss.mean();
  const auto counts = (total(truth.known.flatten(2)) > 0).to(loss.scalar_type());
  return (loss * counts).sum() / counts.sum().clamp_min(1);
}

/// Logits with that of the background, 0, before those of the classes.
torch::Tensor withBackground(const torch::Tensor& logits) {
  return torch::cat({torch::zeros_like(logits.slice(1, 0, 1)), logits}, 1);
}

}  // namespace

torch::Tensor diceLoss(const torch::Tensor& logits, const Truth& truth) {
  return diceOf(torch::sigmoid(logits), truth);
}

torch::Tensor exclusiveProbabilities(const torch::Tensor& logits) {
  return torch::softmax(withBackground(logits), 1).slice(1, 1);
}

torch::Tensor exclusiveDiceLoss(const torch::Tensor& logits, const Truth& truth) {
  return diceOf(exclusiveProbabilities(logits), truth);
}

torch::Tensor exclusiveCrossEntropy(const torch::Tensor& logits, const Truth& truth) {
  const auto all = withBackground(logits);
  const auto nowhere = (truth.inside.sum(1, true) == 0).to(logits.scalar_type());
  const auto unknown = truth.known.defined() ? 1 - truth.known : torch::zeros_like(truth.inside);
  const auto may = torch::cat({nowhere, torch::max(truth.inside, unknown * nowhere)}, 1);
  const auto inMay = all.masked_fill(may == 0, -std::numeric_limits<double>::infinity());
  const auto loss = torch::logsumexp(all, 1) - torch::logsumexp(inMay, 1);
  if (!truth.known.defined()) return loss.mean();
  const auto counts = (truth.known.sum(1) > 0).to(loss.scalar_type());
  return (loss * counts).sum() / counts.sum().clamp_min(1);
}

torch::Tensor bceLoss(const torch::Tensor& logits, const Truth& truth) {
  // log(1 + e^x) − x·y, in the form that does not overflow.
  const auto loss = torch::softplus(logits) - logits * truth.inside;
  return truth.known.defined() ? (loss * truth.known).sum() / truth.known.sum().clamp_min(1) : loss.mean();
}

torch::Tensor crossEntropyLoss(const torch::Tensor& logits, const torch::Tensor& targets) {
  return torch::cross_entropy_loss(logits, targets);
}

torch::Tensor softmaxTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  return tau * tau * SoftmaxKl::apply(teacher, student, tau);
}

torch::Tensor exclusiveTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  return softmaxTransfer(withBackground(teacher), withBackground(student), tau);
}

torch::Tensor bernoulliTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  const auto t = teacher / tau, s = student / tau;
  // p·log(p/q) + (1−p)·log((1−p)/(1−q)) with p = sigmoid(t), q = sigmoid(s).
  return tau * tau * (torch::sigmoid(t) * (t - s) + torch::softplus(s) - torch::softplus(t)).mean();
}

}  // namespace lorkd::train
