// What the autograd functions of the strategies have in common: their inputs, what is wanted of the gradients, and how
// threads' parts of these come together. Internal to this room.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/kernels/ShareOut.h"
#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {

/// What a slice of the batch adds to W0: s·view(b·a); nothing where they are undefined.
struct SliceFactors {
  torch::Tensor a, b;
  double scale = 1;
};

/// W_t = W0 + s·view(b·a) in `space`, `values` of W0 given; W0 itself without factors. float or double.
template <class T>
const T* mergedInto(std::vector<T>& space, const T* weight, std::int64_t values, const SliceFactors& own);

/// da = s·bᵀ·dW and db = s·dW·aᵀ on the view of a gradient of W_t. float or double.
template <class T>
void factorGradients(const T* gradient, const SliceFactors& own, torch::Tensor& da, torch::Tensor& db);

/// What of the gradients is wanted.
struct Wanted {
  bool x = true, weight = true, factors = true;
  bool perSlice = false;  ///< each slice's gradient on W0, for Gram matrices
};

/// Gradients; undefined where not wanted.
struct SeparatedGradients {
  torch::Tensor x, weight;
  std::vector<torch::Tensor> a, b;      ///< by slice
  std::vector<torch::Tensor> perSlice;  ///< by slice; only if wanted
};

/// What one thread finds for its units.
struct PartialGradients {
  explicit PartialGradients(std::size_t units) : a(units), b(units), perSlice(units) {}
  torch::Tensor weight;
  std::vector<torch::Tensor> a, b, perSlice;  ///< by unit
};

/// The threads' parts, always added up in one order.
SeparatedGradients combine(const std::vector<std::vector<Unit>>& shares, const std::vector<PartialGradients>& parts,
                           std::size_t slices, const Wanted& wanted);

/// A SeparatedConv beside the tensors that autograd holds.
struct SeparatedCall : torch::CustomClassHolder {
  ConvGeometry geometry;
  Routing routing;             ///< slices with samples
  std::vector<double> scales;  ///< by slice; empty without factors
  bool bias = false;

  /// Takes `conv` apart: `inputs` become x, W0, bias if there is one, then A and B of each slice's task in turn.
  SeparatedCall(const SeparatedConv& conv, torch::autograd::variable_list& inputs);

  std::size_t firstFactor() const { return bias ? 3 : 2; }
  torch::Tensor biasOf(at::ArrayRef<torch::Tensor> inputs) const { return bias ? inputs[2] : torch::Tensor(); }
  /// By slice, contiguous.
  std::vector<SliceFactors> factorsOf(at::ArrayRef<torch::Tensor> inputs) const;
  Wanted wantedOf(const torch::autograd::AutogradContext& ctx) const;
  /// Gradients in the order of the inputs, with a last one for this call itself; the Gram matrix is recorded.
  torch::autograd::variable_list results(const SeparatedGradients& found, const torch::Tensor& weight) const;
};

}  // namespace lorkd::nn
