#include "core/nn/kernels/Convolution.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/version.h>

#include "core/nn/kernels/SideBySide.h"
#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {
namespace {

// The type autocast asks for on `x`'s device, or x's own.
torch::ScalarType autocastType(const torch::Tensor& x) {
  if (!x.is_floating_point() || x.scalar_type() == torch::kDouble) return x.scalar_type();
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  const auto device = x.device().type();
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : x.scalar_type();
#else
  if (x.is_cpu()) return at::autocast::is_cpu_enabled() ? at::autocast::get_autocast_cpu_dtype() : x.scalar_type();
  return at::autocast::is_enabled() ? at::autocast::get_autocast_gpu_dtype() : x.scalar_type();
#endif
}

bool oneDnnTakes(const torch::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == torch::kFloat && x.numel() > 0 && at::hasMKLDNN() &&
         at::globalContext().userEnabledMkldnn() && autocastType(x) == torch::kFloat &&
         !torch::jit::tracer::isTracing();
}

// True where ATen would not choose oneDNN by itself: one sample, or 1×1 kernels on one thread (the rule in
// aten/src/ATen/native/Convolution.cpp, use_mkldnn).
bool needsDetour(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.size(0) == 1 || (weight[0][0].numel() == 1 && at::get_num_threads() == 1);
}

thread_local int stockKernels = 0;

}  // namespace

StockKernels::StockKernels() { ++stockKernels; }
StockKernels::~StockKernels() { --stockKernels; }
bool StockKernels::active() { return stockKernels > 0; }

torch::Tensor lowered(const torch::Tensor& x) { return x.to(autocastType(x)); }

torch::Tensor channelsLast(const torch::Tensor& x) {
  if (!x.is_cpu() || StockKernels::active() || torch::jit::tracer::isTracing()) return x;
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

ConvGeometry ConvGeometry::uniform(int dims, std::int64_t stride, std::int64_t padding, std::int64_t dilation) {
  const auto n = static_cast<std::size_t>(dims);
  return {std::vector(n, stride), std::vector(n, padding), std::vector(n, dilation)};
}

std::vector<std::int64_t> outputSizes(at::IntArrayRef in, at::IntArrayRef kernel, const ConvGeometry& g) {
  std::vector<std::int64_t> sizes;
  for (std::size_t axis = 0; axis < in.size(); ++axis)
    sizes.push_back((in[axis] + 2 * g.padding[axis] - g.dilation[axis] * (kernel[axis] - 1) - 1) / g.stride[axis] + 1);
  return sizes;
}

torch::Tensor stockConvolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                               const ConvGeometry& g, std::int64_t groups) {
  const std::vector<std::int64_t> none(g.stride.size(), 0);
  return at::convolution(x, weight, bias, g.stride, g.padding, g.dilation, false, none, groups);
}

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                       const ConvGeometry& g) {
  if (oneDnnTakes(x) && needsDetour(x, weight))
    return at::mkldnn_convolution(x, weight, bias, g.padding, g.stride, g.dilation, 1);
  return stockConvolution(x, weight, bias, g);
}

ConvGradients convolveBackward(const torch::Tensor& gradient, const torch::Tensor& x, const torch::Tensor& weight,
                               const ConvGeometry& g, bool wantX, bool wantWeight) {
  if (!wantX && !wantWeight) return {};
  const std::vector<std::int64_t> none(g.stride.size(), 0);
  const auto call = [&](const torch::Tensor& dy, const torch::Tensor& in) {
    auto [dx, dw, db] = at::convolution_backward(dy, in, weight, {}, g.stride, g.padding, g.dilation, false, none, 1,
                                                 {wantX, wantWeight, false});
    return ConvGradients{dx, dw};
  };
  if (!oneDnnTakes(x) || !needsDetour(x, weight)) return call(gradient, x);
  // oneDNN's backward has no operator of its own, but opaque oneDNN tensors always lead to it.
  auto result = call(gradient.contiguous().to_mkldnn(), x.contiguous().to_mkldnn());
  if (result.x.defined() && result.x.is_mkldnn()) result.x = result.x.to_dense();
  if (result.weight.defined() && result.weight.is_mkldnn()) result.weight = result.weight.to_dense();
  return result;
}

torch::Tensor product(const torch::Tensor& left, const torch::Tensor& right) {
  const auto m = left.size(0), k = left.size(1), n = right.size(1);
  if (!oneDnnTakes(left) || !oneDnnTakes(right) || m * k * n < 1 << 17) return at::mm(left, right);
  const auto image = right.contiguous().view({1, k, 1, n});
  return at::mkldnn_convolution(image, left.contiguous().view({m, k, 1, 1}), {}, {0, 0}, {1, 1}, {1, 1}, 1)
      .view({m, n});
}

torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                          const ConvGeometry& geometry) {
  // LibTorch's CPU autocast knows conv2d and conv3d, not the call beneath them.
  if (const auto in = lowered(x); in.scalar_type() != weight.scalar_type())
    return convolve(in, weight.to(in.scalar_type()), bias.defined() ? bias.to(in.scalar_type()) : bias, geometry);
  if (StockKernels::active() && weight.scalar_type() == x.scalar_type())
    return stockConvolution(x, weight, bias, geometry);
  if (!oneDnnTakes(x)) return convolve(x, weight, bias, geometry);
  const SeparatedConv whole{x, weight, bias, geometry, {}, {}, {}, Routing::single(0, x.size(0))};
  if (isPointwise(whole) && x.suggest_memory_format() != at::MemoryFormat::Contiguous)
    return pointwiseConvolution(whole, Strategy::Merged);
  if (x.dim() == 4 && weight[0][0].numel() > 1 && worksOnRows(weight[0][0].numel(), outputPixels(whole)))
    return factoredConvolution(whole);
  if (needsDetour(x, weight) || canGoSideBySide(x, weight, geometry, 1)) return mergedConvolution(whole);
  return convolve(x, weight, bias, geometry);
}

}  // namespace lorkd::nn
