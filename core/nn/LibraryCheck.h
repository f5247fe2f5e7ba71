// Whether the LibTorch at hand convolves rightly on this machine.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>

#include "core/nn/Convolution.h"

namespace lorkd::nn {

/// A differentiable convolution without bias: x (N, I, ...), weight (O, I, k...).
using Convolve =
    std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight, const ConvGeometry& geometry)>;

/// The first small layer where `convolve` in float32 differs by more than 1e-3 of the norm from LibTorch's own
/// operator in double precision, forward or in a gradient: "3x3 convolution of 8 to 8 channels: gradient of the input".
/// Empty where all agree.
std::string disagreement(const Convolve& convolve);

/// Found out once in a process, in some milliseconds: builds of LibTorch and oneDNN that do not suit each other, or the
/// processor, compute wrong gradients in silence (Debian 13's LibTorch 2.6 with oneDNN 3.7 does for small layers on
/// processors with AVX2 or wider). Where LibTorch's convolutions are wrong, oneDNN is switched off for the process.
/// Returns what was wrong; empty if nothing was.
const std::string& faultOfLibrary();

}  // namespace lorkd::nn
