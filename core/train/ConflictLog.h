// Gram matrices of the tasks' gradients, averaged over consecutive steps: single batches are noisy.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/nn/Routing.h"
#include "core/nn/TensorFile.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// Every conflict.every-th step ends a window of conflict.batches steps, whose batches' matrices are averaged entry by
/// entry over the batches that hold both tasks: a task's absence is no evidence of harmony. Entries of tasks that were
/// never in one batch are null. The window's matrices belong to the training's state, so that a resumed run logs what
/// an undisturbed one does.
class ConflictLog {
 public:
  /// `layers`: names of the adapted layers, in the order in which matrices are given.
  ConflictLog(const plan::Plan& plan, std::vector<std::string> layers);
  /// Whether the batches of step `step` (counted from 1) are to be measured.
  bool wants(std::int64_t step) const;
  /// One batch of the step: `gram(l)` is K (T, T) float64 of layer l, undefined where nothing was recorded.
  void add(const nn::Routing& routing, const std::function<torch::Tensor(std::size_t)>& gram);
  /// Ends a step; the fields of a conflict event where it ends a window.
  std::optional<Json> endStep(std::int64_t step);

  /// "conflict.gram" (steps, L, T, T), "conflict.count" (steps, T, T), "conflict.weights" (steps, T), all float64; none
  /// between windows.
  nn::NamedTensors state() const;
  Result<void> restore(const safetensors::File& file);

 private:
  /// Sums over the batches of one step.
  struct Measured {
    torch::Tensor gram, count, weights;
  };
  Measured empty() const;
  Json event(std::int64_t step) const;

  plan::Conflict m_options;
  std::vector<std::string> m_tasks, m_layers;
  std::deque<Measured> m_steps;  ///< the last steps of the window
  std::optional<Measured> m_current;
};

}  // namespace lorkd::train
