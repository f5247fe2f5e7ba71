// Gradient surgery: from the tasks' gradients on the shared weights to the one that the optimiser follows.
//
// Every method's answer is a combination Σ_t c_t·g_t whose coefficients follow from the Gram matrix K_tu = <g_t, g_u>
// alone, so only T×T numbers are looked at. Coefficients are (T) float64.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "core/nn/TensorFile.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// PCGrad (arXiv 2001.06782, algorithm 1): each g_i is projected, for the other tasks in random order, onto the normal
/// plane of every g_j it conflicts with; the projected ones are added up. `seed` gives the orders.
torch::Tensor pcgradCoefficients(const torch::Tensor& gram, std::uint64_t seed);

/// Aligned-MTL (arXiv 2305.19000, algorithm 1): the gradients are replaced by the nearest system of orthogonal ones of
/// equal length, that of the least singular value, and added up. Directions without gradient are left out.
torch::Tensor alignedCoefficients(const torch::Tensor& gram);

/// One step λ ← Π(λ − K·λ/‖K‖) towards the shortest vector in the convex hull, Π the projection onto the simplex; 1/‖K‖
/// is the longest step that never overshoots.
torch::Tensor momentumWeights(const torch::Tensor& gram, const torch::Tensor& lambda);

/// Nearest point of the probability simplex.
torch::Tensor ontoSimplex(const torch::Tensor& point);

/// One task's gradient: one tensor a shared parameter, undefined where its loss does not reach.
using TaskGradient = std::vector<torch::Tensor>;

/// The method of a plan, with its memory.
class Surgery {
 public:
  /// Whether `method` is one of pcgrad, moco, aligned_mtl.
  static bool performs(plan::PlanMethod method);
  /// `parameters`: the shared ones, whose shapes MoCo's memory takes.
  Surgery(const plan::Plan& plan, const nn::NamedTensors& parameters);

  /// The combined gradient of step `step` (from 0) from the gradients of the weighted losses; `gradients[t]` is empty
  /// where task t is not in the batch.
  /// MoCo (arXiv 2210.12624): y_t ← y_t − β(y_t − g_t), β = 0.5/√k in the k-th step; λ one step towards the shortest
  /// Σ λ_t·y_t; the result is T·Σ λ_t·y_t, so that equal λ give the plain sum.
  TaskGradient combine(const std::vector<TaskGradient>& gradients, std::int64_t step);

  /// MoCo's "moco.<task>.<parameter>", "moco.lambda" (T) and "moco.seen" (T); nothing for the others.
  nn::NamedTensors state() const;
  Result<void> restore(const safetensors::File& file);

 private:
  TaskGradient followMomentum(const std::vector<TaskGradient>& gradients, std::int64_t step);

  plan::PlanMethod m_method;
  std::uint64_t m_seed;
  std::vector<TaskGradient> m_tracked;  ///< MoCo's y_t
  torch::Tensor m_lambda, m_seen;
  std::vector<std::string> m_names;
};

/// K of these tasks over all parameters, float64 on the CPU; rows of empty gradients are 0.
torch::Tensor gramOf(const std::vector<TaskGradient>& gradients);
/// K of one parameter.
torch::Tensor gramOf(const std::vector<TaskGradient>& gradients, std::size_t parameter);

}  // namespace lorkd::train
