// Layers with a shared weight W0 and one low-rank update per task: y_i = conv(x_i, W0 + s_t·view(B_t·A_t)), t = t(i).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/FactorShape.h"
#include "core/nn/Routing.h"

namespace lorkd::nn {

/// How separated convolutions are computed: see core/nn/Strategy.h.
enum class Strategy { Auto, Merged, Factored, Published };

/// Ranks and scales of every task; empty ranks make plain layers without factors.
struct LowRankSpec {
  std::vector<std::int64_t> ranks;  ///< per task, encoder
  std::vector<double> scales;       ///< per task, s in every layer (see NetworkImpl::setScale)
  std::int64_t decoderFactor = 2;
  Strategy strategy = Strategy::Auto;
  std::size_t tasks = 0;  ///< that the network serves, which batch norms of their own may tell apart without factors
  bool plain() const { return ranks.empty(); }
  std::size_t tasksServed() const { return plain() ? tasks : ranks.size(); }
};

/// Geometry of a convolution. groups == 1 always: grouped convolutions are not adapted.
struct ConvShape {
  int dims = 3;  ///< 2 or 3
  std::int64_t in = 0, out = 0, kernel = 3, stride = 1, padding = 1, dilation = 1;
  bool bias = true;
  bool decoder = false;
};

/// W0 (O, I, k…), bias (O), and per task A_t, B_t (see FactorShape). x (N, I, D?, H, W) sorted by task as `routing`
/// says. Init: W0 as torch's convolutions; A Kaiming-uniform with a = √5 (fan_in = columns of A); B = 0.
class LowRankConvImpl : public torch::nn::Module {
 public:
  LowRankConvImpl(const ConvShape& shape, const LowRankSpec& spec);
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing);

  /// s·view(B_t·A_t), shape of W0.
  torch::Tensor delta(int task) const;
  /// Gives a task other, freshly initialised factors of this very rank (no decoder factor); its scale stays.
  void setRank(int task, std::int64_t rank);
  /// W0 + delta(task): what a fused expert carries.
  torch::Tensor fusedWeight(int task) const;
  /// Adds delta(task) to W0 so that forward ignores the routing; unfuse() restores W0 to the bit.
  void fuse(int task);
  void unfuse();
  bool fused() const { return m_saved.defined(); }

  const ConvShape& shape() const { return m_shape; }
  AdaptedLayer layer() const;  ///< name empty
  std::size_t tasks() const { return a.size(); }

  torch::Tensor weight, bias;       ///< bias undefined when shape.bias is false
  std::vector<torch::Tensor> a, b;  ///< parameters "a.<task>", "b.<task>"
  std::vector<double> scales;
  Strategy strategy = Strategy::Auto;
  Strategy computedBy = Strategy::Auto;  ///< what the last separated forward pass took; Auto before the first

 private:
  ConvShape m_shape;
  torch::Tensor m_saved;  ///< W0 while fused
};
TORCH_MODULE(LowRankConv);

/// The same for a linear layer: weight (out, in), A (r, in), B (out, r). x (N, in).
class LowRankLinearImpl : public torch::nn::Module {
 public:
  LowRankLinearImpl(std::int64_t in, std::int64_t out, const LowRankSpec& spec, bool bias = true);
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing);
  void setRank(int task, std::int64_t rank);
  torch::Tensor delta(int task) const;
  torch::Tensor fusedWeight(int task) const;
  void fuse(int task);
  void unfuse();
  bool fused() const { return m_saved.defined(); }
  AdaptedLayer layer() const;  ///< dims 0, name empty

  torch::Tensor weight, bias;
  std::vector<torch::Tensor> a, b;
  std::vector<double> scales;

 private:
  torch::Tensor m_saved;
};
TORCH_MODULE(LowRankLinear);

}  // namespace lorkd::nn
