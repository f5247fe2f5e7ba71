#include "core/nn/kernels/OneDnn.h"

#include <map>
#include <mutex>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef LORKD_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace lorkd::nn {

#ifdef _OPENMP
OneThread::OneThread() : m_before(omp_get_max_threads()) { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(m_before); }
#else
OneThread::OneThread() : m_before(0) {}
OneThread::~OneThread() = default;
#endif

template <class T>
void gemm(bool transA, bool transB, std::int64_t m, std::int64_t n, std::int64_t k, T alpha, const T* a,
          std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
#ifdef LORKD_ONEDNN
  if constexpr (std::is_same_v<T, float>) {
    if (k == 0) {  // oneDNN leaves C as it is
      for (std::int64_t row = 0; row < m; ++row)
        for (std::int64_t column = 0; column < n; ++column)
          c[row * ldc + column] = beta == 0 ? 0 : beta * c[row * ldc + column];
      return;
    }
    dnnl_sgemm(transA ? 'T' : 'N', transB ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    return;
  }
#endif
  const auto matrix = [](const T* values, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    return at::from_blob(const_cast<T*>(values), {rows, columns}, {stride, 1}, c10::CppTypeToScalarType<T>::value);
  };
  const at::AutoDispatchBelowADInplaceOrView plain;  // autograd is switched on and off by thread
  const auto left = transA ? matrix(a, k, m, lda).t() : matrix(a, m, k, lda);
  const auto right = transB ? matrix(b, n, k, ldb).t() : matrix(b, k, n, ldb);
  matrix(c, m, n, ldc).addmm_(left, right, beta, alpha);
}
template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, float, const float*, std::int64_t,
                   const float*, std::int64_t, float, float*, std::int64_t);
template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, double, const double*, std::int64_t,
                   const double*, std::int64_t, double, double*, std::int64_t);

#ifdef LORKD_ONEDNN
namespace onednn {  // named: a class that the header knows holds these types

using dnnl::memory;
using Desc = memory::desc;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& stream() {
  thread_local dnnl::stream own(engine());
  return own;
}

torch::Tensor buffer(std::size_t bytes) {
  return at::empty({static_cast<std::int64_t>(bytes / sizeof(float)) + 1}, at::kFloat);
}

memory over(const Desc& desc, const float* values) { return {desc, engine(), const_cast<float*>(values)}; }

// Data between the caller's layout and the one a primitive wants.
class Layout {
 public:
  Layout() = default;
  Layout(const Desc& own, const Desc& wanted) : m_own(own), m_wanted(wanted), m_moves(own != wanted) {
    if (!m_moves) return;
    m_in = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), own, engine(), wanted));
    m_out = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), wanted, engine(), own));
  }
  const Desc& wanted() const { return m_wanted; }
  memory in(const float* values, torch::Tensor& kept) const {
    if (!m_moves) return over(m_own, values);
    auto to = space(kept);
    auto from = over(m_own, values);
    m_in.execute(stream(), from, to);
    return to;
  }
  // Where a primitive writes: out() brings it to the caller.
  memory result(float* values, torch::Tensor& kept) const { return m_moves ? space(kept) : over(m_own, values); }
  void out(memory& from, float* values) const {
    if (!m_moves) return;
    auto to = over(m_own, values);
    m_out.execute(stream(), from, to);
  }

 private:
  memory space(torch::Tensor& kept) const {
    kept = buffer(m_wanted.get_size());
    return over(m_wanted, kept.data_ptr<float>());
  }
  Desc m_own, m_wanted;
  bool m_moves = false;
  dnnl::reorder m_in, m_out;
};

dnnl::primitive_attr ownScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own is bound to the making thread
  return attributes;
}

Desc plainDesc(const std::vector<std::int64_t>& sizes, bool channelsLast) {
  memory::dims strides(sizes.size(), 1);
  std::int64_t step = 1;
  const auto lay = [&](std::size_t axis) {
    strides[axis] = step;
    step *= sizes[axis];
  };
  if (channelsLast) lay(1);
  for (std::size_t axis = sizes.size(); axis-- > 2;) lay(axis);
  if (!channelsLast) lay(1);
  lay(0);
  return {sizes, memory::data_type::f32, strides};
}

Desc anyDesc(const std::vector<std::int64_t>& sizes) {
  return {sizes, memory::data_type::f32, memory::format_tag::any};
}

}  // namespace onednn
using namespace onednn;

