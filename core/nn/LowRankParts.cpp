#include "core/nn/LowRankParts.h"

#include <cmath>

#include "core/nn/Fresh.h"
#include "core/nn/Strategy.h"

namespace lorkd::nn::parts {

void initialise(torch::Tensor& weight, torch::Tensor& bias) {
  torch::nn::init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  const double bound = 1 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0)));
  torch::nn::init::uniform_(bias, -bound, bound);
}

void addFactors(torch::nn::Module& module, const AdaptedLayer& layer, const LowRankSpec& spec,
                std::vector<torch::Tensor>& a, std::vector<torch::Tensor>& b, std::vector<double>& scales) {
  if (spec.plain()) return;
  TORCH_CHECK(spec.scales.size() == spec.ranks.size(), "low-rank layer: ", spec.ranks.size(), " ranks but ",
              spec.scales.size(), " scales");
  // Parameter names may hold no dot, so "a.0" is parameter "0" of a child "a".
  const auto listA = module.register_module("a", torch::nn::ParameterList());
  const auto listB = module.register_module("b", torch::nn::ParameterList());
  for (const auto taskRank : spec.ranks) {
    TORCH_CHECK(taskRank > 0, "low-rank layer: rank must be positive, not ", taskRank);
    const auto shape = factorShape(layer, layerRank(layer, taskRank, spec.decoderFactor));
    auto factor = fresh({shape.aRows, shape.aCols});
    torch::nn::init::kaiming_uniform_(factor, std::sqrt(5.0));
    listA->append(factor.requires_grad_());
    listB->append(fresh({shape.bRows, shape.bCols}).zero_().requires_grad_());
  }
  a = listA->parameters();
  b = listB->parameters();
  scales = spec.scales;
}

void setRank(const AdaptedLayer& layer, std::vector<torch::Tensor>& a, std::vector<torch::Tensor>& b, int task,
             std::int64_t rank) {
  const auto t = static_cast<std::size_t>(task);
  TORCH_CHECK(t < a.size(), "task ", task, " of ", a.size());
  TORCH_CHECK(rank > 0, "low-rank layer: rank must be positive, not ", rank);
  const auto shape = factorShape(layer, rank);
  // The parameters keep their identity, so that lists of them stay right.
  auto factor = torch::empty({shape.aRows, shape.aCols}, a[t].options().requires_grad(false));
  torch::nn::init::kaiming_uniform_(factor, std::sqrt(5.0));
  a[t].set_data(factor);
  b[t].set_data(torch::zeros({shape.bRows, shape.bCols}, b[t].options().requires_grad(false)));
}

torch::Tensor delta(const torch::Tensor& weight, const std::vector<torch::Tensor>& a,
                    const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task) {
  if (a.empty()) return torch::zeros_like(weight);
  const auto t = static_cast<std::size_t>(task);
  TORCH_CHECK(t < a.size(), "task ", task, " of ", a.size());
  return scales[t] * torch::mm(b[t], a[t]).view(weight.sizes());
}

torch::Tensor fusedWeight(const torch::Tensor& weight, const std::vector<torch::Tensor>& a,
                          const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task) {
  torch::NoGradGuard noGrad;
  if (a.empty()) return weight.detach().clone();
  const auto t = static_cast<std::size_t>(task);
  TORCH_CHECK(t < a.size(), "task ", task, " of ", a.size());
  return mergedWeight(weight, a[t], b[t], scales[t]);
}

void fuse(torch::Tensor& weight, torch::Tensor& saved, const std::vector<torch::Tensor>& a,
          const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task) {
  if (a.empty()) return;
  unfuse(weight, saved);
  torch::NoGradGuard noGrad;
  const auto own = fusedWeight(weight, a, b, scales, task);
  saved = weight.detach().clone();
  weight.copy_(own);
}

void unfuse(torch::Tensor& weight, torch::Tensor& saved) {
  if (!saved.defined()) return;
  torch::NoGradGuard noGrad;
  weight.copy_(saved);
  saved.reset();
}

}  // namespace lorkd::nn::parts
