#include <ATen/Dispatch.h>

#include <algorithm>
#include <limits>

#include "core/nn/kernels/SeparatedCall.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Channels last as a matrix (rows, C) with channels side by side: a view of channels-last tensors and of their channel
// ranges, else a copy.
Tensor rowsOf(const Tensor& x) {
  std::vector<std::int64_t> order{0};
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) order.push_back(axis);
  order.push_back(1);
  const auto rows = x.permute(order).reshape({-1, x.size(1)});
  return rows.stride(1) == 1 ? rows : rows.contiguous();
}

// A new tensor (N, channels, …) in channels-last layout, and the same memory as a matrix.
struct Laid {
  Tensor tensor, rows;
  Laid(const Tensor& like, std::int64_t channels)
      : rows(at::empty({like.numel() / like.size(1), channels}, like.options())) {
    std::vector<std::int64_t> sizes{like.size(0)}, order{0, like.dim() - 1};
    for (std::int64_t axis = 2; axis < like.dim(); ++axis) {
      sizes.push_back(like.size(axis));
      order.push_back(axis - 1);
    }
    sizes.push_back(channels);
    tensor = rows.view(sizes).permute(order);
  }
};

template <class T>
struct Matrix {
  T* data;
  std::int64_t rows, columns, step;
  explicit Matrix(const Tensor& t)
      : data(t.data_ptr<std::remove_const_t<T>>()), rows(t.size(0)), columns(t.size(1)), step(t.stride(0)) {}
  T* at(std::int64_t row) const { return data + row * step; }
};

std::vector<TaskSlice> inRows(const Routing& routing, std::int64_t rowsOfSample) {
  auto slices = routing.slices;
  for (auto& slice : slices) {
    slice.begin *= rowsOfSample;
    slice.end *= rowsOfSample;
  }
  return slices;
}

struct PointwiseCall : SeparatedCall {
  using SeparatedCall::SeparatedCall;
  bool merged = true;  // the weight of each task, else W0 for all and then the factors
};

// The tasks' rows, how they are shared out, and the operands of both passes.
template <class T>
struct Pass {
  Matrix<const T> x, w;
  std::vector<SliceFactors> factors;
  std::vector<TaskSlice> slices;
  std::vector<std::vector<Unit>> shares;
  Pass(const Tensor& rows, const Tensor& weight, std::vector<SliceFactors> factors, std::vector<TaskSlice> slices)
      : x(rows),
        w(weight),
        factors(std::move(factors)),
        slices(std::move(slices)),
        shares(shareOut(this->slices, x.rows)) {}

  // W_t (O, I) of a slice in `space`; W0 without factors.
  const T* weightOf(const SliceFactors& own, std::vector<T>& space) const {
    return mergedInto(space, w.data, w.rows * w.columns, own);
  }
};

template <class T>
void forwardShare(const Pass<T>& p, const std::vector<Unit>& share, const Tensor& bias, bool merged,
                  const std::vector<Tensor>& z, const Matrix<T>& y) {
  if (share.empty()) return;
  const auto in = p.x.columns, out = p.w.rows, begin = share.front().begin, end = share.back().end;
  T sum = 0;
  if (bias.defined()) {
    sum = 1;
    for (auto row = begin; row < end; ++row) std::copy_n(bias.data_ptr<T>(), out, y.at(row));
  }
  if (!merged)
    gemm<T>(false, true, end - begin, out, in, 1, p.x.at(begin), p.x.step, p.w.data, in, sum, y.at(begin), y.step);
  std::vector<T> space;
  for (const auto& unit : share) {
    const auto& own = p.factors[unit.slice];
    const auto rows = unit.end - unit.begin;
    if (merged) {
      gemm<T>(false, true, rows, out, in, 1, p.x.at(unit.begin), p.x.step, p.weightOf(own, space), in, sum,
              y.at(unit.begin), y.step);
      continue;
    }
    const Matrix<T> inner(z[unit.slice]);
    T* const from = inner.at(unit.begin - p.slices[unit.slice].begin);
    gemm<T>(false, true, rows, inner.columns, in, 1, p.x.at(unit.begin), p.x.step, own.a.template data_ptr<T>(), in, 0,
            from, inner.step);
    gemm<T>(false, true, rows, out, inner.columns, static_cast<T>(own.scale), from, inner.step,
            own.b.template data_ptr<T>(), inner.columns, 1, y.at(unit.begin), y.step);
  }
}

