// Figures of merit.
#pragma once

#include <torch/torch.h>

#include <optional>

namespace lorkd::eval {

/// 2|P∩T|/(|P|+|T|) of two boolean masks of one shape; nothing if both are empty.
/// Masks of different shapes are a fault of the caller and throw c10::Error.
std::optional<double> dice(const torch::Tensor& prediction, const torch::Tensor& truth);

/// Share of rows whose largest logit is the label. logits (N, C), labels (N).
double accuracy(const torch::Tensor& logits, const torch::Tensor& labels);

/// Area under the ROC curve of the softmax probabilities, one class against the rest, averaged over the classes present
/// (ties count half); nothing if only one class is present or a logit is not finite. logits (N, C), labels (N).
std::optional<double> auc(const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace lorkd::eval
