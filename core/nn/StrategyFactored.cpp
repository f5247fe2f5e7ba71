#include "core/nn/Gram.h"
#include "core/nn/LowRankBranch.h"
#include "core/nn/PairGram.h"
#include "core/nn/SharedPart.h"
#include "core/nn/Strategy.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the backward pass needs beside tensors.
struct Call : torch::CustomClassHolder {
  ConvGeometry geometry;
  Routing routing;                    // slices with samples
  std::vector<double> scales;         // per slice
  bool bias = false, onRows = false;  // the latter: see worksOnRows()
  std::shared_ptr<const TapMap> map;
  std::vector<Tensor> z;  // per slice, of the forward pass
};

// The pixels of `x` as (N, pixels, C), contiguous; a view of channels-last tensors.
Tensor toRows(const Tensor& x) { return x.flatten(2).transpose(1, 2).contiguous(); }

// Rows as a tensor of spatial `sizes`, laid out as `like`.
Tensor fromRows(const Tensor& rows, const std::vector<std::int64_t>& sizes, const Tensor& like) {
  std::vector<std::int64_t> shape{rows.size(0), rows.size(2)};
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  return rows.transpose(1, 2).view(shape).contiguous(like.suggest_memory_format());
}

std::vector<BranchSlice> slicesOf(const Call& call, at::ArrayRef<Tensor> factors) {
  std::vector<BranchSlice> slices;
  for (std::size_t j = 0; j < call.routing.slices.size(); ++j)
    slices.push_back({factors[2 * j].t().contiguous(), factors[2 * j + 1].contiguous(), call.scales[j],
                      call.routing.slices[j].begin, call.routing.slices[j].end});
  return slices;
}

// A strided 1×1 convolution is a plain one of the pixels that it meets.
struct Rows {
  Tensor x;
  Tensor chosen;  // of the input pixels, defined if not all are
  std::shared_ptr<const TapMap> map;
};

Rows narrowed(Tensor rows, const std::shared_ptr<const TapMap>& map) {
  if (map->taps != 1 || map->identity()) return {std::move(rows), {}, map};
  std::vector<std::int64_t> pixels;
  for (const auto& run : map->runs)
    for (std::int64_t i = 0; i < run.count; ++i) pixels.push_back(run.in + i);
  if (static_cast<std::int64_t>(pixels.size()) != map->outPixels) return {std::move(rows), {}, map};  // padded
  const auto chosen = torch::tensor(pixels);
  auto few = rows.index_select(1, chosen);
  return {few, chosen, tapMap({map->outPixels}, {1}, ConvGeometry::uniform(1, 1, 0))};
}

