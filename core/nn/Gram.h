// Gram matrices of the tasks' gradients on the shared weights: K_tu = <g_t, g_u> per layer.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

namespace lorkd::nn {

/// Collects K per layer during one backward pass. Layers are told apart by their weight tensor.
/// Only tasks present in the batch get entries; the others' rows stay 0. Thread-safe.
class GramRecorder {
 public:
  explicit GramRecorder(int tasks);
  int tasks() const { return m_tasks; }
  /// `gradients[j]` is dL_t/dW0 of task `present[j]`; adds their dot products to the layer of `weight`.
  void add(const torch::Tensor& weight, const std::vector<int>& present, const std::vector<torch::Tensor>& gradients);
  /// The same where the products are known: `products` (n, n) float64 of tasks `present` (n).
  void addProducts(const torch::Tensor& weight, const std::vector<int>& present, const torch::Tensor& products);
  /// K (T, T) float64 by the weight's address; undefined if the layer recorded nothing.
  torch::Tensor gram(const torch::Tensor& weight) const;
  void clear();

 private:
  struct State;
  int m_tasks;
  std::shared_ptr<State> m_state;
};

/// Measures derived from K (T, T); pairs i < j only; tasks with K_ii = 0 and pairs whose K_ij is not a number, as they
/// were never in one batch, are left out.
struct ConflictMeasures {
  torch::Tensor cosine;               ///< (T, T) float64, NaN where a task or the pair is absent
  torch::Tensor magnitudeSimilarity;  ///< 2‖g_i‖‖g_j‖/(‖g_i‖²+‖g_j‖²), PCGrad (arXiv 2001.06782)
  double conflictFraction = 0;        ///< share of pairs with cosine < 0
  double conditionNumber = 1;  ///< √(λmax/λmin), λmin clamped, Aligned-MTL (arXiv 2305.19000); NaN if a pair is absent
};
ConflictMeasures conflictMeasures(const torch::Tensor& gram);

}  // namespace lorkd::nn
