#include "core/nn/LowRank.h"

#include <cmath>

#include "core/nn/Fresh.h"
#include "core/nn/LowRankParts.h"
#include "core/nn/Strategy.h"

namespace lorkd::nn {

LowRankConvImpl::LowRankConvImpl(const ConvShape& shape, const LowRankSpec& spec)
    : strategy(spec.strategy), m_shape(shape) {
  TORCH_CHECK(shape.dims == 2 || shape.dims == 3, "convolution: dims must be 2 or 3, not ", shape.dims);
  std::vector<std::int64_t> sizes{shape.out, shape.in};
  sizes.insert(sizes.end(), static_cast<std::size_t>(shape.dims), shape.kernel);
  weight = register_parameter("weight", fresh(sizes));
  if (shape.bias) bias = register_parameter("bias", fresh({shape.out}));
  parts::initialise(weight, bias);
  parts::addFactors(*this, layer(), spec, a, b, scales);
}

torch::Tensor LowRankConvImpl::forward(const torch::Tensor& x, const Routing& routing) {
  const auto geometry = ConvGeometry::uniform(m_shape.dims, m_shape.stride, m_shape.padding, m_shape.dilation);
  const bool separated = !a.empty() && !fused();
  if (!separated && (routing.gram == nullptr || !torch::GradMode::is_enabled()))
    return convolution(x, weight, bias, geometry);
  checkRouting(routing, x.size(0), a.size());
  // Strategies choose themselves what is computed in autocast's type: factors and weights meet in full precision.
  const auto in = lowered(x);
  const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::autocast_dispatch_keyset);
  if (!separated) return mergedConvolution({in, weight, bias, geometry, {}, {}, {}, routing});
  const SeparatedConv call{in, weight, bias, geometry, a, b, scales, routing};
  computedBy = takenStrategy(call, strategy);
  return separatedConvolution(call, computedBy);
}

void LowRankConvImpl::setRank(int task, std::int64_t rank) { parts::setRank(layer(), a, b, task, rank); }

torch::Tensor LowRankConvImpl::delta(int task) const { return parts::delta(weight, a, b, scales, task); }

torch::Tensor LowRankConvImpl::fusedWeight(int task) const {
  return parts::fusedWeight(fused() ? m_saved : weight, a, b, scales, task);
}

void LowRankConvImpl::fuse(int task) { parts::fuse(weight, m_saved, a, b, scales, task); }
void LowRankConvImpl::unfuse() { parts::unfuse(weight, m_saved); }

AdaptedLayer LowRankConvImpl::layer() const {
  return {"", m_shape.dims, m_shape.in, m_shape.out, m_shape.kernel, m_shape.decoder};
}

}  // namespace lorkd::nn
