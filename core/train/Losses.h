// Loss terms of one task's slice of a batch, and of the transfer from a teacher. Every term is a mean over samples, so
// that weighting a task's term by n_t/B gives the (1/B) Σ_t Σ_i of the LoRKD papers (arXiv 2404.17184, 2409.19540).
#pragma once

#include <torch/torch.h>

namespace lorkd::train {

/// Masks as numbers, and where they are known.
struct Truth {
  torch::Tensor inside;  ///< (n, C, ...) of the logits' type: 1 inside, 0 outside or where nothing is known
  torch::Tensor known;   ///< likewise: 1 where it is known, 0 elsewhere; undefined where all is
};

/// Of targets (n, C, ...) of any type: 1 inside, 0 outside, or not known (see base/Truth.h).
Truth truthOf(const torch::Tensor& targets, torch::ScalarType type);

/// The truth of blocks of two voxels an axis: inside where any of them is, else not known where any is.
Truth coarser(const Truth& truth);

/// 1 − (2 Σ p·y + eps) / (Σ p² + Σ y² + eps), p = sigmoid(logits), sums over the known voxels of the slice's samples,
/// mean over the classes that have any (0 where none has); eps = 1e-7. logits (n, C, ...). Scalar.
torch::Tensor diceLoss(const torch::Tensor& logits, const Truth& truth);

/// Binary cross-entropy with logits, mean over all that is known (0 where nothing is). Scalar.
torch::Tensor bceLoss(const torch::Tensor& logits, const Truth& truth);

/// Of classes that exclude each other: probabilities (n, C, ...) by softmax over the classes and the background, whose
/// logit is 0. logits (n, C, ...).
torch::Tensor exclusiveProbabilities(const torch::Tensor& logits);

/// As diceLoss(), of classes that exclude each other: p by exclusiveProbabilities().
torch::Tensor exclusiveDiceLoss(const torch::Tensor& logits, const Truth& truth);

/// Cross-entropy of classes that exclude each other and the background, mean over the voxels of which anything is known
/// (0 where nothing is). What a voxel may be is the classes that it is inside of, else the background and every class
/// that is not known there: their probabilities are summed (the marginal loss of Shi et al., "Marginal loss and
/// exclusion loss for partially supervised multi-organ segmentation", Medical Image Analysis 2021). Scalar.
torch::Tensor exclusiveCrossEntropy(const torch::Tensor& logits, const Truth& truth);

/// Cross-entropy of logits (n, C) against class numbers (n), mean over samples. Scalar.
torch::Tensor crossEntropyLoss(const torch::Tensor& logits, const torch::Tensor& targets);

/// tau²·KL(softmax(teacher/tau) ‖ softmax(student/tau)) over channels (dim 1), mean over voxels: one value a sample,
/// (N). Gradients reach both sides: the teacher's comes from a trained projector. Shapes (N, C) or (N, C, ...), equal.
torch::Tensor softmaxTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau);

/// The same over classes that exclude each other and the background, whose logit is 0.
torch::Tensor exclusiveTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau);

/// tau²·KL between Bernoulli variables with logits teacher/tau and student/tau, mean over everything. Scalar.
torch::Tensor bernoulliTransfer(const torch::Tensor& teacher, const torch::Tensor& student, double tau);

}  // namespace lorkd::train
