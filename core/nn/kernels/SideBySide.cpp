#include "core/nn/kernels/SideBySide.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

bool isChannelsLast(const Tensor& x) { return x.suggest_memory_format() != at::MemoryFormat::Contiguous; }

ConvolutionPlan::Shape shapeOf(const Tensor& x, const Tensor& weight, const ConvGeometry& g, std::int64_t samples,
                               bool bias) {
  auto sizes = x.sizes().vec();
  sizes[0] = samples;
  return {sizes, weight.sizes().vec(), g, isChannelsLast(x), bias, 1};
}

}  // namespace

bool canGoSideBySide(const Tensor& x, const Tensor& weight, const ConvGeometry& geometry, std::size_t tasks) {
  if (!ConvolutionPlan::available() || StockKernels::active() || !x.is_cpu() || x.scalar_type() != torch::kFloat ||
      weight.scalar_type() != torch::kFloat || !at::globalContext().userEnabledMkldnn() || at::in_parallel_region() ||
      x.size(0) < at::get_num_threads() || 2 * tasks < static_cast<std::size_t>(at::get_num_threads()))
    return false;
  const OneThread guard;
  return ConvolutionPlan::of(shapeOf(x, weight, geometry, 1, false)) != nullptr;
}

Tensor sideBySideForward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& geometry,
                         const std::vector<TaskSlice>& slices, const std::vector<SliceFactors>& factors) {
  const auto samples = x.size(0);
  std::vector<std::int64_t> sizes{samples, weight.size(0)};
  const auto pixels = outputSizes(x.sizes().slice(2), weight.sizes().slice(2), geometry);
  sizes.insert(sizes.end(), pixels.begin(), pixels.end());
  const auto y = at::empty(sizes, x.options().memory_format(x.suggest_memory_format()));
  const auto inStep = x.numel() / samples, outStep = y.numel() / samples;
  const auto all = shareOut(slices, samples);
  const auto* const w = weight.data_ptr<float>();
  onThreads(all.size(), [&](std::size_t j) {
    std::vector<float> space;
    for (const auto& unit : all[j]) {
      const auto plan = ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, bias.defined()));
      plan->forward(x.data_ptr<float>() + unit.begin * inStep,
                    mergedInto(space, w, weight.numel(), factors[unit.slice]),
                    bias.defined() ? bias.data_ptr<float>() : nullptr, y.data_ptr<float>() + unit.begin * outStep);
    }
  });
  return y;
}

SeparatedGradients sideBySideBackward(const Tensor& dy, const Tensor& x, const Tensor& weight,
                                      const ConvGeometry& geometry, const std::vector<TaskSlice>& slices,
                                      const std::vector<SliceFactors>& factors, const Wanted& wanted) {
  const auto samples = x.size(0), inStep = x.numel() / samples, outStep = dy.numel() / samples;
  const auto dx = wanted.x ? at::empty_like(x) : Tensor();
  const auto all = shareOut(slices, samples);
  const auto* const w = weight.data_ptr<float>();
  std::vector<PartialGradients> found;
  for (const auto& share : all) found.emplace_back(share.size());
  const bool wantWeight = wanted.weight || wanted.factors;
  onThreads(all.size(), [&](std::size_t j) {
    auto& own = found[j];
    std::vector<float> space;
    Tensor gradient;
    for (std::size_t u = 0; u < all[j].size(); ++u) {
      const auto& unit = all[j][u];
      const auto& task = factors[unit.slice];
      const auto plan = ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, false));
      // W_t is made again rather than kept since the forward pass.
      const float* merged = wanted.x ? mergedInto(space, w, weight.numel(), task) : w;
      if (wantWeight && !gradient.defined()) gradient = at::empty(weight.sizes(), weight.options());
      plan->backward(dy.data_ptr<float>() + unit.begin * outStep, x.data_ptr<float>() + unit.begin * inStep, merged,
                     wanted.x ? dx.data_ptr<float>() + unit.begin * inStep : nullptr,
                     wantWeight ? gradient.data_ptr<float>() : nullptr);
      if (task.a.defined() && wanted.factors) factorGradients(gradient.data_ptr<float>(), task, own.a[u], own.b[u]);
      if (wanted.perSlice) {
        own.perSlice[u] = gradient;
        gradient.reset();
      } else if (wanted.weight) {
        const bool first = !own.weight.defined();
        addTo(own.weight, gradient);
        if (first) gradient.reset();
      }
    }
  });
  auto result = combine(all, found, slices.size(), wanted);
  result.x = dx;
  return result;
}

}  // namespace lorkd::nn