struct ConvolutionPlan::State {
  explicit State(const Shape& shape) : shape(shape) {
    ySizes = {shape.x[0], shape.weight[0]};
    const auto& g = shape.geometry;
    for (const auto size : outputSizes(at::IntArrayRef(shape.x).slice(2), at::IntArrayRef(shape.weight).slice(2), g))
      ySizes.push_back(size);
    for (const auto dilation : g.dilation) dilates.push_back(dilation - 1);
    const auto x = wish(shape.x), y = wish(ySizes), w = anyDesc(shape.weight);
    const Desc bias({shape.weight[0]}, memory::data_type::f32, memory::format_tag::a);
    forwardDesc =
        make<dnnl::convolution_forward>(dnnl::prop_kind::forward_training, x, w, shape.bias ? &bias : nullptr, y);
    forward = dnnl::convolution_forward(*forwardDesc);
    xIn = layout(shape.x, forwardDesc->src_desc());
    wIn = weights(forwardDesc->weights_desc());
    yOut = layout(ySizes, forwardDesc->dst_desc());
  }

  // The backward primitives are made when first wanted: prediction never does.
  void needBackward() {
    std::call_once(made, [&] {
      const auto x = wish(shape.x), y = wish(ySizes), w = anyDesc(shape.weight);
      const auto data = make<dnnl::convolution_backward_data>(x, w, y);
      dataScratch = data->scratchpad_desc().get_size();
      backwardData = dnnl::convolution_backward_data(*data);
      dyData = layout(ySizes, data->diff_dst_desc());
      wData = weights(data->weights_desc());
      dxOut = layout(shape.x, data->diff_src_desc());
      const auto weight = make<dnnl::convolution_backward_weights>(x, w, y);
      weightScratch = weight->scratchpad_desc().get_size();
      backwardWeights = dnnl::convolution_backward_weights(*weight);
      dyWeights = layout(ySizes, weight->diff_dst_desc());
      xWeights = layout(shape.x, weight->src_desc());
      dwOut = weights(weight->diff_weights_desc());
    });
  }

  Desc wish(const std::vector<std::int64_t>& sizes) const {
    return shape.channelsLast ? plainDesc(sizes, true) : anyDesc(sizes);
  }
  Layout layout(const std::vector<std::int64_t>& sizes, const Desc& wanted) const {
    return {plainDesc(sizes, shape.channelsLast), wanted};
  }
  Layout weights(const Desc& wanted) const { return {plainDesc(shape.weight, false), wanted}; }

  template <class Primitive>
  std::unique_ptr<typename Primitive::primitive_desc> make(dnnl::prop_kind kind, const Desc& x, const Desc& w,
                                                           const Desc* bias, const Desc& y) const {
    using Made = typename Primitive::primitive_desc;
    const auto& g = shape.geometry;
    const auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return bias ? std::make_unique<Made>(engine(), kind, direct, x, w, *bias, y, g.stride, dilates, g.padding,
                                         g.padding, ownScratchpad())
                : std::make_unique<Made>(engine(), kind, direct, x, w, y, g.stride, dilates, g.padding, g.padding,
                                         ownScratchpad());
#else
    using Asked = typename Primitive::desc;
    const auto asked = bias ? Asked(kind, direct, x, w, *bias, y, g.stride, dilates, g.padding, g.padding)
                            : Asked(kind, direct, x, w, y, g.stride, dilates, g.padding, g.padding);
    return std::make_unique<Made>(asked, ownScratchpad(), engine());
#endif
  }

  template <class Primitive>
  std::unique_ptr<typename Primitive::primitive_desc> make(const Desc& x, const Desc& w, const Desc& y) const {
    using Made = typename Primitive::primitive_desc;
    const auto& g = shape.geometry;
    const auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return std::make_unique<Made>(engine(), direct, x, w, y, g.stride, dilates, g.padding, g.padding, *forwardDesc,
                                  ownScratchpad());
#else
    return std::make_unique<Made>(typename Primitive::desc(direct, x, w, y, g.stride, dilates, g.padding, g.padding),
                                  ownScratchpad(), engine(), *forwardDesc);
#endif
  }

