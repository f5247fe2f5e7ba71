#include "core/nn/kernels/Gram.h"
#include "core/nn/kernels/SideBySide.h"
#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// All slices' results in one tensor of `sizes`, laid out as `like`.
class Assembled {
 public:
  Assembled(const Tensor& like, std::int64_t samples) : m_samples(samples), m_format(like.suggest_memory_format()) {}
  void put(const Tensor& part, std::int64_t begin) {
    if (part.size(0) == m_samples) {
      m_whole = part;
      return;
    }
    if (!m_whole.defined()) {
      auto sizes = part.sizes().vec();
      sizes[0] = m_samples;
      m_whole = at::empty(sizes, part.options().memory_format(m_format));
    }
    m_whole.narrow(0, begin, part.size(0)).copy_(part);
  }
  Tensor whole() const { return m_whole; }

 private:
  std::int64_t m_samples;
  at::MemoryFormat m_format;
  Tensor m_whole;
};

// Inputs: x, W0, bias if there is one, then A and B of each slice's task in turn; no factors for plain layers.
struct MergedFunction : torch::autograd::Function<MergedFunction> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const c10::intrusive_ptr<SeparatedCall>& call) {
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    const Tensor &x = inputs[0], &weight = inputs[1], bias = call->biasOf(inputs);
    const auto factors = inputs.slice(call->firstFactor());
    const auto low = [&x](const Tensor& t) { return t.defined() ? t.to(x.scalar_type()) : t; };
    if (canGoSideBySide(x, weight, call->geometry, call->routing.slices.size()))
      return sideBySideForward(x.contiguous(x.suggest_memory_format()), weight.contiguous(), bias, call->geometry,
                               call->routing.slices, call->factorsOf(inputs));
    if (factors.empty()) return convolve(x, low(weight), low(bias), call->geometry);
    Assembled y(x, x.size(0));
    for (std::size_t j = 0; j < call->routing.slices.size(); ++j) {
      const auto& slice = call->routing.slices[j];
      const auto own = mergedWeight(weight, factors[2 * j], factors[2 * j + 1], call->scales[j]);
      y.put(convolve(x.narrow(0, slice.begin, slice.size()), low(own), low(bias), call->geometry), slice.begin);
    }
    return y.whole();
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto inputs = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<SeparatedCall>(ctx->saved_data["call"].toCapsule());
    const Tensor &x = inputs[0], &weight = inputs[1];
    const bool factored = inputs.size() > call->firstFactor();
    const bool wantX = ctx->needs_input_grad(0), wantW0 = ctx->needs_input_grad(1);
    const auto gradient = gradients[0].contiguous(x.suggest_memory_format());
    variable_list result(inputs.size() + 1);  // the last belongs to `call`

    if (call->bias && ctx->needs_input_grad(2)) result[2] = gradient.to(weight.scalar_type()).flatten(2).sum(2).sum(0);
    if (canGoSideBySide(x, weight, call->geometry, call->routing.slices.size())) {
      auto found = call->results(
          sideBySideBackward(gradient, x.contiguous(x.suggest_memory_format()), weight.contiguous(), call->geometry,
                             call->routing.slices, call->factorsOf(inputs), call->wantedOf(*ctx)),
          weight);
      if (call->bias) found[2] = result[2];
      return found;
    }
    const auto low = [&x](const Tensor& t) { return t.to(x.scalar_type()); };
    if (!factored && wantX) result[0] = convolveBackward(gradient, x, low(weight), call->geometry, true, false).x;

    Assembled dx(x, x.size(0));
    std::vector<int> present;
    std::vector<Tensor> perTask;
    for (std::size_t j = 0; j < call->routing.slices.size(); ++j) {
      const auto& slice = call->routing.slices[j];
      const auto dy = gradient.narrow(0, slice.begin, slice.size());
      const auto in = x.narrow(0, slice.begin, slice.size());
      const auto at = call->firstFactor() + 2 * j;
      const bool wantA = factored && ctx->needs_input_grad(at), wantB = factored && ctx->needs_input_grad(at + 1);
      // W_t is made again rather than kept since the forward pass: one weight copy at a time.
      const auto own = factored && wantX ? mergedWeight(weight, inputs[at], inputs[at + 1], call->scales[j]) : weight;
      const auto part = convolveBackward(dy, in, low(own), call->geometry, factored && wantX, wantW0 || wantA || wantB);
      if (part.x.defined()) dx.put(part.x, slice.begin);
      if (!part.weight.defined()) continue;
      const auto dw = part.weight.to(weight.scalar_type()).contiguous();
      if (factored) {
        const Tensor &a = inputs[at], &b = inputs[at + 1];
        const auto view = dw.view({b.size(0), a.size(1)});
        if (wantA) result[at] = product(b.t(), view).mul_(call->scales[j]);
        if (wantB) result[at + 1] = product(view, a.t()).mul_(call->scales[j]);
      }
      if (!wantW0) continue;
      if (call->routing.gram) {
        present.push_back(slice.task);
        perTask.push_back(dw);
        result[1] = result[1].defined() ? result[1] + dw : dw;
      } else {
        result[1] = result[1].defined() ? result[1].add_(dw) : dw;
      }
    }
    if (factored && wantX) result[0] = dx.whole();
    if (!perTask.empty()) call->routing.gram->add(weight, present, perTask);
    return result;
  }
};

}  // namespace

Tensor mergedWeight(const Tensor& weight, const Tensor& a, const Tensor& b, double scale) {
  return at::add(weight, product(b, a).view(weight.sizes()), scale);
}

Tensor mergedConvolution(const SeparatedConv& c) {
  variable_list inputs;
  const auto call = c10::make_intrusive<SeparatedCall>(c, inputs);
  return MergedFunction::apply(at::TensorList(inputs), call);
}

void checkRouting(const Routing& routing, std::int64_t samples, std::size_t tasks) {
  std::int64_t next = 0;
  for (const auto& slice : routing.slices) {
    TORCH_CHECK(slice.begin == next && slice.end >= slice.begin, "routing: slice [", slice.begin, ", ", slice.end,
                ") of task ", slice.task, " does not follow sample ", next);
    TORCH_CHECK(slice.task >= 0 && (tasks == 0 || static_cast<std::size_t>(slice.task) < tasks), "routing: task ",
                slice.task, " of ", tasks);
    next = slice.end;
  }
  TORCH_CHECK(next == samples, "routing covers ", next, " of ", samples, " samples");
}

}  // namespace lorkd::nn
