#include "core/train/Losses.h"

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

torch::Tensor diceLoss(const torch::Tensor& logits, const torch::Tensor& targets) {
  constexpr double eps = 1e-7;
  const auto p = torch::sigmoid(logits).flatten(2), y = targets.flatten(2);
  const auto total = [](const torch::Tensor& x) { return x.sum(at::IntArrayRef{0, 2}); };
  const auto overlap = total(p * y), sizes = total(p.square()) + total(y.square());
  return (1 - (2 * overlap + eps) / (sizes + eps)).mean();
}

torch::Tensor bceLoss(const torch::Tensor& logits, const torch::Tensor& targets) {
  // log(1 + e^x) − x·y, in the form that does not overflow.
  return (torch::softplus(logits) - logits * targets).mean();
}

torch::Tensor crossEntropyLoss(const torch::Tensor& logits, const torch::Tensor& targets) {
  return torch::cross_entropy_loss(logits, targets);
}

torch::Tensor softmaxTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  return tau * tau * SoftmaxKl::apply(teacher, student, tau);
}

torch::Tensor bernoulliTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  const auto t = teacher / tau, s = student / tau;
  // p·log(p/q) + (1−p)·log((1−p)/(1−q)) with p = sigmoid(t), q = sigmoid(s).
  return tau * tau * (torch::sigmoid(t) * (t - s) + torch::softplus(s) - torch::softplus(t)).mean();
}

}  // namespace lorkd::train
