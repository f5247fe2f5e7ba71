// The low-rank part of a separated convolution, s·view(B·A)∗x, without forming B·A. Internal to this room; CPU only.
//
// With L = I·k^(d−1), row o·k+a of B·A is piece a, [aL, (a+1)L), of output channel o's flattened (I, k…) kernel, so
//   z[a, m] = Σ_j∈piece a  A[m, j − aL] · (patch of x)[j],   y[o] = s·Σ_a,m B[o·k+a, m]·z[a, m],
// and B's memory already is the (O, k·rows of A) matrix of the second sum. Fewer multiply-adds than forming W_t when a
// task has fewer output pixels than about O·L/(O+L).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/Routing.h"
#include "core/nn/kernels/TapMap.h"

namespace lorkd::nn {

/// One task's factors and samples.
struct BranchSlice {
  torch::Tensor a, b;  ///< A (r·k, I·k^(d−1)) and B (O·k, r·k), contiguous
  double scale = 1;
  std::int64_t begin = 0, end = 0;  ///< samples
};

/// `pieces` is k: into how many pieces the rows of the view cut a kernel.
/// x (N, in pixels, I) contiguous; adds the branch to y (N, out pixels, O), contiguous. float32 or float64.
/// Returns z of each slice, (samples · out pixels, k · rows of A), for the backward pass.
std::vector<torch::Tensor> branchForward(const torch::Tensor& x, const torch::Tensor& y,
                                         const std::vector<BranchSlice>& slices, const TapMap& map,
                                         std::int64_t pieces);

/// Gradients of each slice's A and B, undefined where not wanted; adds the branch's part to dx (N, in pixels, I),
/// contiguous, unless it is undefined. `z` is what branchForward returned; dy (N, out pixels, O) contiguous.
struct BranchGradients {
  torch::Tensor a, b;
};
std::vector<BranchGradients> branchBackward(const torch::Tensor& x, const torch::Tensor& dy, const torch::Tensor& dx,
                                            const std::vector<torch::Tensor>& z, const std::vector<BranchSlice>& slices,
                                            const TapMap& map, std::int64_t pieces, bool wantFactors);

}  // namespace lorkd::nn
