#include "core/nn/SideBySide.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

#include "core/nn/OneDnn.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

// Samples of one task, for one thread.
struct Unit {
  std::size_t task;
  std::int64_t begin, end;
};

bool isChannelsLast(const Tensor& x) { return x.suggest_memory_format() != at::MemoryFormat::Contiguous; }

// The batch in equal shares, one a thread. A border close to one between tasks moves there: each part of a task makes
// its weight anew.
std::vector<std::vector<Unit>> shares(const std::vector<TaskSamples>& tasks, std::int64_t samples) {
  const auto threads = static_cast<std::int64_t>(at::get_num_threads());
  std::vector<std::int64_t> borders{0};
  for (std::int64_t j = 1; j < threads; ++j) {
    auto border = samples * j / threads;
    for (const auto& task : tasks)
      if (8 * threads * std::abs(task.end - border) <= samples) border = task.end;
    borders.push_back(std::max(border, borders.back()));
  }
  borders.push_back(samples);
  std::vector<std::vector<Unit>> all(static_cast<std::size_t>(threads));
  for (std::size_t j = 0; j < all.size(); ++j)
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const auto begin = std::max(borders[j], tasks[t].begin), end = std::min(borders[j + 1], tasks[t].end);
      if (begin < end) all[j].push_back({t, begin, end});
    }
  return all;
}

ConvolutionPlan::Shape shapeOf(const Tensor& x, const Tensor& weight, const ConvGeometry& g, std::int64_t samples,
                               bool bias) {
  auto sizes = x.sizes().vec();
  sizes[0] = samples;
  return {sizes, weight.sizes().vec(), g, isChannelsLast(x), bias, 1};
}

// W_t, in `space`; W0 itself for tasks without factors.
const float* mergeInto(Tensor& space, const Tensor& weight, const TaskSamples& task) {
  if (!task.a.defined()) return weight.data_ptr<float>();
  if (!space.defined()) space = at::empty(weight.sizes(), weight.options());
  std::memcpy(space.data_ptr<float>(), weight.data_ptr<float>(), static_cast<std::size_t>(weight.nbytes()));
  const auto rows = task.b.size(0), rank = task.b.size(1), columns = task.a.size(1);
  gemm<float>(false, false, rows, columns, rank, static_cast<float>(task.scale), task.b.data_ptr<float>(), rank,
              task.a.data_ptr<float>(), columns, 1, space.data_ptr<float>(), columns);
  return space.data_ptr<float>();
}

// Calls f(share) on each thread with its own.
template <class F>
void onThreads(const std::vector<std::vector<Unit>>& all, F&& f) {
  at::parallel_for(0, static_cast<std::int64_t>(all.size()), 1, [&](std::int64_t first, std::int64_t last) {
    const at::AutoDispatchBelowADInplaceOrView plain;  // autograd is switched on and off by thread
    const OneThread guard;
    for (auto j = first; j < last; ++j) f(static_cast<std::size_t>(j));
  });
}

void addTo(Tensor& sum, const Tensor& part) {
  if (sum.defined())
    sum.add_(part);
  else
    sum = part;
}

}  // namespace

bool canGoSideBySide(const Tensor& x, const Tensor& weight, const ConvGeometry& geometry) {
  if (!ConvolutionPlan::available() || !x.is_cpu() || x.scalar_type() != torch::kFloat ||
      weight.scalar_type() != torch::kFloat || !at::globalContext().userEnabledMkldnn() || at::in_parallel_region() ||
      x.size(0) < at::get_num_threads())
    return false;
  const OneThread guard;
  return ConvolutionPlan::of(shapeOf(x, weight, geometry, 1, false)) != nullptr;
}

Tensor sideBySideForward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& geometry,
                         const std::vector<TaskSamples>& tasks) {
  const auto samples = x.size(0);
  std::vector<std::int64_t> sizes{samples, weight.size(0)};
  for (std::size_t axis = 0; axis < geometry.stride.size(); ++axis) {
    const auto at = static_cast<std::int64_t>(axis) + 2;
    sizes.push_back(
        (x.size(at) + 2 * geometry.padding[axis] - geometry.dilation[axis] * (weight.size(at) - 1) - 1) /
            geometry.stride[axis] +
        1);
  }
  const auto y = at::empty(sizes, x.options().memory_format(x.suggest_memory_format()));
  const auto inStep = x.numel() / samples, outStep = y.numel() / samples;
  const auto all = shares(tasks, samples);
  onThreads(all, [&](std::size_t j) {
    Tensor space;
    for (const auto& unit : all[j]) {
      const auto plan =
          ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, bias.defined()));
      plan->forward(x.data_ptr<float>() + unit.begin * inStep, mergeInto(space, weight, tasks[unit.task]),
                    bias.defined() ? bias.data_ptr<float>() : nullptr, y.data_ptr<float>() + unit.begin * outStep);
    }
  });
  return y;
}

