#include "core/train/Losses.h"

namespace lorkd::train {

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
  const auto t = torch::log_softmax(teacher / tau, 1), s = torch::log_softmax(student / tau, 1);
  auto kl = (t.exp() * (t - s)).sum(1);
  if (kl.dim() > 1) kl = kl.flatten(1).mean(1);
  return tau * tau * kl;
}

torch::Tensor bernoulliTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau) {
  const auto t = teacher / tau, s = student / tau;
  // p·log(p/q) + (1−p)·log((1−p)/(1−q)) with p = sigmoid(t), q = sigmoid(s).
  return tau * tau * (torch::sigmoid(t) * (t - s) + torch::softplus(s) - torch::softplus(t)).mean();
}

}  // namespace lorkd::train
