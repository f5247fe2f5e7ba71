#include <gtest/gtest.h>

#include "Naive.h"
#include "core/nn/kernels/Gram.h"

namespace lorkd::nn {
namespace {

using namespace test;
using torch::Tensor;

struct Case {
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

  const char* name;
  ConvShape shape;
  std::vector<std::int64_t> input;  // spatial
  LowRankSpec spec;
  std::vector<std::pair<int, std::int64_t>> parts;
};

const LowRankSpec mixed{{1, 3, 2, 4}, {4.0, 0.5, 2.0, 1.0}, 2, Strategy::Auto};

class LowRankConvCases : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    torch::manual_seed(7);
    const auto& c = GetParam();
    m_layer = LowRankConv(c.shape, c.spec);
    fillFactors(*m_layer);
    m_routing = route(c.parts);
    std::vector<std::int64_t> sizes{m_routing.batch(), c.shape.in};
    sizes.insert(sizes.end(), c.input.begin(), c.input.end());
    m_x = torch::randn(sizes);
  }
  // x, weight, bias and every factor, in this order.
  std::vector<Tensor> inputs(const Tensor& x) const {
    auto all = m_layer->parameters();
    all.insert(all.begin(), x);
    return all;
  }
  // Gradients of a fixed linear functional of y; zeros where the input is not used.
  static std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& inputs) {
    const auto weights = torch::linspace(-1, 1, y.numel(), y.options()).view(y.sizes());
    auto result = torch::autograd::grad({y}, inputs, {weights}, false, false, true);
    for (std::size_t i = 0; i < result.size(); ++i)
      if (!result[i].defined()) result[i] = torch::zeros_like(inputs[i]);
    return result;
  }
  LowRankConv m_layer{nullptr};
  Routing m_routing;
  Tensor m_x;
};

TEST_P(LowRankConvCases, ForwardEqualsNaiveAndPublished) {
  torch::NoGradGuard noGrad;
  const auto naive = naiveForward(*m_layer, m_x, m_routing);
  const auto last = m_x.contiguous(m_x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d);
  for (const auto strategy : {Strategy::Auto, Strategy::Merged, Strategy::Factored, Strategy::Published}) {
    m_layer->strategy = strategy;
    EXPECT_LT(relative(m_layer->forward(m_x, m_routing), naive), 2e-5) << static_cast<int>(strategy);
    EXPECT_LT(relative(m_layer->forward(last, m_routing), naive), 2e-5) << static_cast<int>(strategy);
  }
}

TEST_P(LowRankConvCases, GradientsEqualNaiveAutogradInDouble) {
  m_layer->to(torch::kDouble);
  const auto x = m_x.to(torch::kDouble).requires_grad_();
  const auto last = x.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d);
  const auto naive = gradients(naiveForward(*m_layer, x, m_routing), inputs(x));
  for (const auto strategy : {Strategy::Merged, Strategy::Factored, Strategy::Published}) {
    m_layer->strategy = strategy;
    for (const auto& in : {x, last}) {
      const auto own = gradients(m_layer->forward(in, m_routing), inputs(x));
      for (std::size_t i = 0; i < own.size(); ++i)
        EXPECT_LT(relative(own[i], naive[i]), 1e-10) << "input " << i << ", strategy " << static_cast<int>(strategy);
    }
  }
}

TEST_P(LowRankConvCases, FactoredWithoutItsOwnKernelsIsTheSame) {
  m_layer->strategy = Strategy::Factored;
  const auto x = m_x.clone().requires_grad_();
  const auto own = gradients(m_layer->forward(x, m_routing), inputs(x));
  // Kernels of its own are for one type throughout; a weight of another type goes through LibTorch's operators.
  // On processors without bfloat16 LibTorch adds up in it, and sums over hundreds of channels lose a tenth.
  const auto half = m_x.to(torch::kBFloat16);
  if (m_x.dim() == 4 && m_x.size(1) < 100) {
    auto low = LowRankConv(m_layer->shape(), GetParam().spec);
    low->to(torch::kBFloat16);
    const auto target = low->parameters(), source = m_layer->parameters();
    torch::NoGradGuard noGrad;
    for (std::size_t i = 0; i < source.size(); ++i) target[i].detach().copy_(source[i]);
    low->strategy = Strategy::Factored;
    EXPECT_LT(relative(low->forward(half, m_routing).to(torch::kFloat), m_layer->forward(m_x, m_routing)), 3e-2);
  }
  EXPECT_TRUE(own.front().isfinite().all().item<bool>());
}

