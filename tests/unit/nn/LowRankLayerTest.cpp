#include <gtest/gtest.h>

#include "Naive.h"
#include "core/nn/UpConvolution.h"
#include "core/nn/kernels/Convolution.h"
#include "core/nn/kernels/Gram.h"

namespace lorkd::nn {
namespace {

using namespace test;
using torch::Tensor;

const LowRankSpec spec{{2, 1, 3}, {8.0, 2.0, 0.5}, 2, Strategy::Auto};

TEST(LowRankConv, StartsAtTheSharedWeight) {
  torch::manual_seed(1);
  LowRankConv layer(ConvShape{.dims = 3, .in = 3, .out = 5}, spec);
  const auto x = torch::randn({4, 3, 5, 5, 5});
  const auto plain = torch::conv3d(x, layer->weight, layer->bias, 1, 1);
  EXPECT_LT(difference(layer->forward(x, route({{0, 1}, {1, 2}, {2, 1}})), plain), 1e-5);
  for (int t = 0; t < 3; ++t) EXPECT_EQ(layer->delta(t).abs().max().item<double>(), 0);
}

TEST(LowRankConv, FactorShapesAndInitialRange) {
  LowRankConv layer(ConvShape{.dims = 3, .in = 7, .out = 5, .decoder = true}, spec);
  // Rank 3, doubled in the decoder: A (6·3, 7·9), B (5·3, 6·3).
  EXPECT_EQ(layer->factors.a[2].sizes(), (at::IntArrayRef{18, 63}));
  EXPECT_EQ(layer->factors.b[2].sizes(), (at::IntArrayRef{15, 18}));
  const double bound = 1 / std::sqrt(63.0);
  EXPECT_LE(layer->factors.a[2].abs().max().item<double>(), bound);
  EXPECT_GT(layer->factors.a[2].abs().max().item<double>(), 0.9 * bound);
  std::vector<std::string> names;
  for (const auto& item : layer->named_parameters()) names.push_back(item.key());
  EXPECT_EQ(names, (std::vector<std::string>{"weight", "bias", "a.0", "a.1", "a.2", "b.0", "b.1", "b.2"}));
}

TEST(LowRankConv, DeltaIsTheRowMajorView) {
  torch::manual_seed(2);
  for (const int dims : {2, 3}) {
    LowRankConv layer(ConvShape{.dims = dims, .in = 4, .out = 3}, spec);
    fillFactors(*layer);
    for (int t = 0; t < 3; ++t) {
      const auto u = static_cast<std::size_t>(t);
      const auto naive =
          naiveDelta(layer->factors.a[u], layer->factors.b[u], layer->factors.scales[u], layer->weight.sizes());
      EXPECT_LT(relative(layer->delta(t), naive), 1e-5);
      EXPECT_LT(relative(layer->fusedWeight(t) - layer->weight, naive), 1e-5);
    }
  }
}

TEST(LowRankConv, OnlyTasksPresentGetGradients) {
  LowRankConv layer(ConvShape{.dims = 2, .in = 3, .out = 4}, spec);
  layer->forward(torch::randn({3, 3, 6, 6}), route({{0, 1}, {2, 2}})).sum().backward();
  EXPECT_TRUE(layer->factors.b[0].grad().defined());
  EXPECT_FALSE(layer->factors.a[1].grad().defined());
  EXPECT_FALSE(layer->factors.b[1].grad().defined());
  EXPECT_TRUE(layer->factors.b[2].grad().defined());
}

TEST(LowRankConv, RefusesARoutingThatDoesNotFit) {
  LowRankConv layer(ConvShape{.dims = 2, .in = 3, .out = 4}, spec);
  const auto x = torch::randn({3, 3, 6, 6});
  EXPECT_THROW(layer->forward(x, route({{0, 1}, {2, 1}})), c10::Error);
  EXPECT_THROW(layer->forward(x, route({{0, 1}, {3, 2}})), c10::Error);
  EXPECT_THROW(layer->forward(x, Routing{{{0, 0, 1}, {1, 2, 3}}, nullptr}), c10::Error);
  EXPECT_THROW(layer->fuse(3), c10::Error);
}

TEST(LowRankConv, PlainLayersRecordTheTasksGradientsToo) {
  torch::manual_seed(3);
  for (const int dims : {2, 3}) {
    LowRankConv layer(ConvShape{.dims = dims, .in = 3, .out = 4}, LowRankSpec{});
    layer->to(torch::kDouble);
    std::vector<std::int64_t> sizes{5, 3, 4, 6};
    if (dims == 3) sizes.push_back(5);
    const auto x = torch::randn(sizes, torch::kDouble).requires_grad_();
    GramRecorder recorder(4);
    auto routing = route({{1, 3}, {3, 2}});
    routing.gram = &recorder;
    const auto y = layer->forward(x, routing);
    const auto plain = layer->forward(x, {});
    EXPECT_LT(relative(y, plain), 1e-12);
    const auto weights = torch::randn_like(y);
    const auto own = torch::autograd::grad({y}, {x, layer->weight, layer->bias}, {weights});
    const auto expected = torch::autograd::grad({plain}, {x, layer->weight, layer->bias}, {weights}, true);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(relative(own[i], expected[i]), 1e-10);

    auto first = weights.clone(), second = weights.clone();
    first.narrow(0, 3, 2).zero_();
    second.narrow(0, 0, 3).zero_();
    const auto g1 = torch::autograd::grad({plain}, {layer->weight}, {first}, true).front();
    const auto g3 = torch::autograd::grad({plain}, {layer->weight}, {second}).front();
    const auto k = recorder.gram(layer->weight);
    EXPECT_NEAR(k[1][1].item<double>(), (g1 * g1).sum().item<double>(), 1e-8);
    EXPECT_NEAR(k[1][3].item<double>(), (g1 * g3).sum().item<double>(), 1e-8);
    EXPECT_NEAR(k[3][1].item<double>(), (g1 * g3).sum().item<double>(), 1e-8);
    EXPECT_NEAR(k[3][3].item<double>(), (g3 * g3).sum().item<double>(), 1e-8);
    EXPECT_EQ(k[0].abs().max().item<double>(), 0);
  }
}

Tensor naiveLinear(LowRankLinearImpl& layer, const Tensor& x, const Routing& routing) {
  const auto tasks = taskOfSample(routing);
  std::vector<Tensor> rows;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto t = static_cast<std::size_t>(tasks[i]);
    const auto own = layer.weight +
                     naiveDelta(layer.factors.a[t], layer.factors.b[t], layer.factors.scales[t], layer.weight.sizes());
    rows.push_back(torch::mv(own, x[static_cast<std::int64_t>(i)]) + layer.bias);
  }
  return torch::stack(rows);
}

TEST(LowRankLinear, ForwardGradientsAndGram) {
  torch::manual_seed(4);
  LowRankLinear layer(6, 5, spec);
  fillFactors(*layer);
  layer->to(torch::kDouble);
  const auto x = torch::randn({6, 6}, torch::kDouble).requires_grad_();
  GramRecorder recorder(3);
  const auto plainRouting = route({{2, 1}, {0, 3}, {1, 2}});
  auto recording = plainRouting;
  recording.gram = &recorder;
  auto inputs = layer->parameters();
  inputs.push_back(x);
  const auto weights = torch::randn({6, 5}, torch::kDouble);
  const auto expected = torch::autograd::grad({naiveLinear(*layer, x, plainRouting)}, inputs, {weights});
  for (const auto& routing : {plainRouting, recording}) {
    const auto y = layer->forward(x, routing);
    EXPECT_LT(relative(y, naiveLinear(*layer, x, routing)), 1e-12);
    const auto own = torch::autograd::grad({y}, inputs, {weights});
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_LT(relative(own[i], expected[i]), 1e-11) << i;
  }
  const auto g0 = torch::mm(weights.narrow(0, 1, 3).t(), x.narrow(0, 1, 3));
  const auto g1 = torch::mm(weights.narrow(0, 4, 2).t(), x.narrow(0, 4, 2));
  EXPECT_NEAR(recorder.gram(layer->weight)[0][1].item<double>(), (g0 * g1).sum().item<double>(), 1e-10);

  torch::NoGradGuard noGrad;
  const auto before = layer->weight.clone();
  const auto separated = layer->forward(x, Routing::single(1, 6));
  layer->fuse(1);
  EXPECT_LT(relative(layer->forward(x, {}), separated), 1e-12);
  layer->unfuse();
  EXPECT_TRUE(torch::equal(before, layer->weight));
}

// One sample takes the detour around ATen's slow convolution; two do not. They must agree.
TEST(Convolution, SingleSamplesAgreeWithBatches) {
  torch::manual_seed(5);
  for (const int dims : {2, 3})
    for (const std::int64_t stride : {1, 2}) {
      const auto geometry = ConvGeometry::uniform(dims, stride, 1);
      std::vector<std::int64_t> sizes{2, 8, 8, 8}, kernel{12, 8, 3, 3};
      if (dims == 3) sizes.push_back(6), kernel.push_back(3);
      const auto x = torch::randn(sizes), w = torch::randn(kernel).requires_grad_(), bias = torch::randn({12});
      const auto both = convolution(x, w, bias, geometry);
      const auto dw = torch::autograd::grad({both.square().sum()}, {w}).front();
      auto sum = torch::zeros_like(dw);
      for (std::int64_t i = 0; i < 2; ++i) {
        const auto one = x.narrow(0, i, 1).clone().requires_grad_();
        const auto y = convolution(one, w, bias, geometry);
        EXPECT_LT(relative(y, both.narrow(0, i, 1)), 1e-5);
        const auto g = torch::autograd::grad({y.square().sum()}, {w, one});
        sum += g[0];
        const auto xd = one.detach().to(torch::kDouble).requires_grad_();
        const auto yd = convolution(xd, w.detach().to(torch::kDouble), bias.to(torch::kDouble), geometry);
        EXPECT_LT(relative(g[1].to(torch::kDouble), torch::autograd::grad({yd.square().sum()}, {xd}).front()), 1e-5);
      }
      EXPECT_LT(relative(sum, dw), 1e-5);
    }
}

TEST(UpConvolution, EqualsTransposedConvolution) {
  torch::manual_seed(6);
  for (const int dims : {2, 3}) {
    UpConvolution up(dims, 5, 4);
    up->to(torch::kDouble);
    std::vector<std::int64_t> sizes{2, 5, 3, 4};
    if (dims == 3) sizes.push_back(2);
    const auto x = torch::randn(sizes, torch::kDouble).requires_grad_();
    const auto y = up->forward(x);
    const auto expected = dims == 2 ? torch::conv_transpose2d(x, up->weight, up->bias, 2)
                                    : torch::conv_transpose3d(x, up->weight, up->bias, 2);
    EXPECT_LT(relative(y, expected), 1e-12);
    const auto weights = torch::randn_like(y);
    const auto own = torch::autograd::grad({y}, {x, up->weight, up->bias}, {weights});
    const auto reference = torch::autograd::grad({expected}, {x, up->weight, up->bias}, {weights});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(relative(own[i], reference[i]), 1e-11) << i;
  }
}

}  // namespace
}  // namespace lorkd::nn
