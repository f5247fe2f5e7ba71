#include "core/nn/LowRank.h"

#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {

LowRankConvImpl::LowRankConvImpl(const ConvShape& shape, const LowRankSpec& spec)
    : strategy(spec.strategy), m_shape(shape) {
  TORCH_CHECK(shape.dims == 2 || shape.dims == 3, "convolution: dims must be 2 or 3, not ", shape.dims);
  std::vector<std::int64_t> sizes{shape.out, shape.in};
  sizes.insert(sizes.end(), static_cast<std::size_t>(shape.dims), shape.kernel);
  makeWeights(sizes, shape.bias, layer(), spec);
}

torch::Tensor LowRankConvImpl::forward(const torch::Tensor& x, const Routing& routing) {
  const auto geometry = ConvGeometry::uniform(m_shape.dims, m_shape.stride, m_shape.padding, m_shape.dilation);
  if (!separated() && (routing.gram == nullptr || !torch::GradMode::is_enabled()))
    return convolution(x, weight, bias, geometry);
  checkRouting(routing, x.size(0), factors.tasks());
  // Strategies choose themselves what is computed in autocast's type: factors and weights meet in full precision.
  const auto in = lowered(x);
  const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::autocast_dispatch_keyset);
  if (!separated()) return mergedConvolution({in, weight, bias, geometry, {}, {}, {}, routing});
  const SeparatedConv call{in, weight, bias, geometry, factors.a, factors.b, factors.scales, routing};
  computedBy = takenStrategy(call, strategy);
  return separatedConvolution(call, computedBy);
}

AdaptedLayer LowRankConvImpl::layer() const {
  return {"", m_shape.dims, m_shape.in, m_shape.out, m_shape.kernel, m_shape.decoder};
}

}  // namespace lorkd::nn
