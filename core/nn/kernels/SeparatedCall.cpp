#include "core/nn/kernels/SeparatedCall.h"

#include "core/nn/kernels/Gram.h"

namespace lorkd::nn {

using torch::Tensor;
using torch::autograd::variable_list;

template <class T>
const T* mergedInto(std::vector<T>& space, const T* weight, std::int64_t values, const SliceFactors& own) {
  if (!own.a.defined()) return weight;
  space.assign(weight, weight + values);
  const auto rows = own.b.size(0), rank = own.b.size(1), columns = own.a.size(1);
  gemm<T>(false, false, rows, columns, rank, static_cast<T>(own.scale), own.b.data_ptr<T>(), rank, own.a.data_ptr<T>(),
          columns, 1, space.data(), columns);
  return space.data();
}
template const float* mergedInto(std::vector<float>&, const float*, std::int64_t, const SliceFactors&);
template const double* mergedInto(std::vector<double>&, const double*, std::int64_t, const SliceFactors&);

template <class T>
void factorGradients(const T* gradient, const SliceFactors& own, Tensor& da, Tensor& db) {
  const auto rows = own.b.size(0), rank = own.b.size(1), columns = own.a.size(1);
  const auto scale = static_cast<T>(own.scale);
  da = at::empty_like(own.a);
  db = at::empty_like(own.b);
  gemm<T>(true, false, rank, columns, rows, scale, own.b.data_ptr<T>(), rank, gradient, columns, 0, da.data_ptr<T>(),
          columns);
  gemm<T>(false, true, rows, rank, columns, scale, gradient, columns, own.a.data_ptr<T>(), columns, 0, db.data_ptr<T>(),
          rank);
}
template void factorGradients(const float*, const SliceFactors&, Tensor&, Tensor&);
template void factorGradients(const double*, const SliceFactors&, Tensor&, Tensor&);

SeparatedGradients combine(const std::vector<std::vector<Unit>>& shares, const std::vector<PartialGradients>& parts,
                           std::size_t slices, const Wanted& wanted) {
  SeparatedGradients sum;
  sum.a.resize(slices);
  sum.b.resize(slices);
  if (wanted.perSlice) sum.perSlice.resize(slices);
  for (std::size_t j = 0; j < shares.size(); ++j) {
    for (std::size_t u = 0; u < shares[j].size(); ++u) {
      const auto slice = shares[j][u].slice;
      if (parts[j].a[u].defined()) addTo(sum.a[slice], parts[j].a[u]);
      if (parts[j].b[u].defined()) addTo(sum.b[slice], parts[j].b[u]);
      if (wanted.perSlice) addTo(sum.perSlice[slice], parts[j].perSlice[u]);
    }
    if (wanted.weight && parts[j].weight.defined()) addTo(sum.weight, parts[j].weight);
  }
  if (wanted.perSlice)
    for (const auto& gradient : sum.perSlice)
      sum.weight = sum.weight.defined() ? sum.weight.add_(gradient) : gradient.clone();
  return sum;
}

SeparatedCall::SeparatedCall(const SeparatedConv& conv, variable_list& inputs)
    : geometry(conv.geometry), bias(conv.bias.defined()) {
  routing.gram = conv.routing.gram;
  inputs = {conv.x, conv.weight};
  if (bias) inputs.push_back(conv.bias);
  for (const auto& slice : conv.routing.slices) {
    if (slice.size() == 0) continue;
    routing.slices.push_back(slice);
    if (conv.a.empty()) continue;
    const auto t = static_cast<std::size_t>(slice.task);
    inputs.push_back(conv.a[t]);
    inputs.push_back(conv.b[t]);
    scales.push_back(conv.scales[t]);
  }
}

std::vector<SliceFactors> SeparatedCall::factorsOf(at::ArrayRef<Tensor> inputs) const {
  std::vector<SliceFactors> factors(routing.slices.size());
  for (std::size_t j = 0; j < scales.size(); ++j)
    factors[j] = {inputs[firstFactor() + 2 * j].contiguous(), inputs[firstFactor() + 2 * j + 1].contiguous(),
                  scales[j]};
  return factors;
}

Wanted SeparatedCall::wantedOf(const torch::autograd::AutogradContext& ctx) const {
  Wanted wanted{ctx.needs_input_grad(0), ctx.needs_input_grad(1), false, false};
  wanted.perSlice = wanted.weight && routing.gram;
  for (std::size_t i = 0; i < 2 * scales.size(); ++i)
    wanted.factors = wanted.factors || ctx.needs_input_grad(firstFactor() + i);
  return wanted;
}

variable_list SeparatedCall::results(const SeparatedGradients& found, const Tensor& weight) const {
  variable_list results(firstFactor() + 2 * scales.size() + 1);
  results[0] = found.x;
  results[1] = found.weight;
  for (std::size_t j = 0; j < scales.size(); ++j) {
    results[firstFactor() + 2 * j] = found.a[j];
    results[firstFactor() + 2 * j + 1] = found.b[j];
  }
  if (!found.perSlice.empty()) {
    std::vector<int> present;
    for (const auto& slice : routing.slices) present.push_back(slice.task);
    routing.gram->add(weight, present, found.perSlice);
  }
  return results;
}

}  // namespace lorkd::nn
