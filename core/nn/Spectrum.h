// What a task's trained factors hold, rank by rank, and the same factors with less rank.
//
// Factors of rank r are B (O·k, r·k) and A (r·k, I·k^(d-1)), so their product is any matrix of rank r·k in the view
// (O·k, I·k^(d-1)) of the weight. The best update that rank r' < r can hold is therefore the product cut to its r'·k
// largest singular values in that view (Eckart and Young, 1936): each unit of rank is k singular values. The unfolded
// update (O, I·k^d), whose rank is up to r·k², would tell what another parametrisation needs (PEFT's), not this one.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "core/nn/Network.h"

namespace lorkd::nn {

/// Singular values of s·B·A, largest first, float64. From QR of B and Aᵀ, so that only an (r·k, r·k) matrix is
/// decomposed and B·A, which may be large, is never formed.
torch::Tensor singularValues(const torch::Tensor& a, const torch::Tensor& b, double scale);

/// Factors (A', B') with `rows` rows of A', columns of B': B'·A' is the nearest to B·A that they can hold.
std::pair<torch::Tensor, torch::Tensor> truncated(const torch::Tensor& a, const torch::Tensor& b, std::int64_t rows);

/// One task's update in one adapted layer.
struct LayerSpectrum {
  AdaptedLayer layer;          ///< with its full name
  std::int64_t rank = 0;       ///< of the factors as they are
  std::vector<double> energy;  ///< per unit of rank: the squares of its k singular values, summed; never rising
  double weight = 0;           ///< squared Frobenius norm of the task's own weight, W0 + dW
  double total() const;
  /// Share of the energy that the first `rank` units keep; 1 where there is nothing to lose.
  double kept(std::int64_t rank) const;
};

/// The spectra of a task, in the order of adaptedLayers(); empty for a network without factors.
std::vector<LayerSpectrum> spectra(const Network& network, int task);

/// Replaces the task's factors by truncated ones; `ranks` in the order of adaptedLayers(), a rank above the present one
/// changes nothing. The network must not be fused. It then computes with the smaller factors, but fits no checkpoint of
/// its plan any more.
void truncate(Network& network, int task, const std::vector<std::int64_t>& ranks);

}  // namespace lorkd::nn
