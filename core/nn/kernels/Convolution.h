// Convolutions and products that avoid LibTorch's slow paths on the CPU.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace lorkd::nn {

/// Stride, padding and dilation per axis, as LibTorch's calls want them.
struct ConvGeometry {
  std::vector<std::int64_t> stride, padding, dilation;
  /// The same value on each of `dims` axes.
  static ConvGeometry uniform(int dims, std::int64_t stride, std::int64_t padding, std::int64_t dilation = 1);
};

/// Spatial sizes of the result: floor((in + 2·padding − dilation·(kernel − 1) − 1)/stride) + 1 per axis.
std::vector<std::int64_t> outputSizes(at::IntArrayRef in, at::IntArrayRef kernel, const ConvGeometry& geometry);

/// LibTorch's own differentiable operator: x (N, I, …) with weight (O, I/groups, k…) and optional bias (O).
torch::Tensor stockConvolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                               const ConvGeometry& geometry, std::int64_t groups = 1);

/// x (N, I, …) with weight (O, I, k…) and optional bias (O); groups 1. Outside autograd; see convolution() for the
/// differentiable call.
/// ATen sends single samples with small maps to im2col and BLAS, up to 60 times slower than oneDNN; this does not.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                       const ConvGeometry& geometry);

/// Gradients of convolve() for x and weight; an undefined tensor where not wanted.
struct ConvGradients {
  torch::Tensor x, weight;
};
ConvGradients convolveBackward(const torch::Tensor& gradient, const torch::Tensor& x, const torch::Tensor& weight,
                               const ConvGeometry& geometry, bool wantX, bool wantWeight);

/// `x` in the type that autocast computes in on its device; as it is without autocast. Differentiable.
torch::Tensor lowered(const torch::Tensor& x);

/// x (N, C, H, W) laid out channels-last, in which oneDNN convolves pictures faster; batch norm, pooling and the layers
/// that follow keep the layout. As it is on other devices and while a network is traced for export. Differentiable.
torch::Tensor channelsLast(const torch::Tensor& x);

/// left (m, k) · right (k, n), outside autograd. On the CPU in float32 it is a oneDNN 1×1 convolution, because the
/// BLAS that LibTorch finds may be the unoptimised reference one.
torch::Tensor product(const torch::Tensor& left, const torch::Tensor& right);

/// While one is alive, its thread computes convolutions, separated ones too, by LibTorch's own operators alone, and
/// channelsLast() changes nothing: for those who observe operators, and for benchmarks of what a network costs without
/// this room.
class StockKernels {
 public:
  StockKernels();
  ~StockKernels();
  static bool active();
  StockKernels(const StockKernels&) = delete;
  StockKernels& operator=(const StockKernels&) = delete;
};

/// Differentiable convolution of a whole batch with one weight, by the kernels that separated ones use where they are
/// the faster ones.
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                          const ConvGeometry& geometry);

}  // namespace lorkd::nn