SideBySideGradients sideBySideBackward(const Tensor& dy, const Tensor& x, const Tensor& weight,
                                       const ConvGeometry& geometry, const std::vector<TaskSamples>& tasks,
                                       const Wanted& wanted) {
  const auto samples = x.size(0), inStep = x.numel() / samples, outStep = dy.numel() / samples;
  SideBySideGradients result;
  if (wanted.x) result.x = at::empty_like(x);
  const auto all = shares(tasks, samples);
  // What each thread finds for its units; added up afterwards in one order.
  struct Found {
    Tensor weight;
    std::vector<Tensor> a, b, perTask;
  };
  std::vector<Found> found(all.size());
  const bool wantWeight = wanted.weight || wanted.factors;
  onThreads(all, [&](std::size_t j) {
    auto& own = found[j];
    own.a.resize(all[j].size());
    own.b.resize(all[j].size());
    own.perTask.resize(all[j].size());
    Tensor space, gradient;
    for (std::size_t u = 0; u < all[j].size(); ++u) {
      const auto& unit = all[j][u];
      const auto& task = tasks[unit.task];
      const auto plan = ConvolutionPlan::of(shapeOf(x, weight, geometry, unit.end - unit.begin, false));
      // W_t is made again rather than kept since the forward pass.
      const float* merged = wanted.x ? mergeInto(space, weight, task) : weight.data_ptr<float>();
      if (wantWeight && !gradient.defined()) gradient = at::empty(weight.sizes(), weight.options());
      plan->backward(dy.data_ptr<float>() + unit.begin * outStep, x.data_ptr<float>() + unit.begin * inStep, merged,
                     wanted.x ? result.x.data_ptr<float>() + unit.begin * inStep : nullptr,
                     wantWeight ? gradient.data_ptr<float>() : nullptr);
      if (task.a.defined() && wanted.factors) {
        const auto rows = task.b.size(0), rank = task.b.size(1), columns = task.a.size(1);
        const auto scale = static_cast<float>(task.scale);
        own.a[u] = at::empty_like(task.a);
        own.b[u] = at::empty_like(task.b);
        gemm<float>(true, false, rank, columns, rows, scale, task.b.data_ptr<float>(), rank,
                    gradient.data_ptr<float>(), columns, 0, own.a[u].data_ptr<float>(), columns);
        gemm<float>(false, true, rows, rank, columns, scale, gradient.data_ptr<float>(), columns,
                    task.a.data_ptr<float>(), columns, 0, own.b[u].data_ptr<float>(), rank);
      }
      if (wanted.perTask) {
        own.perTask[u] = gradient;
        gradient.reset();
      } else if (wanted.weight) {
        const bool first = !own.weight.defined();
        addTo(own.weight, gradient);
        if (first) gradient.reset();
      }
    }
  });
  result.a.resize(tasks.size());
  result.b.resize(tasks.size());
  if (wanted.perTask) result.perTask.resize(tasks.size());
  for (std::size_t j = 0; j < all.size(); ++j) {
    for (std::size_t u = 0; u < all[j].size(); ++u) {
      const auto t = all[j][u].task;
      if (found[j].a[u].defined()) addTo(result.a[t], found[j].a[u]);
      if (found[j].b[u].defined()) addTo(result.b[t], found[j].b[u]);
      if (wanted.perTask) addTo(result.perTask[t], found[j].perTask[u]);
    }
    if (wanted.weight && found[j].weight.defined()) addTo(result.weight, found[j].weight);
  }
  if (wanted.perTask && wanted.weight)
    for (const auto& gradient : result.perTask)
      result.weight = result.weight.defined() ? result.weight.add_(gradient) : gradient.clone();
  return result;
}

}  // namespace lorkd::nn
