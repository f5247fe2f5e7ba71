// Figures of merit.
#pragma once

#include <torch/torch.h>

#include <optional>

namespace lorkd::eval {

/// 2|P∩T|/(|P|+|T|) of two boolean masks of one shape; nothing if both are empty.
/// Masks of different shapes are a fault of the caller and throw c10::Error.
std::optional<double> dice(const torch::Tensor& prediction, const torch::Tensor& truth);

}  // namespace lorkd::eval
