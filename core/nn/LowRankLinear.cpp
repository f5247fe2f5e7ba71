#include "core/nn/LowRank.h"
#include "core/nn/kernels/Gram.h"
#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct LinearCall : torch::CustomClassHolder {
  Routing routing;
};

// x·W0ᵀ whose backward tells the tasks' gradients apart.
struct RecordedLinear : torch::autograd::Function<RecordedLinear> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight,
                        const c10::intrusive_ptr<LinearCall>& call) {
    ctx->save_for_backward({x, weight});
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    return product(x, weight.t());
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<LinearCall>(ctx->saved_data["call"].toCapsule());
    const Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    variable_list result(3);
    if (ctx->needs_input_grad(0)) result[0] = product(gradient, weight);
    if (!ctx->needs_input_grad(1)) return result;
    std::vector<int> present;
    std::vector<Tensor> perTask;
    result[1] = at::zeros_like(weight);
    for (const auto& slice : call->routing.slices) {
      if (slice.size() == 0) continue;
      present.push_back(slice.task);
      perTask.push_back(
          product(gradient.narrow(0, slice.begin, slice.size()).t(), x.narrow(0, slice.begin, slice.size())));
      result[1].add_(perTask.back());
    }
    call->routing.gram->add(weight, present, perTask);
    return result;
  }
};

}  // namespace

LowRankLinearImpl::LowRankLinearImpl(std::int64_t in, std::int64_t out, const LowRankSpec& spec, bool withBias) {
  makeWeights({out, in}, withBias, {"", 0, in, out, 1, false}, spec);
}

torch::Tensor LowRankLinearImpl::forward(const torch::Tensor& x, const Routing& routing) {
  const bool recorded = routing.gram != nullptr && torch::GradMode::is_enabled();
  if (separated() || recorded) checkRouting(routing, x.size(0), factors.tasks());
  Tensor y;
  if (recorded) {
    auto call = c10::make_intrusive<LinearCall>();
    call->routing = routing;
    const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::autocast_dispatch_keyset);
    y = RecordedLinear::apply(x.to(weight.scalar_type()), weight, call);
    if (bias.defined()) y = y + bias;
  } else {
    y = torch::linear(x, weight, bias);
  }
  if (!separated()) return y;
  std::vector<Tensor> updates;
  for (const auto& slice : routing.slices) {
    const auto t = static_cast<std::size_t>(slice.task);
    const auto inner = torch::linear(x.narrow(0, slice.begin, slice.size()), factors.a[t]);
    updates.push_back(torch::linear(inner, factors.b[t]) * factors.scales[t]);
  }
  return y + torch::cat(updates);
}

AdaptedLayer LowRankLinearImpl::layer() const { return {"", 0, weight.size(1), weight.size(0), 1, false}; }

}  // namespace lorkd::nn
