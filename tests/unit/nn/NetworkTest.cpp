#include <gtest/gtest.h>

#include <set>

#include "Naive.h"
#include "core/nn/UNet.h"
#include "core/nn/kernels/Gram.h"

namespace lorkd::nn {
namespace {

using namespace test;

LowRankSpec ranks(std::vector<std::int64_t> r) {
  std::vector<double> scales(r.size(), 2.0);
  return {std::move(r), std::move(scales), 2, Strategy::Auto};
}

Network tinyNet(int dims, const LowRankSpec& spec, int tasks) {
  auto backbone = makeUNet({dims, 1, {4, 8, 12}}, spec);
  EXPECT_TRUE(backbone) << backbone.error().text();
  std::vector<HeadSpec> heads;
  for (int t = 0; t < tasks; ++t) heads.push_back({"task" + std::to_string(t), 1 + t, true});
  return Network(*backbone, heads);
}

torch::Tensor volume(int dims, std::int64_t n) {
  return dims == 2 ? torch::randn({n, 1, 16, 24}) : torch::randn({n, 1, 8, 8, 16});
}

// Factor parameters of the published U-Nets for one region at rank 1 (METHOD: check figures). The published network
// sees the grey image three times, as three channels.
TEST(UNet, PublishedCheckFigures) {
  struct Figure {
    const char* preset;
    std::size_t layers;
    std::int64_t perRank;
    std::vector<std::int64_t> ranks;
  };
  for (const auto& [preset, layers, perRank, r] : {Figure{"nano", 18, 152721, {12, 10, 10, 4, 8, 8, 12, 2}},
                                                   Figure{"pro", 22, 311121, {4, 4, 4, 4, 4, 16, 12, 12}}}) {
    const auto spec = ranks({r.front(), 1});
    Network net(*makeUNet({3, 3, *unetWidths(preset)}, spec), std::vector<HeadSpec>{{"a", 1, true}, {"b", 1, true}});
    EXPECT_EQ(net->adaptedLayers().size(), layers);
    EXPECT_EQ(net->factorParameters(0), perRank * r.front());
    EXPECT_EQ(net->factorParameters(1), perRank);
    // Rank arithmetic of the whole published table, layer by layer, without building it.
    std::int64_t sum = 0;
    for (const auto rank : r)
      for (const auto& layer : net->adaptedLayers()) sum += factorShape(layer, layerRank(layer, rank, 2)).parameters();
    const std::int64_t published = preset[0] == 'n' ? 67315458 - 57235872 : 127861884 - 109194624;
    EXPECT_EQ(sum, published);
  }
}

TEST(UNet, ShapesNamesAndErrors) {
  for (const int dims : {2, 3}) {
    auto net = tinyNet(dims, ranks({1, 2}), 2);
    const auto x = volume(dims, 3);
    const auto out = net->forward(x, route({{0, 1}, {1, 2}}));
    ASSERT_EQ(out.logits.size(), 2u);
    auto expected = x.sizes().vec();
    expected[1] = 4;
    EXPECT_EQ(out.features.sizes(), expected);
    expected[0] = 2, expected[1] = 2;
    EXPECT_EQ(out.logits[1].sizes(), expected);
    EXPECT_EQ(net->backbone().sizeMultiple(), 4);
  }
  auto net = tinyNet(3, ranks({1, 2}), 2);
  std::set<std::string> names;
  for (const auto& item : net->named_parameters()) names.insert(item.key());
  for (const char* name : {"backbone.encoder.0.conv0.weight", "backbone.encoder.2.conv1.a.1", "backbone.up.0.weight",
                           "backbone.decoder.1.conv0.b.0", "backbone.decoder.1.norm1.bias", "heads.task1.weight"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(net->adaptedLayers().front().name, "backbone.encoder.0.conv0");
  EXPECT_TRUE(net->adaptedLayers().back().decoder);
  EXPECT_THROW(net->predict(torch::randn({1, 1, 8, 8, 10}), 0), c10::Error);
  EXPECT_THROW(net->predict(torch::randn({1, 1, 4, 4, 4}), 0), c10::Error);
  EXPECT_THROW(net->predict(torch::randn({1, 2, 8, 8, 8}), 0), c10::Error);
  EXPECT_EQ(makeUNet({3, 1, {8}}, {}).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(unetWidths("huge").error().code, ErrorCode::InvalidArgument);
}

// The whole trunk once more from torch's own layers.
TEST(UNet, EqualsItsDefinition) {
  torch::manual_seed(12);
  torch::NoGradGuard noGrad;
  auto net = *makeUNet({3, 1, {4, 8}}, {});
  for (auto& p : net->parameters()) p.add_(0.1 * torch::randn_like(p));
  const auto p = net->named_parameters();
  const auto block = [&](torch::Tensor x, const std::string& level, std::int64_t stride) {
    for (const std::string n : {"0", "1"}) {
      x = torch::conv3d(x, p[level + ".conv" + n + ".weight"], p[level + ".conv" + n + ".bias"], stride, 1);
      x = torch::instance_norm(x, p[level + ".norm" + n + ".weight"], p[level + ".norm" + n + ".bias"], {}, {}, true,
                               0.1, 1e-5, false);
      x = torch::leaky_relu(x, 0.01);
      stride = 1;
    }
    return x;
  };
  const auto x = volume(3, 2);
  const auto fine = block(x, "encoder.0", 1);
  const auto up = torch::conv_transpose3d(block(fine, "encoder.1", 2), p["up.0.weight"], p["up.0.bias"], 2);
  const auto expected = block(torch::cat({up, fine}, 1), "decoder.0", 1);
  EXPECT_LT(relative(net->forward(x, Routing::single(0, 2)), expected), 1e-4);
}

TEST(Network, FusedExpertEqualsSeparatedOneAndComesBack) {
  torch::manual_seed(8);
  torch::NoGradGuard noGrad;
  for (const int dims : {2, 3}) {
    auto net = tinyNet(dims, ranks({1, 3}), 2);
    fillFactors(*net);
    const auto x = volume(dims, 2);
    const auto a = net->predict(x, 0), b = net->predict(x, 1);
    std::vector<torch::Tensor> before;
    for (const auto& w : net->sharedWeights()) before.push_back(w.clone());
    net->fuse(0);
    EXPECT_LT(relative(net->predict(x, 0), a), 1e-4);
    net->fuse(1);
    EXPECT_LT(relative(net->predict(x, 1), b), 1e-4);
    net->unfuse();
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(torch::equal(before[i], net->sharedWeights()[i]));
    EXPECT_TRUE(torch::equal(net->predict(x, 0), a));
  }
}

TEST(Network, EachSampleMeetsItsOwnExpert) {
  torch::manual_seed(9);
  torch::NoGradGuard noGrad;
  auto net = tinyNet(3, ranks({2, 1}), 2);
  fillFactors(*net);
  const auto x = volume(3, 3);
  const auto mixed = net->forward(x, route({{0, 2}, {1, 1}}));
  EXPECT_LT(relative(mixed.logits[0], net->predict(x.narrow(0, 0, 2), 0)), 1e-4);
  EXPECT_LT(relative(mixed.logits[1], net->predict(x.narrow(0, 2, 1), 1)), 1e-4);
}

TEST(Network, CountsParameters) {
  auto net = tinyNet(3, ranks({1, 3}), 2);
  auto plain = tinyNet(3, {}, 2);
  EXPECT_EQ(net->expertParameters(0), plain->expertParameters(0));
  EXPECT_EQ(net->expertParameters(1) - net->expertParameters(0), 4 + 1);
  EXPECT_EQ(net->factorParameters(1), 3 * net->factorParameters(0));
  EXPECT_EQ(plain->factorParameters(0), 0);
  std::int64_t all = 0;
  for (const auto& p : net->parameters()) all += p.numel();
  const std::int64_t head0 = 4 + 1;
  EXPECT_EQ(all, net->expertParameters(1) + head0 + net->factorParameters(0) + net->factorParameters(1));
}

TEST(Network, GramOfEveryLayerEqualsSeparatePasses) {
  torch::manual_seed(10);
  auto net = tinyNet(3, ranks({1, 2}), 2);
  fillFactors(*net);
  net->to(torch::kDouble);
  const auto x = torch::randn({3, 1, 8, 8, 8}, torch::kDouble);
  GramRecorder recorder(2);
  auto routing = route({{0, 1}, {1, 2}});
  const auto loss = [&](const Routing& r, int slice) {
    const auto out = net->forward(x, r);
    const auto zero = out.logits[0].square().mean(), one = out.logits[1].sigmoid().mean();
    return slice < 0 ? zero + one : slice == 0 ? zero : one;
  };
  const auto shared = net->sharedWeights();
  const auto g0 = torch::autograd::grad({loss(routing, 0)}, shared);
  const auto g1 = torch::autograd::grad({loss(routing, 1)}, shared);
  routing.gram = &recorder;
  loss(routing, -1).backward();
  for (std::size_t i = 0; i < shared.size(); ++i) {
    const auto k = recorder.gram(shared[i]);
    ASSERT_TRUE(k.defined());
    const double k01 = (g0[i] * g1[i]).sum().item<double>(), k11 = g1[i].square().sum().item<double>();
    EXPECT_NEAR(k[0][1].item<double>(), k01, 1e-9 * std::max(1e-6, std::abs(k01)) + 1e-15) << i;
    EXPECT_NEAR(k[1][1].item<double>(), k11, 1e-9 * k11) << i;
  }
}

TEST(Network, SameSeedSameWeightsAfterSteps) {
  const auto run = [] {
    torch::manual_seed(11);
    auto net = tinyNet(3, ranks({1, 2}), 2);
    torch::optim::AdamW optimiser(net->parameters(), 1e-3);
    for (int step = 0; step < 3; ++step) {
      const auto out = net->forward(torch::randn({4, 1, 8, 8, 8}), route({{0, 1}, {1, 3}}));
      optimiser.zero_grad();
      (out.logits[0].square().mean() + out.logits[1].square().mean()).backward();
      optimiser.step();
    }
    return net->parameters();
  };
  const auto first = run(), second = run();
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(torch::equal(first[i], second[i])) << i;
}

TEST(Network, ClassificationHeadOnADenseTrunk) {
  Network net(*makeUNet({2, 1, {4, 8}}, {}), std::vector<HeadSpec>{{"disease.v2", 5, false}});
  EXPECT_EQ(net->predict(torch::randn({3, 1, 8, 8}), 0).sizes(), (at::IntArrayRef{3, 5}));
  EXPECT_TRUE(net->named_parameters().contains("heads.disease_v2.weight"));
}

}  // namespace
}  // namespace lorkd::nn