template <class T>
void backwardShare(const Pass<T>& p, const std::vector<Unit>& share, bool merged, const std::vector<Tensor>& z,
                   const Matrix<const T>& dy, const Tensor& dxRows, const Wanted& wanted, PartialGradients& found) {
  if (share.empty()) return;
  const auto in = p.x.columns, out = p.w.rows, begin = share.front().begin, end = share.back().end;
  const auto options = dxRows.defined() ? dxRows.options() : at::TensorOptions(c10::CppTypeToScalarType<T>::value);
  const auto gradientOf = [&](const Tensor& into, std::int64_t first, std::int64_t last) {
    gemm<T>(true, false, out, in, last - first, 1, dy.at(first), dy.step, p.x.at(first), p.x.step, 0,
            into.data_ptr<T>(), in);
  };
  const auto dxAt = [&](std::int64_t row) { return dxRows.data_ptr<T>() + row * in; };
  if (!merged && wanted.x)
    gemm<T>(false, false, end - begin, in, out, 1, dy.at(begin), dy.step, p.w.data, in, 0, dxAt(begin), in);
  if (!merged && wanted.weight && !wanted.perSlice)
    gradientOf(found.weight = at::empty({out, in}, options), begin, end);
  std::vector<T> space;
  Tensor gradient;
  for (std::size_t u = 0; u < share.size(); ++u) {
    const auto& unit = share[u];
    const auto& own = p.factors[unit.slice];
    const auto rows = unit.end - unit.begin;
    if (merged && wanted.x)
      gemm<T>(false, false, rows, in, out, 1, dy.at(unit.begin), dy.step, p.weightOf(own, space), in, 0,
              dxAt(unit.begin), in);
    const bool viaWeight = merged && wanted.factors && own.a.defined();
    if (wanted.perSlice || viaWeight || (merged && wanted.weight)) {
      if (!gradient.defined()) gradient = at::empty({out, in}, options);
      gradientOf(gradient, unit.begin, unit.end);
    }
    if (viaWeight) factorGradients(gradient.template data_ptr<T>(), own, found.a[u], found.b[u]);
    if (!merged && (wanted.x || wanted.factors)) {
      const Matrix<const T> inner(z[unit.slice]);
      const auto rank = inner.columns;
      space.resize(static_cast<std::size_t>(rows * rank));
      gemm<T>(false, false, rows, rank, out, static_cast<T>(own.scale), dy.at(unit.begin), dy.step,
              own.b.template data_ptr<T>(), rank, 0, space.data(), rank);
      if (wanted.x)
        gemm<T>(false, false, rows, in, rank, 1, space.data(), rank, own.a.template data_ptr<T>(), in, 1,
                dxAt(unit.begin), in);
      if (wanted.factors) {
        found.a[u] = at::empty_like(own.a);
        found.b[u] = at::empty_like(own.b);
        gemm<T>(true, false, rank, in, rows, 1, space.data(), rank, p.x.at(unit.begin), p.x.step, 0,
                found.a[u].template data_ptr<T>(), in);
        gemm<T>(true, false, out, rank, rows, static_cast<T>(own.scale), dy.at(unit.begin), dy.step,
                inner.at(unit.begin - p.slices[unit.slice].begin), inner.step, 0, found.b[u].template data_ptr<T>(),
                rank);
      }
    }
    if (wanted.perSlice) {
      found.perSlice[u] = gradient;
      gradient.reset();
    } else if (merged && wanted.weight) {
      const bool first = !found.weight.defined();
      addTo(found.weight, gradient);
      if (first) gradient.reset();
    }
  }
}

