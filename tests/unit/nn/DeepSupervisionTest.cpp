#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "Naive.h"
#include "core/nn/UNet.h"

namespace lorkd::nn {
namespace {

using namespace test;

const std::vector<std::int64_t> widths{4, 6, 8, 10};

Network supervised(int dims, bool deep, bool segmentation = true) {
  torch::manual_seed(21);
  const LowRankSpec spec{{1, 2}, {2.0, 2.0}, 2, Strategy::Auto};
  Network net(*makeUNet({dims, 1, widths, deep}, spec),
              std::vector<HeadSpec>{{"a", 2, true}, {"b.c", 3, segmentation}});
  torch::NoGradGuard noGrad;
  for (auto& item : net->named_parameters())
    if (item.key().find(".b.") != std::string::npos) item.value().normal_(0, 0.1);
  return net;
}

torch::Tensor patches(int dims, std::int64_t n) {
  return dims == 2 ? torch::randn({n, 1, 16, 24}) : torch::randn({n, 1, 16, 8, 16});
}

TEST(DeepSupervision, EveryCoarserDecoderLevelPredictsWhileTraining) {
  for (const int dims : {2, 3}) {
    auto net = supervised(dims, true);
    const auto x = patches(dims, 3);
    const auto out = net->forward(x, route({{0, 1}, {1, 2}}));
    ASSERT_EQ(out.coarser.size(), 2u);
    for (std::size_t j = 0; j < 2; ++j) {
      ASSERT_EQ(out.coarser[j].size(), widths.size() - 2);
      auto expected = out.logits[j].sizes().vec();
      for (const auto& logits : out.coarser[j]) {
        for (std::size_t axis = 2; axis < expected.size(); ++axis) expected[axis] /= 2;
        EXPECT_EQ(logits.sizes(), expected);
      }
    }
    net->eval();
    EXPECT_TRUE(net->forward(x, route({{0, 1}, {1, 2}})).coarser.empty());
  }
}

// The coarser heads change neither the rest of the network nor its first weights.
TEST(DeepSupervision, LeavesTheFinestOutputAlone) {
  auto with = supervised(3, true), without = supervised(3, false);
  const auto x = patches(3, 2);
  EXPECT_TRUE(without->forward(x, Routing::single(1, 2)).coarser.empty());
  auto a = with->named_parameters(), b = without->named_parameters();
  torch::NoGradGuard noGrad;
  for (const auto& item : b) a[item.key()].copy_(item.value());
  EXPECT_EQ(a.size(), b.size() + 2 * 2 * (widths.size() - 2));
  EXPECT_TRUE(torch::equal(with->predict(x, 1), without->predict(x, 1)));
}

TEST(DeepSupervision, EachTaskTrainsItsOwnHeadsAtEveryLevel) {
  for (const int dims : {2, 3}) {
    auto net = supervised(dims, true);
    const auto out = net->forward(patches(dims, 2), Routing::single(1, 2));
    auto loss = out.logits[0].square().mean();
    for (const auto& logits : out.coarser[0]) loss = loss + logits.square().mean();
    loss.backward();
    for (const auto& item : net->named_parameters()) {
      const auto& name = item.key();
      const bool other = name.find("s.a.") != std::string::npos || name.find("supervision.a.") != std::string::npos ||
                         name.ends_with(".a.0") || name.ends_with(".b.0");
      EXPECT_EQ(item.value().grad().defined() && item.value().grad().abs().max().item<double>() > 0, !other) << name;
    }
  }
}

TEST(DeepSupervision, ExpertsCarryTheFinestHeadAlone) {
  auto with = supervised(3, true), without = supervised(3, false);
  for (int task = 0; task < 2; ++task) {
    EXPECT_EQ(with->expertParameters(task), without->expertParameters(task));
    const auto a = with->expertState(task), b = without->expertState(task);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].first, b[i].first);
  }
}

