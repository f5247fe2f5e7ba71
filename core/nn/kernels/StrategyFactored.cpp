#include "core/nn/kernels/Gram.h"
#include "core/nn/kernels/LowRankBranch.h"
#include "core/nn/kernels/PairGram.h"
#include "core/nn/kernels/SeparatedCall.h"
#include "core/nn/kernels/SharedPart.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FactoredCall : SeparatedCall {
  using SeparatedCall::SeparatedCall;
  bool onRows = false;  // see worksOnRows()
  std::shared_ptr<const TapMap> map;
};

// The pixels of `x` as (N, pixels, C), contiguous; a view of channels-last tensors.
Tensor toRows(const Tensor& x) { return x.flatten(2).transpose(1, 2).contiguous(); }

// Rows as a tensor of spatial `sizes`, laid out as `like`.
Tensor fromRows(const Tensor& rows, const std::vector<std::int64_t>& sizes, const Tensor& like) {
  std::vector<std::int64_t> shape{rows.size(0), rows.size(2)};
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  return rows.transpose(1, 2).view(shape).contiguous(like.suggest_memory_format());
}

std::vector<BranchSlice> slicesOf(const FactoredCall& call, at::ArrayRef<Tensor> inputs) {
  std::vector<BranchSlice> slices;  // none without factors
  const auto factors = call.factorsOf(inputs);
  for (std::size_t j = 0; j < call.scales.size(); ++j)
    slices.push_back(
        {factors[j].a, factors[j].b, factors[j].scale, call.routing.slices[j].begin, call.routing.slices[j].end});
  return slices;
}

// Gradients for x and W0, and the Gram matrix of the tasks' gradients where one is asked for. `rows` and `dyRows` are x
// and dy as rows; the gradient for x comes as rows where the call works on rows, else as x is.
TapGradients sharedBackward(const FactoredCall& call, const Tensor& x, const Tensor& dy, const Tensor& weight,
                            const Tensor& rows, const Tensor& dyRows, bool wantX, bool wantW0) {
  const auto part = [&](std::int64_t begin, std::int64_t size, bool forX, bool forWeight) -> TapGradients {
    if (call.onRows)
      return tapsBackward(dyRows.narrow(0, begin, size), rows.narrow(0, begin, size), weight, *call.map, forX,
                          forWeight);
    const auto found =
        convolveBackward(dy.narrow(0, begin, size), x.narrow(0, begin, size), weight, call.geometry, forX, forWeight);
    return {found.x, found.weight};
  };
  const auto& slices = call.routing.slices;
  const auto gram = wantW0 ? call.routing.gram : nullptr;
  std::vector<int> present;
  for (const auto& slice : slices) present.push_back(slice.task);
  if (!gram || pairGramIsCheaper(rows, dyRows, weight.numel(), slices.size())) {
    if (gram) gram->addProducts(weight, present, pairGram(rows, dyRows, *call.map, slices));
    return part(0, x.size(0), wantX, wantW0);
  }
  auto result = part(0, x.size(0), wantX, false);
  std::vector<Tensor> perTask;
  for (const auto& slice : slices) perTask.push_back(part(slice.begin, slice.size(), false, true).weight.contiguous());
  gram->add(weight, present, perTask);
  for (const auto& gradient : perTask)
    result.weight = result.weight.defined() ? result.weight.add_(gradient) : gradient;
  return result;
}

// Inputs as SeparatedCall lays them; z of each slice is kept beside them.
struct FactoredFunction : torch::autograd::Function<FactoredFunction> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const c10::intrusive_ptr<FactoredCall>& call) {
    const Tensor &x = inputs[0], &weight = inputs[1], bias = call->biasOf(inputs);
    const auto slices = slicesOf(*call, inputs);
    const auto rows = toRows(x);
    const auto pieces = weight.size(2);
    Tensor y;
    std::vector<Tensor> z;
    if (call->onRows) {
      auto wide = tapsForward(rows, weight, *call->map);
      z = branchForward(rows, wide, slices, *call->map, pieces);
      if (bias.defined()) wide.add_(bias);
      y = fromRows(wide, call->map->outSizes, x);
    } else {
      y = convolve(x, weight, bias, call->geometry);
      auto wide = toRows(y);  // a view where the layout allows, so that the branch adds to y itself
      const bool inPlace = wide.data_ptr() == y.data_ptr();
      if (!inPlace) wide = at::zeros_like(wide);
      z = branchForward(rows, wide, slices, *call->map, pieces);
      if (!inPlace) y.flatten(2).add_(wide.transpose(1, 2));
    }
    auto kept = inputs.vec();
    kept.insert(kept.end(), z.begin(), z.end());
    ctx->save_for_backward(kept);
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<FactoredCall>(ctx->saved_data["call"].toCapsule());
    const auto inputs = at::ArrayRef<Tensor>(saved).slice(0, call->firstFactor() + 2 * call->scales.size());
    const auto z = at::ArrayRef<Tensor>(saved).slice(inputs.size()).vec();
    const Tensor &x = inputs[0], &weight = inputs[1];
    const auto slices = slicesOf(*call, inputs);
    const auto wanted = call->wantedOf(*ctx);

