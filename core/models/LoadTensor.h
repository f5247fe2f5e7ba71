// Weights as tensors: the meeting of this room and LibTorch.
#pragma once

#include <torch/torch.h>

#include "core/models/Weights.h"

namespace lorkd::models {

/// The weight as a tensor that views its storage, which is read now unless another tensor still holds it; shape,
/// strides and type are the file's. Do not write to it. Errors: Io, Format, Unsupported where memory does not suffice.
Result<torch::Tensor> loadTensor(const Weights& weights, const Weight& weight);

/// The same, contiguous. Errors: also NotFound, and Numeric where a value is no finite number.
Result<torch::Tensor> loadFinite(const Weights& weights, const std::string& name);

/// Whether all its values are finite numbers; integers are.
bool isFinite(const torch::Tensor& tensor);

}  // namespace lorkd::models
