// Batch normalisation of 2D maps: one set for all tasks, as LoRKD was published, or one for each.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/Routing.h"
#include "core/nn/TensorFile.h"

namespace lorkd::nn {

/// Affine batch norm as torch's BatchNorm2d (eps 1e-5, momentum 0.1, names weight, bias, running_mean, running_var,
/// num_batches_tracked). With `tasks` above 0 every task has a set of its own, named "<task>.weight" and so on: each
/// slice of the routing meets its task's statistics and affine. x (N, C, H, W).
/// A task with one value per channel in a batch (one sample, 1×1 map) has no statistics of its own there: it is
/// normalised by its running ones, which stay.
class BatchNormImpl : public torch::nn::Module {
 public:
  explicit BatchNormImpl(std::int64_t channels, std::size_t tasks = 0);
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing);

  /// From now on every sample is this task's, whatever the routing says / back again. Nothing for a shared norm.
  void fuse(int task);
  void unfuse() { m_fused = -1; }

  bool perTask() const { return m_perTask; }
  /// The set of a task, or the shared one, under the names of a shared norm. Handles, not copies.
  NamedTensors setOf(int task) const;
  std::size_t sets() const { return m_sets.size(); }

 private:
  struct Set {
    torch::Tensor weight, bias, mean, variance, batches;
  };
  static Set makeSet(torch::nn::Module& owner, std::int64_t channels);
  const Set& set(int task) const;
  torch::Tensor normalise(const Set& set, const torch::Tensor& x) const;

  bool m_perTask;
  int m_fused = -1;
  std::vector<Set> m_sets;
};
TORCH_MODULE(BatchNorm);

}  // namespace lorkd::nn
