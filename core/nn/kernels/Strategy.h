// How y_i = conv(x_i, W0 + s_t·view(B_t·A_t)), t = t(i), is computed. Internal to this room.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/LowRank.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {

/// One separated convolution. Empty `a`, `b`: no factors, every task uses W0 (for recording gradients per task).
struct SeparatedConv {
  torch::Tensor x, weight, bias;  ///< (N, I, …), (O, I, k…), (O) or undefined
  ConvGeometry geometry;
  std::vector<torch::Tensor> a, b;  ///< by task
  std::vector<double> scales;       ///< by task
  Routing routing;
};

/// Per task present: W_t once, then the convolution of the task's slice; hand-written backward that keeps no
/// per-task gradient.
torch::Tensor mergedConvolution(const SeparatedConv& call);

/// The published form: one weight per SAMPLE and one grouped convolution with groups = N, through ordinary autograd.
/// Many times slower; the reference that others must agree with.
torch::Tensor publishedConvolution(const SeparatedConv& call);

/// The shared weight for the whole batch at once, then each task's factors on its samples, exactly and without forming
/// W_t; hand-written on the CPU (float32, float64), LibTorch's operators elsewhere.
torch::Tensor factoredConvolution(const SeparatedConv& call);

/// Whether the weight is a matrix on the channels (1×1 kernels without padding; linear layers, x (N, I)) that the CPU's
/// own products can take: float32 or float64 throughout.
bool isPointwise(const SeparatedConv& call);

/// Such a layer by matrix products on channels-last rows; its result is channels-last. Factored as above, else merged.
torch::Tensor pointwiseConvolution(const SeparatedConv& call, Strategy strategy);

/// What a layer takes where the plan says `asked`, never Auto: Auto becomes what costs less (chosenStrategy); in lower
/// precision on the CPU the merged form alone is worth taking; and a GramRecorder is filled by the merged form and by
/// the factored one's own kernels, to which others give way.
Strategy takenStrategy(const SeparatedConv& call, Strategy asked);

/// Computes it by what takenStrategy() says.
torch::Tensor separatedConvolution(const SeparatedConv& call, Strategy strategy);

/// What Auto takes for `outPixels` pixels of one sample: factored where a task has fewer output pixels than
/// about 1.5·O·L/(O+L), L = I·k^(d−1), below which its factors cost less than the making of its weight and its
/// gradient.
Strategy chosenStrategy(const SeparatedConv& call, std::int64_t outPixels);

/// Whether the factored strategy multiplies the shared weight on pixel-major rows rather than by a convolution: on maps
/// so small that padding is much of the work.
bool worksOnRows(std::int64_t taps, std::int64_t outPixels);

/// Output pixels of one sample.
std::int64_t outputPixels(const SeparatedConv& call);

/// W0 + s·(B·A) viewed row-major as W0; linear layers too. Outside autograd.
torch::Tensor mergedWeight(const torch::Tensor& weight, const torch::Tensor& a, const torch::Tensor& b, double scale);

/// Throws c10::Error unless the slices cover a batch of `samples` without gaps and name tasks below `tasks`.
void checkRouting(const Routing& routing, std::int64_t samples, std::size_t tasks);

}  // namespace lorkd::nn