TEST(DeepSupervision, CheckpointsHoldTheHeads) {
  auto net = supervised(3, true), other = supervised(3, true);
  const auto path = std::filesystem::path(testing::TempDir()) / "lorkd_supervised.safetensors";
  ASSERT_TRUE(saveTensors(path, stateOf(*net)));
  const auto file = safetensors::File::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->tensors().contains("supervision.b_c.1.weight"));
  torch::NoGradGuard noGrad;
  for (auto& p : other->parameters()) p.add_(1);
  ASSERT_TRUE(loadState(*other, *file));
  const auto x = patches(3, 2);
  const auto a = net->forward(x, Routing::single(0, 2)), b = other->forward(x, Routing::single(0, 2));
  EXPECT_TRUE(torch::equal(a.coarser[0][1], b.coarser[0][1]));
  std::filesystem::remove(path);
}

TEST(DeepSupervision, ClassificationTasksHaveNone) {
  auto net = supervised(2, true, false);
  const auto out = net->forward(patches(2, 3), route({{0, 1}, {1, 2}}));
  EXPECT_EQ(out.coarser[0].size(), 2u);
  EXPECT_TRUE(out.coarser[1].empty());
}

// The 2D network once more from torch's own operators, with the gradients of every parameter.
TEST(UNet2D, EqualsItsDefinitionForwardAndBackward) {
  torch::manual_seed(22);
  const LowRankSpec spec{{2, 1}, {2.0, 0.5}, 2, Strategy::Auto};
  Network net(*makeUNet({2, 1, {4, 6}, false}, spec), std::vector<HeadSpec>{{"a", 2, true}, {"b", 1, true}});
  fillFactors(*net);
  net->to(torch::kDouble);
  const auto p = net->named_parameters();
  const auto x = torch::randn({3, 1, 12, 8}, torch::kDouble);
  const auto expert = [&](torch::Tensor y, std::size_t task) {
    const auto conv = [&](const torch::Tensor& in, const std::string& name, std::int64_t stride) {
      const auto t = std::to_string(task);
      const auto& w = p[name + ".weight"];
      const auto own = w + naiveDelta(p[name + ".a." + t], p[name + ".b." + t], spec.scales[task], w.sizes());
      return torch::conv2d(in, own, p[name + ".bias"], stride, 1);
    };
    const auto level = [&](torch::Tensor in, const std::string& name, std::int64_t stride) {
      for (const std::string n : {"0", "1"}) {
        in = conv(in, name + ".conv" + n, n == "0" ? stride : 1);
        in = torch::leaky_relu(torch::instance_norm(in, p[name + ".norm" + n + ".weight"],
                                                    p[name + ".norm" + n + ".bias"], {}, {}, true, 0.1, 1e-5, false),
                               0.01);
      }
      return in;
    };
    const auto fine = level(y, "backbone.encoder.0", 1);
    const auto up = torch::conv_transpose2d(level(fine, "backbone.encoder.1", 2), p["backbone.up.0.weight"],
                                            p["backbone.up.0.bias"], 2);
    y = level(torch::cat({up, fine}, 1), "backbone.decoder.0", 1);
    const std::string name = task == 0 ? "heads.a" : "heads.b";
    return torch::conv2d(y, p[name + ".weight"], p[name + ".bias"]);
  };
  const auto loss = [](const torch::Tensor& a, const torch::Tensor& b) {
    return a.square().mean() + b.sigmoid().mean();
  };
  const auto out = net->forward(x, route({{0, 2}, {1, 1}}));
  const auto first = expert(x.narrow(0, 0, 2), 0), second = expert(x.narrow(0, 2, 1), 1);
  EXPECT_LT(difference(out.logits[0], first), 1e-10);
  EXPECT_LT(difference(out.logits[1], second), 1e-10);
  const auto parameters = net->parameters();
  const auto found = torch::autograd::grad({loss(out.logits[0], out.logits[1])}, parameters);
  const auto wanted = torch::autograd::grad({loss(first, second)}, parameters);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_LT(difference(found[i], wanted[i]), 1e-10) << p[i].key();
  EXPECT_EQ(net->adaptedLayers().size(), 6u);
}

}  // namespace
}  // namespace lorkd::nn
