// The optimiser of a plan, and its state as named tensors.
#pragma once

#include <torch/torch.h>

#include "core/base/Error.h"
#include "core/nn/TensorFile.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// AdamW (decoupled decay, arXiv 1711.05101; averages 0.9 and 0.999, epsilon 1e-8) or SGD with momentum over named
/// parameters. Parameters without a gradient in a step (factors of a task that is not in the batch) are left alone: no
/// decay, no momentum, no count. On a CPU one pass over all parameters does the whole update: torch::optim passes over
/// each of them several times, which the many small factors of experts make felt.
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
  /// What one parameter has gathered. Its averages are undefined before its first step, and for SGD without momentum.
  struct State {
    torch::Tensor first, second;  // exp_avg and exp_avg_sq, or momentum alone, or nothing; laid out as the parameter
    std::int64_t steps = -1;
  };
  struct Update;

  std::vector<torch::Tensor> gradients() const;
  /// The updates of a step, with the states they need; of parameters with a gradient.
  std::vector<Update> updates(double learningRate);

  nn::NamedTensors m_parameters;
  std::vector<State> m_states;
  bool m_adam;
  double m_decay, m_momentum;
  bool m_buffered;  // steps depend on earlier gradients
};

}  // namespace lorkd::train
