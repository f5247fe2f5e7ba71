// The shared weight's part of a factored convolution, on pixel-major rows. Internal to this room; CPU only.
#pragma once

#include <torch/torch.h>

#include "core/nn/kernels/TapMap.h"

namespace lorkd::nn {

/// y (N, out pixels, O) of x (N, in pixels, I) with weight (O, I, k…): one product per tap over the pixels that the tap
/// meets, so that padding costs nothing; on maps of a few pixels faster than a direct convolution.
torch::Tensor tapsForward(const torch::Tensor& x, const torch::Tensor& weight, const TapMap& map);

/// Gradients of tapsForward; undefined where not wanted. dy (N, out pixels, O).
struct TapGradients {
  torch::Tensor x, weight;
};
TapGradients tapsBackward(const torch::Tensor& dy, const torch::Tensor& x, const torch::Tensor& weight,
                          const TapMap& map, bool wantX, bool wantWeight);

}  // namespace lorkd::nn
