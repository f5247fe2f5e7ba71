// Whether the LibTorch at hand convolves rightly on this machine.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>

#include "core/base/Error.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {

/// A differentiable convolution without bias: x (N, I, ...), weight (O, I, k...).
using Convolve =
    std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight, const ConvGeometry& geometry)>;

/// The first small layer where `convolve` in float32 differs by more than 1e-3 of the norm from LibTorch's own
/// operator in double precision, forward or in a gradient: "3x3 convolution of 8 to 8 channels: gradient of the input".
/// Empty where all agree.
std::string disagreement(const Convolve& convolve);

/// disagreement() of `convolve`; where there is one, `remedy` is applied and `convolve` compared again. Returns what
/// was wrong before the remedy; empty if nothing was.
/// Errors: Numeric, if it is still wrong.
Result<std::string> rightAfter(const Convolve& convolve, const std::function<void()>& remedy);

/// Switches oneDNN off for the process where LibTorch's convolutions are wrong with it; compared once, in some
/// milliseconds. Builds of LibTorch and oneDNN that do not suit each other, or the processor, compute wrong gradients
/// in silence: Debian 13's LibTorch 2.6 with oneDNN 3.7 does for small layers, unless oneDNN is kept to SSE 4.1 or AVX.
/// Returns and errors as rightAfter().
const Result<std::string>& switchWrongKernelsOff();

}  // namespace lorkd::nn
