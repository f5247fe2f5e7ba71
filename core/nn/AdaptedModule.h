// What every adapted layer is, whatever it computes: a shared weight W0 and one low-rank update for each task.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "core/nn/FactorShape.h"

namespace lorkd::nn {

/// How separated convolutions are computed: see core/nn/kernels/Strategy.h.
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

/// The updates of a layer: dW_t = s_t·view(B_t·A_t), in the shapes of factorShape(). All empty in a plain layer.
struct Factors {
  std::vector<torch::Tensor> a, b;
  std::vector<double> scales;
  bool empty() const { return a.empty(); }
  std::size_t tasks() const { return a.size(); }
};

/// A layer with W0 and factors. Whoever looks at adapted layers (fusing, spectra, ranks, exports, counts) meets them as
/// this; only their own files know what they compute.
class AdaptedModule : public torch::nn::Module {
 public:
  /// What the factors' shapes follow from; name empty.
  virtual AdaptedLayer layer() const = 0;

  /// s·view(B_t·A_t), shape of W0, differentiable; zeros in a plain layer.
  torch::Tensor delta(int task) const;
  /// W0 + delta(task), outside autograd: what a fused expert carries. Also while fused to another task.
  torch::Tensor fusedWeight(int task) const;
  /// Adds delta(task) to W0 so that forward ignores the routing; unfuse() restores W0 to the bit.
  void fuse(int task);
  void unfuse();
  bool fused() const { return m_saved.defined(); }
  /// Gives a task other, freshly initialised factors of this very rank (no decoder factor); its scale stays.
  void setRank(int task, std::int64_t rank);
  /// A task's rank here; factors needed.
  std::int64_t rank(int task) const;

  torch::Tensor weight, bias;  ///< bias (O) undefined without one
  Factors factors;             ///< parameters "a.<task>" and "b.<task>"

 protected:
  /// Registers W0 of `sizes`, the bias and each task's factors. Init: W0 and bias as torch's layers (Kaiming-uniform
  /// with a = √5, ±1/√fan_in); A Kaiming-uniform with a = √5 (fan_in = columns of A); B = 0.
  void makeWeights(const std::vector<std::int64_t>& sizes, bool withBias, const AdaptedLayer& layer,
                   const LowRankSpec& spec);
  bool separated() const { return !factors.empty() && !fused(); }

 private:
  torch::Tensor m_saved;  ///< W0 while fused
};

/// Calls f(full name, AdaptedModule) for every adapted layer below `root` in module order; `root` is called `name`.
template <class F>
void eachAdapted(const torch::nn::Module& root, const std::string& name, F&& f) {
  for (const auto& item : root.named_modules(name))
    if (auto* layer = item.value()->as<AdaptedModule>()) f(item.key(), *layer);
}

}  // namespace lorkd::nn
