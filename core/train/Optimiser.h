// The optimiser of a plan, and its state as named tensors.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "core/base/Error.h"
#include "core/nn/TensorFile.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// AdamW (decoupled decay, arXiv 1711.05101) or SGD with momentum over named parameters. Parameters without a gradient
/// in a step (factors of a task that is not in the batch) are left alone: no decay, no momentum, no count.
class Optimiser {
 public:
  Optimiser(const plan::Training& options, nn::NamedTensors parameters);

  /// Drops all gradients.
  void clearGradients();
  /// Euclidean norm of all gradients together.
  double gradientNorm() const;
  void scaleGradients(double factor);
  void step(double learningRate);

  /// "exp_avg.<parameter>", "exp_avg_sq.<parameter>" or "momentum.<parameter>", and "optimiser.steps" (P) int64:
  /// updates of each parameter in order, −1 where it has no state.
  nn::NamedTensors state() const;
  /// Errors: NotFound, Mismatch (naming the tensor).
  Result<void> restore(const safetensors::File& file);

 private:
  std::vector<torch::Tensor> gradients() const;
  nn::NamedTensors m_parameters;
  std::unique_ptr<torch::optim::Optimizer> m_optimiser;
  bool m_adam;
};

}  // namespace lorkd::train