TEST_P(LowRankConvCases, GradientsInFloatEqualThoseInDouble) {
  for (const auto strategy : {Strategy::Merged, Strategy::Factored}) {
    m_layer->strategy = strategy;
    m_layer->to(torch::kFloat);
    const auto x = m_x.clone().requires_grad_();
    const auto single = gradients(m_layer->forward(x, m_routing), inputs(x));
    m_layer->to(torch::kDouble);
    const auto xd = m_x.to(torch::kDouble).requires_grad_();
    const auto exact = gradients(m_layer->forward(xd, m_routing), inputs(xd));
    for (std::size_t i = 0; i < single.size(); ++i)
      EXPECT_LT(relative(single[i].to(torch::kDouble), exact[i]), 5e-5) << "input " << i;
  }
}

TEST_P(LowRankConvCases, GradientsEqualFiniteDifferences) {
  m_layer->to(torch::kDouble);
  const auto x = m_x.to(torch::kDouble).requires_grad_();
  const auto all = inputs(x);
  const auto own = gradients(m_layer->forward(x, m_routing), all);
  const auto functional = [&] {
    const auto y = m_layer->forward(x, m_routing);
    return (y * torch::linspace(-1, 1, y.numel(), y.options()).view(y.sizes())).sum().item<double>();
  };
  torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Along a random direction; the layer is at most quadratic in it, so the central difference is exact.
    const auto direction = torch::randn_like(all[i]);
    const double step = 1e-3;
    auto value = all[i].detach();
    value.add_(direction, step);
    const double up = functional();
    value.add_(direction, -2 * step);
    const double down = functional();
    value.add_(direction, step);
    const double expected = (own[i] * direction).sum().item<double>();
    EXPECT_NEAR((up - down) / (2 * step), expected, 1e-6 * std::max(1.0, std::abs(expected))) << "input " << i;
  }
}

TEST_P(LowRankConvCases, GramEqualsSeparateBackwardPasses) {
  m_layer->to(torch::kDouble);
  const auto x = m_x.to(torch::kDouble);
  const int tasks = static_cast<int>(m_layer->factors.tasks());
  GramRecorder recorder(tasks);
  auto routing = m_routing;
  routing.gram = &recorder;
  const auto weights = [](const Tensor& y) { return torch::linspace(-1, 1, y.numel(), y.options()).view(y.sizes()); };

  std::vector<Tensor> perTask(static_cast<std::size_t>(tasks), torch::zeros_like(m_layer->weight));
  for (const auto& slice : m_routing.slices) {
    if (slice.size() == 0) continue;
    const auto z = naiveForward(*m_layer, x, m_routing);
    const auto loss = (z * weights(z)).narrow(0, slice.begin, slice.size()).sum();
    perTask[static_cast<std::size_t>(slice.task)] = torch::autograd::grad({loss}, {m_layer->weight}).front();
  }
  const auto matrix = torch::stack(perTask).flatten(1);
  for (const auto strategy : {Strategy::Auto, Strategy::Merged, Strategy::Factored, Strategy::Published}) {
    m_layer->strategy = strategy;
    m_layer->zero_grad(true);
    recorder.clear();
    const auto y = m_layer->forward(x, routing);
    (y * weights(y)).sum().backward();
    EXPECT_LT(relative(recorder.gram(m_layer->weight), torch::mm(matrix, matrix.t())), 1e-9)
        << static_cast<int>(strategy);
    EXPECT_LT(relative(m_layer->weight.grad(), torch::stack(perTask).sum(0)), 1e-10)
        << "recording must not change the gradient, strategy " << static_cast<int>(strategy);
  }
}