// Inputs as SeparatedCall lays them; z of each slice is kept beside them where the factors follow W0.
struct PointwiseFunction : torch::autograd::Function<PointwiseFunction> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const c10::intrusive_ptr<PointwiseCall>& call) {
    const auto &x = inputs[0], weight = inputs[1].reshape({inputs[1].size(0), -1}).contiguous();
    const auto rows = rowsOf(x);
    const auto factors = call->factorsOf(inputs);
    const auto slices = inRows(call->routing, rows.size(0) / x.size(0));
    std::vector<Tensor> z;
    if (!call->merged)
      for (std::size_t j = 0; j < slices.size(); ++j)
        z.push_back(at::empty({slices[j].size(), factors[j].a.size(0)}, x.options()));
    const Laid y(x, weight.size(0));
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "pointwise", [&] {
      const Pass<scalar_t> pass(rows, weight, factors, slices);
      const Matrix<scalar_t> to(y.rows);
      onThreads(pass.shares.size(),
                [&](std::size_t j) { forwardShare(pass, pass.shares[j], call->biasOf(inputs), call->merged, z, to); });
    });
    auto kept = inputs.vec();
    kept.insert(kept.end(), z.begin(), z.end());
    ctx->save_for_backward(kept);
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    return y.tensor;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<PointwiseCall>(ctx->saved_data["call"].toCapsule());
    const auto inputs = at::ArrayRef<Tensor>(saved).slice(0, call->firstFactor() + 2 * call->scales.size());
    const auto z = at::ArrayRef<Tensor>(saved).slice(inputs.size()).vec();
    const auto &x = inputs[0], weight = inputs[1].reshape({inputs[1].size(0), -1}).contiguous();
    const auto rows = rowsOf(x), dyRows = rowsOf(gradients[0]);
    const auto wanted = call->wantedOf(*ctx);
    Tensor dx, dxRows;
    if (wanted.x) {
      const Laid laid(x, x.size(1));
      dx = laid.tensor;
      dxRows = laid.rows;
    }
    SeparatedGradients sum;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "pointwise", [&] {
      const Pass<scalar_t> pass(rows, weight, call->factorsOf(inputs), inRows(call->routing, rows.size(0) / x.size(0)));
      const Matrix<const scalar_t> dy(dyRows);
      std::vector<PartialGradients> found;
      for (const auto& share : pass.shares) found.emplace_back(share.size());
      onThreads(pass.shares.size(), [&](std::size_t j) {
        backwardShare(pass, pass.shares[j], call->merged, z, dy, dxRows, wanted, found[j]);
      });
      sum = combine(pass.shares, found, call->routing.slices.size(), wanted);
    });
    sum.x = dx;
    if (sum.weight.defined()) sum.weight = sum.weight.view(inputs[1].sizes());
    auto results = call->results(sum, inputs[1]);
    if (call->bias && ctx->needs_input_grad(2)) results[2] = dyRows.sum(0);
    return results;
  }
};

}  // namespace

bool isPointwise(const SeparatedConv& c) {
  const auto type = c.x.scalar_type();
  if (!c.x.is_cpu() || c.weight.scalar_type() != type || (type != torch::kFloat && type != torch::kDouble))
    return false;
  if (c.x.dim() == 2) return true;
  return c.weight[0][0].numel() == 1 && std::all_of(c.geometry.padding.begin(), c.geometry.padding.end(),
                                                    [](std::int64_t padding) { return padding == 0; });
}

Tensor pointwiseConvolution(const SeparatedConv& c, Strategy strategy) {
  auto met = c;  // a strided 1×1 convolution is a plain one of the pixels that it meets
  for (std::size_t axis = 0; axis < c.geometry.stride.size(); ++axis)
    if (c.geometry.stride[axis] > 1)
      met.x = met.x.slice(static_cast<std::int64_t>(axis) + 2, 0, std::numeric_limits<std::int64_t>::max(),
                          c.geometry.stride[axis]);
  variable_list inputs;
  const auto call = c10::make_intrusive<PointwiseCall>(met, inputs);
  call->merged = strategy != Strategy::Factored || c.a.empty();
  return PointwiseFunction::apply(at::TensorList(inputs), call);
}

}  // namespace lorkd::nn
