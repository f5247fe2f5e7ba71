// The merged form of a separated convolution with tasks side by side, each on one thread: small convolutions share out
// badly among threads, several of them share out well. Internal to this room; CPU, float32, oneDNN.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/Convolution.h"

namespace lorkd::nn {

/// Consecutive samples of one task. Without factors its weight is W0.
struct TaskSamples {
  std::int64_t begin = 0, end = 0;
  torch::Tensor a, b;
  double scale = 1;
};

/// Whether sideBySideForward() and sideBySideBackward() can compute this: a shape that oneDNN takes, in float32, and at
/// least one sample for each thread.
bool canGoSideBySide(const torch::Tensor& x, const torch::Tensor& weight, const ConvGeometry& geometry);

/// y of all samples, laid out as x. x (N, I, …) contiguous or channels-last; bias (O) or undefined. `tasks` cover the
/// batch in order. One merged weight at a time for each thread.
torch::Tensor sideBySideForward(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                const ConvGeometry& geometry, const std::vector<TaskSamples>& tasks);

/// What of the gradients is wanted.
struct Wanted {
  bool x = true, weight = true, factors = true;
  bool perTask = false;  ///< each task's gradient on W0, for Gram matrices
};
struct SideBySideGradients {
  torch::Tensor x, weight;
  std::vector<torch::Tensor> a, b;     ///< by task; undefined without factors
  std::vector<torch::Tensor> perTask;  ///< by task
};
SideBySideGradients sideBySideBackward(const torch::Tensor& dy, const torch::Tensor& x, const torch::Tensor& weight,
                                       const ConvGeometry& geometry, const std::vector<TaskSamples>& tasks,
                                       const Wanted& wanted);

}  // namespace lorkd::nn