TEST_P(LowRankConvCases, FusedEqualsSeparatedAndUnfusingRestoresEveryBit) {
  torch::NoGradGuard noGrad;
  const auto before = m_layer->weight.clone();
  for (const auto& slice : m_routing.slices) {
    if (slice.size() == 0) continue;
    const auto x = m_x.narrow(0, slice.begin, slice.size());
    m_layer->unfuse();
    const auto separated = m_layer->forward(x, Routing::single(slice.task, slice.size()));
    const auto weight = m_layer->fusedWeight(slice.task);
    m_layer->fuse(slice.task);
    EXPECT_TRUE(m_layer->fused());
    EXPECT_TRUE(torch::equal(weight, m_layer->weight));
    EXPECT_LT(relative(m_layer->forward(x, {}), separated), 1e-5);
    EXPECT_TRUE(torch::equal(weight, m_layer->fusedWeight(slice.task))) << "asked while fused";
  }
  m_layer->unfuse();
  EXPECT_FALSE(m_layer->fused());
  EXPECT_TRUE(torch::equal(before, m_layer->weight));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LowRankConvCases,
    testing::Values(
        Case{"conv2d", {.dims = 2, .in = 5, .out = 4}, {7, 6}, mixed, {{0, 2}, {1, 1}, {2, 3}, {3, 2}}},
        Case{"conv2dStrideDilation",
             {.dims = 2, .in = 3, .out = 6, .stride = 2, .padding = 2, .dilation = 2},
             {9, 8},
             mixed,
             {{3, 1}, {0, 4}, {1, 2}}},
        Case{"conv2dNoBias5x5",
             {.dims = 2, .in = 2, .out = 3, .kernel = 5, .padding = 2, .bias = false},
             {6, 6},
             mixed,
             {{1, 3}, {2, 1}}},
        Case{"pointwise2d",
             {.dims = 2, .in = 6, .out = 5, .kernel = 1, .padding = 0},
             {4, 4},
             mixed,
             {{0, 1}, {2, 1}, {3, 5}}},
        Case{"conv3d", {.dims = 3, .in = 4, .out = 3}, {4, 5, 6}, mixed, {{0, 1}, {1, 2}, {3, 1}}},
        Case{"conv3dStrideDecoder",
             {.dims = 3, .in = 3, .out = 4, .stride = 2, .decoder = true},
             {6, 6, 4},
             mixed,
             {{2, 2}, {0, 0}, {1, 1}}},
        Case{"conv3dDilation",
             {.dims = 3, .in = 2, .out = 3, .padding = 2, .dilation = 2, .bias = false},
             {5, 6, 7},
             mixed,
             {{3, 3}}},
        Case{"smallMapOfManySamples", {.dims = 2, .in = 7, .out = 5}, {3, 2}, mixed, {{0, 3}, {1, 5}, {2, 1}, {3, 4}}},
        Case{"smallMapStride", {.dims = 2, .in = 4, .out = 6, .stride = 2}, {5, 4}, mixed, {{0, 3}, {3, 4}}},
        Case{"stem7x7",
             {.dims = 2, .in = 3, .out = 4, .kernel = 7, .stride = 2, .padding = 3, .bias = false},
             {12, 10},
             mixed,
             {{1, 2}, {2, 2}}},
        Case{"pointwiseStride",
             {.dims = 2, .in = 5, .out = 3, .kernel = 1, .stride = 2, .padding = 0},
             {5, 6},
             mixed,
             {{0, 2}, {1, 1}, {3, 3}}},
        Case{"pointwisePadded",
             {.dims = 2, .in = 3, .out = 3, .kernel = 1, .padding = 1},
             {3, 3},
             mixed,
             {{0, 2}, {1, 1}}},
        Case{"wideAndFewPixels", {.dims = 2, .in = 24, .out = 32}, {2, 2}, mixed, {{0, 1}, {1, 2}, {3, 1}}},
        // Factors are transposed tile by tile: several of them, cut within a channel, and one channel a tile.
        Case{"severalTiles", {.dims = 2, .in = 410, .out = 4}, {2, 2}, mixed, {{0, 1}, {1, 2}, {3, 1}}},
        Case{"severalTilesStride", {.dims = 2, .in = 410, .out = 5, .stride = 2}, {3, 4}, mixed, {{1, 2}, {3, 1}}},
        Case{"severalTiles3d", {.dims = 3, .in = 61, .out = 4}, {2, 2, 3}, mixed, {{0, 1}, {1, 1}, {3, 2}}},
        Case{"oneChannelATile",
             {.dims = 3, .in = 8, .out = 30},
             {2, 2, 2},
             {{26, 27, 28, 29}, {1.0, 0.5, 2.0, 1.0}, 2, Strategy::Auto},
             {{0, 1}, {2, 2}}},
        Case{"conv3dWideEnoughForOneDnnProducts",
             {.dims = 3, .in = 16, .out = 24},
             {4, 4, 4},
             mixed,
             {{0, 1}, {1, 1}, {2, 2}}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace lorkd::nn
