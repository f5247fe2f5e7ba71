// The merged form of a separated convolution with tasks side by side, each on one thread: small convolutions share out
// badly among threads, several of them share out well. Internal to this room; CPU, float32, oneDNN.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/kernels/SeparatedCall.h"

namespace lorkd::nn {

/// Whether sideBySideForward() and sideBySideBackward() should compute this: a shape that oneDNN takes, in float32, at
/// least one sample for each thread, and not so many threads that their weights outgrow those of the `tasks` twofold.
bool canGoSideBySide(const torch::Tensor& x, const torch::Tensor& weight, const ConvGeometry& geometry,
                     std::size_t tasks);

/// y of all samples, laid out as x. x (N, I, …) contiguous or channels-last; bias (O) or undefined. `slices` cover the
/// batch in order. One merged weight at a time for each thread.
torch::Tensor sideBySideForward(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                const ConvGeometry& geometry, const std::vector<TaskSlice>& slices,
                                const std::vector<SliceFactors>& factors);

/// Each thread's parts of the gradients of W0 are summed in one order; one more gradient of W0 for each thread.
SeparatedGradients sideBySideBackward(const torch::Tensor& dy, const torch::Tensor& x, const torch::Tensor& weight,
                                      const ConvGeometry& geometry, const std::vector<TaskSlice>& slices,
                                      const std::vector<SliceFactors>& factors, const Wanted& wanted);

}  // namespace lorkd::nn
