#include <gtest/gtest.h>

#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"

namespace lorkd::plugin {
namespace {

std::shared_ptr<nn::Backbone> shufflenet(const nn::LowRankSpec& spec, std::int64_t channels) {
  registerPlugins(registry());
  return *(*registry().backbone("shufflenetv2"))->make({"shufflenetv2", "small", {}}, spec, channels);
}

// METHOD: 37 adapted convolutions, backbone 1,253,604, and 43,308 factor parameters per task at rank 4, for RGB.
TEST(ShuffleNetV2, PublishedCheckFigures) {
  const nn::LowRankSpec spec{{4, 8}, {4.0, 2.0}, 2, nn::Strategy::Auto};
  nn::Network net(shufflenet(spec, 3), std::vector<nn::HeadSpec>{{"a", 9, false}, {"b", 2, false}});
  EXPECT_EQ(net->adaptedLayers().size(), 37u);
  EXPECT_EQ(net->factorParameters(0), 43308);
  EXPECT_EQ(net->factorParameters(1), 2 * 43308);
  EXPECT_EQ(net->expertParameters(0), 1253604 + 9 * (1024 + 1));
}

TEST(ShuffleNetV2, NamesAreThoseOfTorchvision) {
  const auto net = shufflenet({}, 3);
  const auto parameters = net->named_parameters();
  for (const auto& [name, shape] : {std::pair<const char*, std::vector<std::int64_t>>{"conv1.0.weight", {24, 3, 3, 3}},
                                    {"conv1.1.bias", {24}},
                                    {"stage2.0.branch1.0.weight", {24, 1, 3, 3}},
                                    {"stage2.0.branch1.2.weight", {58, 24, 1, 1}},
                                    {"stage2.0.branch2.5.weight", {58, 58, 1, 1}},
                                    {"stage3.7.branch2.3.weight", {116, 1, 3, 3}},
                                    {"stage4.3.branch2.6.weight", {232}},
                                    {"conv5.0.weight", {1024, 464, 1, 1}}}) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    EXPECT_EQ(parameters[name].sizes(), at::IntArrayRef(shape)) << name;
  }
  EXPECT_TRUE(net->named_buffers().contains("conv5.1.running_mean"));
}

TEST(ShuffleNetV2, ExpertsAreSeparateAndFuse) {
  torch::manual_seed(3);
  torch::NoGradGuard noGrad;
  const nn::LowRankSpec spec{{2, 3}, {2.0, 2.0}, 2, nn::Strategy::Auto};
  nn::Network net(shufflenet(spec, 1), std::vector<nn::HeadSpec>{{"a", 9, false}, {"b", 2, false}});
  for (auto& item : net->named_parameters())
    if (item.key().find(".b.") != std::string::npos) item.value().normal_(0, 0.05);
  // Batch norms that have seen data: with their initial statistics the signal dies away on the long way down.
  for (int i = 0; i < 30; ++i) net->predict(torch::randn({16, 1, 28, 28}), i % 2);
  net->eval();
  const auto x = torch::randn({5, 1, 28, 28});
  const auto mixed = net->forward(x, {{{0, 0, 2}, {1, 2, 5}}, nullptr});
  EXPECT_EQ(mixed.features.sizes(), (at::IntArrayRef{5, 1024}));
  EXPECT_TRUE(torch::allclose(mixed.logits[0], net->predict(x.narrow(0, 0, 2), 0), 1e-4, 1e-5));
  const auto separated = net->predict(x, 1);
  EXPECT_TRUE(torch::allclose(mixed.logits[1], separated.narrow(0, 2, 3), 1e-4, 1e-5));
  EXPECT_FALSE(torch::allclose(mixed.features, net->backbone().forward(x, nn::Routing::single(1, 5)), 1e-3, 1e-3));
  net->fuse(1);
  EXPECT_TRUE(torch::allclose(net->predict(x, 1), separated, 1e-4, 1e-5));
  net->unfuse();
  EXPECT_TRUE(torch::equal(net->predict(x, 1), separated));
}

TEST(ShuffleNetV2, TrainsWithSharedBatchNorms) {
  torch::manual_seed(4);
  const nn::LowRankSpec spec{{2, 2}, {2.0, 2.0}, 2, nn::Strategy::Auto};
  nn::Network net(shufflenet(spec, 1), std::vector<nn::HeadSpec>{{"a", 2, false}, {"b", 2, false}});
  torch::optim::AdamW optimiser(net->parameters(), 1e-3);
  const auto x = torch::randn({8, 1, 32, 32});
  const auto labels = torch::tensor({0, 1, 0, 1}, torch::kLong);
  double first = 0, last = 0;
  for (int step = 0; step < 8; ++step) {
    const auto out = net->forward(x, {{{0, 0, 4}, {1, 4, 8}}, nullptr});
    const auto loss =
        torch::cross_entropy_loss(out.logits[0], labels) + torch::cross_entropy_loss(out.logits[1], labels);
    optimiser.zero_grad();
    loss.backward();
    optimiser.step();
    (step == 0 ? first : last) = loss.item<double>();
  }
  EXPECT_LT(last, 0.5 * first);
}

}  // namespace
}  // namespace lorkd::plugin