  Shape shape;
  std::vector<std::int64_t> ySizes, dilates;
  std::unique_ptr<dnnl::convolution_forward::primitive_desc> forwardDesc;
  dnnl::convolution_forward forward;
  Layout xIn, wIn, yOut;
  std::once_flag made;
  dnnl::convolution_backward_data backwardData;
  dnnl::convolution_backward_weights backwardWeights;
  std::size_t dataScratch = 0, weightScratch = 0;
  Layout dyData, wData, dxOut, dyWeights, xWeights, dwOut;
};

bool ConvolutionPlan::available() { return true; }

std::shared_ptr<const ConvolutionPlan> ConvolutionPlan::of(const Shape& shape) {
  static std::mutex mutex;
  static std::map<std::vector<std::vector<std::int64_t>>, std::shared_ptr<const ConvolutionPlan>> known;
  const auto& g = shape.geometry;
  const std::vector<std::vector<std::int64_t>> key{
      shape.x, shape.weight, g.stride, g.padding, g.dilation, {shape.channelsLast, shape.bias, shape.threads}};
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  std::shared_ptr<const ConvolutionPlan> plan;
  try {
    plan = std::make_shared<const ConvolutionPlan>(std::make_unique<State>(shape));
  } catch (const dnnl::error&) {
    // A shape that oneDNN has nothing for stays null.
  }
  // Inputs of ever new sizes shall not fill the memory.
  if (known.size() >= 1024) known.clear();
  known.emplace(key, plan);
  return plan;
}

void ConvolutionPlan::forward(const float* x, const float* weight, const float* bias, float* y) const {
  auto& s = *m_state;
  torch::Tensor keptX, keptW, keptY, scratch = buffer(s.forwardDesc->scratchpad_desc().get_size());
  auto result = s.yOut.result(y, keptY);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, s.xIn.in(x, keptX)},
      {DNNL_ARG_WEIGHTS, s.wIn.in(weight, keptW)},
      {DNNL_ARG_DST, result},
      {DNNL_ARG_SCRATCHPAD, over(s.forwardDesc->scratchpad_desc(), scratch.data_ptr<float>())}};
  if (s.shape.bias) arguments.emplace(DNNL_ARG_BIAS, over(s.forwardDesc->bias_desc(), bias));
  s.forward.execute(stream(), arguments);
  s.yOut.out(result, y);
}

void ConvolutionPlan::backward(const float* dy, const float* x, const float* weight, float* dx, float* dw) const {
  auto& s = *m_state;
  s.needBackward();
  const auto scratchDesc = [](std::size_t bytes) {
    return Desc({static_cast<memory::dim>(bytes)}, memory::data_type::u8, memory::format_tag::a);
  };
  torch::Tensor keptDy, kept, keptOut;
  memory gradient;
  if (dx) {
    auto scratch = buffer(s.dataScratch);
    auto result = s.dxOut.result(dx, keptOut);
    gradient = s.dyData.in(dy, keptDy);
    s.backwardData.execute(stream(),
                           {{DNNL_ARG_DIFF_DST, gradient},
                            {DNNL_ARG_WEIGHTS, s.wData.in(weight, kept)},
                            {DNNL_ARG_DIFF_SRC, result},
                            {DNNL_ARG_SCRATCHPAD, over(scratchDesc(s.dataScratch), scratch.data_ptr<float>())}});
    s.dxOut.out(result, dx);
  }
  if (!dw) return;
  if (!dx || s.dyWeights.wanted() != s.dyData.wanted()) gradient = s.dyWeights.in(dy, keptDy);
  auto scratch = buffer(s.weightScratch);
  auto result = s.dwOut.result(dw, keptOut);
  s.backwardWeights.execute(stream(),
                            {{DNNL_ARG_DIFF_DST, gradient},
                             {DNNL_ARG_SRC, s.xWeights.in(x, kept)},
                             {DNNL_ARG_DIFF_WEIGHTS, result},
                             {DNNL_ARG_SCRATCHPAD, over(scratchDesc(s.weightScratch), scratch.data_ptr<float>())}});
  s.dwOut.out(result, dw);
}

#else

struct ConvolutionPlan::State {};
bool ConvolutionPlan::available() { return false; }
std::shared_ptr<const ConvolutionPlan> ConvolutionPlan::of(const Shape&) { return {}; }
void ConvolutionPlan::forward(const float*, const float*, const float*, float*) const {}
void ConvolutionPlan::backward(const float*, const float*, const float*, float*, float*) const {}

#endif

ConvolutionPlan::ConvolutionPlan(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ConvolutionPlan::~ConvolutionPlan() = default;

}  // namespace lorkd::nn
