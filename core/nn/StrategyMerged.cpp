#include "core/nn/Gram.h"
#include "core/nn/Strategy.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the backward pass needs beside tensors.
struct Call : torch::CustomClassHolder {
  ConvGeometry geometry;
  Routing routing;
  std::vector<double> scales;  // per slice
};

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

// Inputs: x, W0, bias, then A and B of each slice's task in turn; none of these for layers without factors.
struct MergedFunction : torch::autograd::Function<MergedFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        at::TensorList factors, const c10::intrusive_ptr<Call>& call) {
    variable_list saved{x, weight};
    saved.insert(saved.end(), factors.begin(), factors.end());
    ctx->save_for_backward(saved);
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    if (factors.empty()) return convolve(x, weight, bias, call->geometry);
    Assembled y(x, x.size(0));
    for (std::size_t j = 0; j < call->routing.slices.size(); ++j) {
      const auto& slice = call->routing.slices[j];
      const auto own = mergedWeight(weight, factors[2 * j], factors[2 * j + 1], call->scales[j]);
      y.put(convolve(x.narrow(0, slice.begin, slice.size()), own, bias, call->geometry), slice.begin);
    }
    return y.whole();
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<Call>(ctx->saved_data["call"].toCapsule());
    const Tensor &x = saved[0], &weight = saved[1];
    const bool factored = saved.size() > 2;
    const auto& slices = call->routing.slices;
    const auto gradient = gradients[0].contiguous(x.suggest_memory_format());
    variable_list result(3 + (saved.size() - 2) + 1);
    const bool wantX = ctx->needs_input_grad(0), wantW0 = ctx->needs_input_grad(1);

    if (ctx->needs_input_grad(2)) {
      std::vector<std::int64_t> axes(static_cast<std::size_t>(gradient.dim()) - 1);
      for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = i == 0 ? 0 : static_cast<std::int64_t>(i) + 1;
      result[2] = gradient.sum(axes);
    }
    if (!factored && wantX) result[0] = convolveBackward(gradient, x, weight, call->geometry, true, false).x;

    Assembled dx(x, x.size(0));
    std::vector<int> present;
    std::vector<Tensor> perTask;
    for (std::size_t j = 0; j < slices.size(); ++j) {
      const auto dy = gradient.narrow(0, slices[j].begin, slices[j].size());
      const auto in = x.narrow(0, slices[j].begin, slices[j].size());
      const bool wantA = factored && ctx->needs_input_grad(3 + 2 * j);
      const bool wantB = factored && ctx->needs_input_grad(4 + 2 * j);
      const auto own =
          factored && wantX ? mergedWeight(weight, saved[2 + 2 * j], saved[3 + 2 * j], call->scales[j]) : weight;
      const auto part = convolveBackward(dy, in, own, call->geometry, factored && wantX, wantW0 || wantA || wantB);
      if (part.x.defined()) dx.put(part.x, slices[j].begin);
      if (!part.weight.defined()) continue;
      const auto dw = part.weight.contiguous();
      if (factored) {
        const Tensor &a = saved[2 + 2 * j], &b = saved[3 + 2 * j];
        const auto view = dw.view({b.size(0), a.size(1)});
        if (wantA) result[3 + 2 * j] = product(b.t(), view).mul_(call->scales[j]);
        if (wantB) result[4 + 2 * j] = product(view, a.t()).mul_(call->scales[j]);
      }
      if (!wantW0) continue;
      if (call->routing.gram) {
        present.push_back(slices[j].task);
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
  auto call = c10::make_intrusive<Call>();
  call->geometry = c.geometry;
  call->routing.gram = c.routing.gram;
  variable_list factors;
  for (const auto& slice : c.routing.slices) {
    if (slice.size() == 0) continue;
    call->routing.slices.push_back(slice);
    if (c.a.empty()) continue;
    const auto t = static_cast<std::size_t>(slice.task);
    factors.push_back(c.a[t]);
    factors.push_back(c.b[t]);
    call->scales.push_back(c.scales[t]);
  }
  return MergedFunction::apply(c.x, c.weight, c.bias, at::TensorList(factors), call);
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
