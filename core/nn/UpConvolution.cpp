#include "core/nn/UpConvolution.h"

#include <torch/csrc/jit/frontend/tracer.h>

#include <cmath>

#include "core/nn/Fresh.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The voxels of `fine` that tap number `tap` of the 2^d kernel writes.
Tensor tapView(Tensor fine, std::int64_t tap) {
  const auto dims = fine.dim() - 2;
  for (std::int64_t axis = 0; axis < dims; ++axis) fine = fine.slice(2 + axis, (tap >> (dims - 1 - axis)) & 1, {}, 2);
  return fine;
}

// (I, O, 2…) -> (2^d·O, I, 1…): each tap of the kernel is a 1×1 convolution of its own.
Tensor pointwise(const Tensor& weight) {
  const auto in = weight.size(0), out = weight.size(1);
  std::vector<std::int64_t> sizes{weight.numel() / in, in};
  sizes.resize(static_cast<std::size_t>(weight.dim()), 1);
  return weight.view({in, out, -1}).permute({2, 1, 0}).reshape(sizes);
}

// Kernel and stride are equal, so taps never overlap: a 1×1 convolution and a scatter, where LibTorch's transposed
// convolution on the CPU goes through col2im and BLAS (2 to 4 times slower).
struct UpFunction : torch::autograd::Function<UpFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const Tensor& bias) {
    ctx->save_for_backward({x, weight});
    const auto dims = static_cast<int>(x.dim()) - 2;
    const auto out = weight.size(1), taps = std::int64_t(1) << dims;
    const auto type = x.scalar_type();
    const auto coarse =
        convolve(x, pointwise(weight).to(type), bias.repeat({taps}).to(type), ConvGeometry::uniform(dims, 1, 0));
    auto sizes = x.sizes().vec();
    sizes[1] = out;
    for (std::size_t i = 2; i < sizes.size(); ++i) sizes[i] *= 2;
    auto fine = at::empty(sizes, x.options());
    for (std::int64_t tap = 0; tap < taps; ++tap) tapView(fine, tap).copy_(coarse.narrow(1, tap * out, out));
    return fine;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const auto dims = static_cast<int>(x.dim()) - 2;
    const auto in = weight.size(0), out = weight.size(1), taps = std::int64_t(1) << dims;
    auto sizes = x.sizes().vec();
    sizes[1] = taps * out;
    auto coarse = at::empty(sizes, x.options());
    for (std::int64_t tap = 0; tap < taps; ++tap) coarse.narrow(1, tap * out, out).copy_(tapView(gradients[0], tap));
    const auto part =
        convolveBackward(coarse, x, pointwise(weight).to(x.scalar_type()), ConvGeometry::uniform(dims, 1, 0),
                         ctx->needs_input_grad(0), ctx->needs_input_grad(1));
    variable_list result{part.x, Tensor(), Tensor()};
    if (part.weight.defined())
      result[1] =
          part.weight.to(weight.scalar_type()).reshape({taps, out, in}).permute({2, 1, 0}).reshape(weight.sizes());
    if (ctx->needs_input_grad(2))
      result[2] = coarse.to(weight.scalar_type()).flatten(2).sum(2).sum(0).view({taps, out}).sum(0);
    return result;
  }
};

}  // namespace

UpConvolutionImpl::UpConvolutionImpl(int dims, std::int64_t in, std::int64_t out) {
  std::vector<std::int64_t> sizes{in, out};
  sizes.insert(sizes.end(), static_cast<std::size_t>(dims), 2);
  weight = register_parameter("weight", fresh(sizes));
  bias = register_parameter("bias", fresh({out}));
  torch::nn::init::kaiming_uniform_(weight, std::sqrt(5.0));
  const double bound = 1 / std::sqrt(static_cast<double>(out << dims));
  torch::nn::init::uniform_(bias, -bound, bound);
}

torch::Tensor UpConvolutionImpl::forward(const torch::Tensor& x) {
  // A trace shall hold one transposed convolution, not slices with sizes baked in.
  if (!torch::jit::tracer::isTracing()) {
    const auto in = lowered(x);
    const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::autocast_dispatch_keyset);
    return UpFunction::apply(in, weight, bias);
  }
  const std::vector<std::int64_t> two(static_cast<std::size_t>(x.dim()) - 2, 2), one(two.size(), 1),
      zero(two.size(), 0);
  return at::convolution(x, weight, bias, two, zero, one, true, zero, 1);
}

}  // namespace lorkd::nn