// Gradients for x and W0, and the Gram matrix of the tasks' gradients where one is asked for. `rows` and `dyRows` are x
// and dy as rows; the gradient for x comes as rows where the call works on rows, else as x is.
TapGradients sharedBackward(const Call& call, const Tensor& x, const Tensor& dy, const Tensor& weight, const Rows& rows,
                            const Tensor& dyRows, bool wantX, bool wantW0) {
  const auto part = [&](std::int64_t begin, std::int64_t size, bool forX, bool forWeight) -> TapGradients {
    if (call.onRows)
      return tapsBackward(dyRows.narrow(0, begin, size), rows.x.narrow(0, begin, size), weight, *rows.map, forX,
                          forWeight);
    const auto found =
        convolveBackward(dy.narrow(0, begin, size), x.narrow(0, begin, size), weight, call.geometry, forX, forWeight);
    return {found.x, found.weight};
  };
  const auto& slices = call.routing.slices;
  const auto gram = wantW0 ? call.routing.gram : nullptr;
  std::vector<int> present;
  for (const auto& slice : slices) present.push_back(slice.task);
  if (!gram || pairGramIsCheaper(rows.x, dyRows, weight.numel(), slices.size())) {
    if (gram) gram->addProducts(weight, present, pairGram(rows.x, dyRows, *rows.map, slices));
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

// Inputs: x, W0, bias if there is one, then A and B of each slice's task in turn.
struct FactoredFunction : torch::autograd::Function<FactoredFunction> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const c10::intrusive_ptr<Call>& call) {
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    const Tensor &x = inputs[0], &weight = inputs[1], bias = call->bias ? inputs[2] : Tensor();
    const auto slices = slicesOf(*call, inputs.slice(call->bias ? 3 : 2));
    const auto rows = narrowed(toRows(x), call->map);
    const auto pieces = weight.size(2);
    if (call->onRows) {
      auto y = tapsForward(rows.x, weight, *rows.map);
      call->z = branchForward(rows.x, y, slices, *rows.map, pieces);
      if (bias.defined()) y.add_(bias);
      return fromRows(y, call->map->outSizes, x);
    }
    auto y = convolve(x, weight, bias, call->geometry);
    auto wide = toRows(y);  // a view where the layout allows, so that the branch adds to y itself
    const bool inPlace = wide.data_ptr() == y.data_ptr();
    if (!inPlace) wide = at::zeros_like(wide);
    call->z = branchForward(rows.x, wide, slices, *rows.map, pieces);
    if (!inPlace) y.flatten(2).add_(wide.transpose(1, 2));
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto inputs = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<Call>(ctx->saved_data["call"].toCapsule());
    const Tensor &x = inputs[0], &weight = inputs[1];
    const std::size_t first = call->bias ? 3 : 2;
    const auto slices = slicesOf(*call, at::ArrayRef<Tensor>(inputs).slice(first));
    const bool wantX = ctx->needs_input_grad(0), wantW0 = ctx->needs_input_grad(1);
    bool wantFactors = false;
    for (auto i = first; i < inputs.size(); ++i) wantFactors = wantFactors || ctx->needs_input_grad(i);
    variable_list result(inputs.size() + 1);  // the last belongs to `call`

    const auto dy = gradients[0].contiguous(x.suggest_memory_format());
    const auto gradientRows = toRows(dy);
    const auto rows = narrowed(toRows(x), call->map);
    const auto shared = sharedBackward(*call, x, dy, weight, rows, gradientRows, wantX, wantW0);
    result[1] = shared.weight;
    if (!call->onRows) result[0] = shared.x;
    Tensor dx = call->onRows ? shared.x : wantX ? at::zeros_like(rows.x) : Tensor();
    const auto factors =
        branchBackward(rows.x, gradientRows, dx, call->z, slices, *rows.map, weight.size(2), wantFactors);
    for (std::size_t j = 0; j < factors.size(); ++j) {
      result[first + 2 * j] = factors[j].a.defined() ? factors[j].a.t().contiguous() : factors[j].a;
      result[first + 2 * j + 1] = factors[j].b;
    }
    if (call->bias && ctx->needs_input_grad(2)) result[2] = gradientRows.flatten(0, 1).sum(0);
    if (!wantX) return result;
    if (rows.chosen.defined())
      dx = at::zeros({x.size(0), call->map->inPixels, x.size(1)}, x.options()).index_copy_(1, rows.chosen, dx);
    if (call->onRows)
      result[0] = fromRows(dx, x.sizes().slice(2).vec(), x);
    else
      result[0].flatten(2).add_(dx.transpose(1, 2));
    return result;
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
    const auto z = at::convolution(c.x.narrow(0, slice.begin, slice.size()), torch::cat(kernels).view(sizes).to(type),
                                   {}, c.geometry.stride, c.geometry.padding, c.geometry.dilation, false,
                                   std::vector<std::int64_t>(c.geometry.stride.size(), 0), 1);
    mixing[0] = c.weight.size(0);
    mixing[1] = pieces * rows;
    parts.push_back(at::convolution(z, (c.b[t].view(mixing) * c.scales[t]).to(type), {}, pointwise.stride,
                                    pointwise.padding, pointwise.dilation, false,
                                    std::vector<std::int64_t>(c.geometry.stride.size(), 0), 1));
  }
  return parts.empty() ? y : y + torch::cat(parts);
}

}  // namespace

Tensor factoredConvolution(const SeparatedConv& c) {
  const auto type = c.x.scalar_type();
  const bool own =
      c.x.device().is_cpu() && (type == torch::kFloat || type == torch::kDouble) && c.weight.scalar_type() == type;
  if (!own) return composed(c);
  auto call = c10::make_intrusive<Call>();
  call->geometry = c.geometry;
  call->routing.gram = c.routing.gram;
  call->bias = c.bias.defined();
  call->map = tapMap(c.x.sizes().slice(2).vec(), c.weight.sizes().slice(2).vec(), c.geometry);
  call->onRows = worksOnRows(call->map->taps, call->map->outPixels);
  variable_list inputs{c.x, c.weight};
  if (call->bias) inputs.push_back(c.bias);
  for (const auto& slice : c.routing.slices) {
    if (slice.size() == 0) continue;
    const auto t = static_cast<std::size_t>(slice.task);
    call->routing.slices.push_back(slice);
    call->scales.push_back(c.scales[t]);
    inputs.push_back(c.a[t]);
    inputs.push_back(c.b[t]);
  }
  return FactoredFunction::apply(at::TensorList(inputs), call);
}

}  // namespace lorkd::nn
