// Loss terms of one task's slice of a batch, and of the transfer from a teacher. Every term is a mean over samples, so
// that weighting a task's term by n_t/B gives the (1/B) Σ_t Σ_i of the LoRKD papers (arXiv 2404.17184, 2409.19540).
#pragma once

#include <torch/torch.h>

namespace lorkd::train {

/// 1 − (2 Σ p·y + eps) / (Σ p² + Σ y² + eps), p = sigmoid(logits), sums over voxels and the samples of the slice, mean
/// over classes; eps = 1e-7. logits and targets (n, C, ...), targets 0 or 1. Scalar.
torch::Tensor diceLoss(const torch::Tensor& logits, const torch::Tensor& targets);

/// Binary cross-entropy with logits, mean over everything. Scalar.
torch::Tensor bceLoss(const torch::Tensor& logits, const torch::Tensor& targets);

/// Cross-entropy of logits (n, C) against class numbers (n), mean over samples. Scalar.
torch::Tensor crossEntropyLoss(const torch::Tensor& logits, const torch::Tensor& targets);

/// tau²·KL(softmax(teacher/tau) ‖ softmax(student/tau)) over channels (dim 1), mean over voxels: one value a sample,
/// (N). Gradients reach both sides: the teacher's comes from a trained projector. Shapes (N, C) or (N, C, ...), equal.
torch::Tensor softmaxTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau);

/// tau²·KL between Bernoulli variables with logits teacher/tau and student/tau, mean over everything. Scalar.
torch::Tensor bernoulliTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau);

}  // namespace lorkd::train
