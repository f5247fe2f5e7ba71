#include "core/nn/SideBySide.h"

#include <cstring>

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

// W_t, in `space`; W0 itself without factors.
const float* mergeInto(Tensor& space, const Tensor& weight, const SliceFactors& task) {
  if (!task.a.defined()) return weight.data_ptr<float>();
  if (!space.defined()) space = at::empty(weight.sizes(), weight.options());
  std::memcpy(space.data_ptr<float>(), weight.data_ptr<float>(), static_cast<std::size_t>(weight.nbytes()));
  const auto rows = task.b.size(0), rank = task.b.size(1), columns = task.a.size(1);
  gemm<float>(false, false, rows, columns, rank, static_cast<float>(task.scale), task.b.data_ptr<float>(), rank,
              task.a.data_ptr<float>(), columns, 1, space.data_ptr<float>(), columns);
  return space.data_ptr<float>();
}

// dA = s·Bᵀ·dW and dB = s·dW·Aᵀ on the view of dW.
void factorGradients(const Tensor& gradient, const SliceFactors& task, Tensor& da, Tensor& db) {
  const auto rows = task.b.size(0), rank = task.b.size(1), columns = task.a.size(1);
  const auto scale = static_cast<float>(task.scale);
  da = at::empty_like(task.a);
  db = at::empty_like(task.b);
  gemm<float>(true, false, rank, columns, rows, scale, task.b.data_ptr<float>(), rank, gradient.data_ptr<float>(),
              columns, 0, da.data_ptr<float>(), columns);
  gemm<float>(false, true, rows, rank, columns, scale, gradient.data_ptr<float>(), columns, task.a.data_ptr<float>(),
              columns, 0, db.data_ptr<float>(), rank);
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
  for (std::size_t axis = 0; axis < geometry.stride.size(); ++axis) {
    const auto at = static_cast<std::int64_t>(axis) + 2;
    sizes.push_back((x.size(at) + 2 * geometry.padding[axis] - geometry.dilation[axis] * (weight.size(at) - 1) - 1) /
                        geometry.stride[axis] +
                    1);
  }
  const auto y = at::empty(sizes, x.options().memory_format(x.suggest_memory_format()));
  const auto inStep = x.numel() / samples, outStep = y.numel() / samples;
  const auto all = shareOut(slices, samples);
  onThreads(all.size(), [&](std::size_t j) {
    Tensor space;
    for (const auto& unit : all[j]) {
      const auto plan = ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, bias.defined()));
      plan->forward(x.data_ptr<float>() + unit.begin * inStep, mergeInto(space, weight, factors[unit.slice]),
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
  std::vector<PartialGradients> found;
  for (const auto& share : all) found.emplace_back(share.size());
  const bool wantWeight = wanted.weight || wanted.factors;
  onThreads(all.size(), [&](std::size_t j) {
    auto& own = found[j];
    Tensor space, gradient;
    for (std::size_t u = 0; u < all[j].size(); ++u) {
      const auto& unit = all[j][u];
      const auto& task = factors[unit.slice];
      const auto plan = ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, false));
      // W_t is made again rather than kept since the forward pass.
      const float* merged = wanted.x ? mergeInto(space, weight, task) : weight.data_ptr<float>();
      if (wantWeight && !gradient.defined()) gradient = at::empty(weight.sizes(), weight.options());
      plan->backward(dy.data_ptr<float>() + unit.begin * outStep, x.data_ptr<float>() + unit.begin * inStep, merged,
                     wanted.x ? dx.data_ptr<float>() + unit.begin * inStep : nullptr,
                     wantWeight ? gradient.data_ptr<float>() : nullptr);
      if (task.a.defined() && wanted.factors) factorGradients(gradient, task, own.a[u], own.b[u]);
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
