#include "core/nn/AdaptedModule.h"

#include <cmath>

#include "core/nn/Fresh.h"
#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {
namespace {

std::size_t place(const Factors& factors, int task) {
  const auto t = static_cast<std::size_t>(task);
  TORCH_CHECK(t < factors.tasks(), "task ", task, " of ", factors.tasks());
  return t;
}

}  // namespace

void AdaptedModule::makeWeights(const std::vector<std::int64_t>& sizes, bool withBias, const AdaptedLayer& layer,
                                const LowRankSpec& spec) {
  weight = register_parameter("weight", fresh(sizes));
  if (withBias) bias = register_parameter("bias", fresh({sizes.front()}));
  torch::nn::init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (bias.defined()) {
    const double bound = 1 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0)));
    torch::nn::init::uniform_(bias, -bound, bound);
  }
  if (spec.plain()) return;
  TORCH_CHECK(spec.scales.size() == spec.ranks.size(), "low-rank layer: ", spec.ranks.size(), " ranks but ",
              spec.scales.size(), " scales");
  // Parameter names may hold no dot, so "a.0" is parameter "0" of a child "a".
  const auto listA = register_module("a", torch::nn::ParameterList());
  const auto listB = register_module("b", torch::nn::ParameterList());
  for (const auto taskRank : spec.ranks) {
    TORCH_CHECK(taskRank > 0, "low-rank layer: rank must be positive, not ", taskRank);
    const auto shape = factorShape(layer, layerRank(layer, taskRank, spec.decoderFactor));
    auto factor = fresh({shape.aRows, shape.aCols});
    torch::nn::init::kaiming_uniform_(factor, std::sqrt(5.0));
    listA->append(factor.requires_grad_());
    listB->append(fresh({shape.bRows, shape.bCols}).zero_().requires_grad_());
  }
  factors = {listA->parameters(), listB->parameters(), spec.scales};
}

void AdaptedModule::setRank(int task, std::int64_t rank) {
  const auto t = place(factors, task);
  TORCH_CHECK(rank > 0, "low-rank layer: rank must be positive, not ", rank);
  const auto shape = factorShape(layer(), rank);
  auto &a = factors.a[t], &b = factors.b[t];
  // The parameters keep their identity, so that lists of them stay right.
  auto factor = torch::empty({shape.aRows, shape.aCols}, a.options().requires_grad(false));
  torch::nn::init::kaiming_uniform_(factor, std::sqrt(5.0));
  a.set_data(factor);
  b.set_data(torch::zeros({shape.bRows, shape.bCols}, b.options().requires_grad(false)));
}

std::int64_t AdaptedModule::rank(int task) const {
  return factors.a[place(factors, task)].size(0) / factorShape(layer(), 1).aRows;
}

torch::Tensor AdaptedModule::delta(int task) const {
  if (factors.empty()) return torch::zeros_like(weight);
  const auto t = place(factors, task);
  return factors.scales[t] * torch::mm(factors.b[t], factors.a[t]).view(weight.sizes());
}

torch::Tensor AdaptedModule::fusedWeight(int task) const {
  torch::NoGradGuard noGrad;
  const auto& shared = fused() ? m_saved : weight;
  if (factors.empty()) return shared.detach().clone();
  const auto t = place(factors, task);
  return mergedWeight(shared, factors.a[t], factors.b[t], factors.scales[t]);
}

void AdaptedModule::fuse(int task) {
  if (factors.empty()) return;
  unfuse();
  torch::NoGradGuard noGrad;
  const auto own = fusedWeight(task);
  m_saved = weight.detach().clone();
  weight.copy_(own);
}

void AdaptedModule::unfuse() {
  if (!fused()) return;
  torch::NoGradGuard noGrad;
  weight.copy_(m_saved);
  m_saved.reset();
}

}  // namespace lorkd::nn
