// Layers with a shared weight W0 and one low-rank update per task: y_i = conv(x_i, W0 + s_t·view(B_t·A_t)), t = t(i).
#pragma once

#include <torch/torch.h>

#include "core/nn/AdaptedModule.h"
#include "core/nn/Routing.h"

namespace lorkd::nn {

/// Geometry of a convolution. groups == 1 always: grouped convolutions are not adapted.
struct ConvShape {
  int dims = 3;  ///< 2 or 3
  std::int64_t in = 0, out = 0, kernel = 3, stride = 1, padding = 1, dilation = 1;
  bool bias = true;
  bool decoder = false;
};

/// W0 (O, I, k…), bias (O), and per task A_t, B_t. x (N, I, D?, H, W) sorted by task as `routing` says.
class LowRankConvImpl : public AdaptedModule {
 public:
  LowRankConvImpl(const ConvShape& shape, const LowRankSpec& spec);
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing);
  const ConvShape& shape() const { return m_shape; }
  AdaptedLayer layer() const override;

  Strategy strategy = Strategy::Auto;
  Strategy computedBy = Strategy::Auto;  ///< what the last separated forward pass took; Auto before the first

 private:
  ConvShape m_shape;
};
TORCH_MODULE(LowRankConv);

/// The same for a linear layer: W0 (out, in), A (r, in), B (out, r). x (N, in).
class LowRankLinearImpl : public AdaptedModule {
 public:
  LowRankLinearImpl(std::int64_t in, std::int64_t out, const LowRankSpec& spec, bool bias = true);
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing);
  AdaptedLayer layer() const override;  ///< dims 0
};
TORCH_MODULE(LowRankLinear);

}  // namespace lorkd::nn