    const auto dy = gradients[0].contiguous(x.suggest_memory_format());
    const auto gradientRows = toRows(dy), rows = toRows(x);
    const auto shared = sharedBackward(*call, x, dy, weight, rows, gradientRows, wanted.x, wanted.weight);
    SeparatedGradients found;
    found.weight = shared.weight;
    const auto dx = call->onRows ? shared.x : wanted.x ? at::zeros_like(rows) : Tensor();
    for (auto& factors :
         branchBackward(rows, gradientRows, dx, z, slices, *call->map, weight.size(2), wanted.factors)) {
      found.a.push_back(factors.a);
      found.b.push_back(factors.b);
    }
    if (wanted.x && call->onRows) found.x = fromRows(dx, x.sizes().slice(2).vec(), x);
    if (wanted.x && !call->onRows) {
      found.x = shared.x;
      found.x.flatten(2).add_(dx.transpose(1, 2));
    }
    auto results = call->results(found, weight);
    if (call->bias && ctx->needs_input_grad(2)) results[2] = gradientRows.flatten(0, 1).sum(0);
    return results;
  }
};

// The same through LibTorch's own operators and autograd, on any device: z is a convolution with the k pieces of A,
// each padded with zeros to a whole kernel, and B mixes it; k times the multiply-adds of the branch.
Tensor composed(const SeparatedConv& c) {
  const auto pieces = c.weight.size(2), length = c.weight[0].numel() / pieces;
  const auto type = c.x.scalar_type();
  const auto y = convolution(c.x, c.weight.to(type), c.bias.defined() ? c.bias.to(type) : c.bias, c.geometry);
  const auto pointwise = ConvGeometry::uniform(static_cast<int>(c.geometry.stride.size()), 1, 0);
  auto mixing = std::vector<std::int64_t>(static_cast<std::size_t>(c.weight.dim()), 1);
  std::vector<Tensor> parts;
  for (const auto& slice : c.routing.slices) {
    if (slice.size() == 0) continue;
    const auto t = static_cast<std::size_t>(slice.task);
    const auto rows = c.a[t].size(0);
    std::vector<Tensor> kernels;
    for (std::int64_t a = 0; a < pieces; ++a)
      kernels.push_back(torch::constant_pad_nd(c.a[t], {a * length, (pieces - 1 - a) * length}, 0));
    auto sizes = c.weight.sizes().vec();
    sizes[0] = pieces * rows;
    const auto z = stockConvolution(c.x.narrow(0, slice.begin, slice.size()), torch::cat(kernels).view(sizes).to(type),
                                    {}, c.geometry);
    mixing[0] = c.weight.size(0);
    mixing[1] = pieces * rows;
    parts.push_back(stockConvolution(z, (c.b[t].view(mixing) * c.scales[t]).to(type), {}, pointwise));
  }
  return parts.empty() ? y : y + torch::cat(parts);
}

}  // namespace

Tensor factoredConvolution(const SeparatedConv& c) {
  const auto type = c.x.scalar_type();
  const bool own =
      c.x.device().is_cpu() && (type == torch::kFloat || type == torch::kDouble) && c.weight.scalar_type() == type;
  if (!own) return composed(c);
  variable_list inputs;
  const auto call = c10::make_intrusive<FactoredCall>(c, inputs);
  call->map = tapMap(c.x.sizes().slice(2).vec(), c.weight.sizes().slice(2).vec(), c.geometry);
  call->onRows = worksOnRows(call->map->taps, call->map->outPixels);
  return FactoredFunction::apply(at::TensorList(inputs), call);
}

}  // namespace lorkd::nn
