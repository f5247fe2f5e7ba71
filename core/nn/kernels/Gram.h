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

}  // namespace lorkd::nn
