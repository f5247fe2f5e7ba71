#include <gtest/gtest.h>

#include <set>

#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"

namespace lorkd::plugin {
namespace {

Result<std::shared_ptr<nn::Backbone>> resnet(const std::string& preset, const nn::LowRankSpec& spec,
                                             std::int64_t channels = 3, std::vector<std::int64_t> widths = {}) {
  registerPlugins(registry());
  return (*registry().backbone("resnet"))->make({"resnet", preset, std::move(widths)}, spec, channels);
}

// torchvision's own figures, with its head of 1000 classes.
TEST(ResNet, ParameterTotalsAreTorchvisions) {
  struct Figure {
    const char* preset;
    std::int64_t parameters, features;
    std::size_t adapted;  // stem and block convolutions
  };
  const nn::LowRankSpec spec{{1}, {1.0}, 2, nn::Strategy::Auto};
  for (const auto& [preset, parameters, features, adapted] :
       {Figure{"18", 11689512, 512, 17}, Figure{"resnet34", 21797672, 512, 33}, Figure{"50", 25557032, 2048, 49}}) {
    const auto trunk = resnet(preset, spec);
    ASSERT_TRUE(trunk) << trunk.error().text();
    nn::Network net(*trunk, std::vector<nn::HeadSpec>{{"imagenet", 1000, false}});
    EXPECT_EQ(net->expertParameters(0), parameters) << preset;
    EXPECT_EQ(net->backbone().featureChannels(), features) << preset;
    EXPECT_EQ(net->adaptedLayers().size(), adapted) << preset;
  }
}

// METHOD: per task and 2D layer r·k²(Cin+Cout).
TEST(ResNet, FactorsFollowTheFormula) {
  const nn::LowRankSpec spec{{3, 1}, {1.0, 1.0}, 2, nn::Strategy::Auto};
  nn::Network net(*resnet("18", spec), std::vector<nn::HeadSpec>{{"a", 2, false}, {"b", 2, false}});
  std::int64_t expected = 0;
  for (const auto& layer : net->adaptedLayers()) {
    EXPECT_EQ(layer.name.find("downsample"), std::string::npos);
    expected += 3 * layer.kernel * layer.kernel * (layer.in + layer.out);
  }
  EXPECT_EQ(net->factorParameters(0), expected);
}

TEST(ResNet, NamesAndShapesAreTorchvisions) {
  const auto net = *resnet("50", {});
  const auto parameters = net->named_parameters();
  for (const auto& [name, shape] : {std::pair<const char*, std::vector<std::int64_t>>{"conv1.weight", {64, 3, 7, 7}},
                                    {"bn1.bias", {64}},
                                    {"layer1.0.conv1.weight", {64, 64, 1, 1}},
                                    {"layer1.0.downsample.0.weight", {256, 64, 1, 1}},
                                    {"layer1.0.downsample.1.weight", {256}},
                                    {"layer2.0.conv2.weight", {128, 128, 3, 3}},
                                    {"layer3.5.bn3.weight", {1024}},
                                    {"layer4.2.conv3.weight", {2048, 512, 1, 1}}}) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    EXPECT_EQ(parameters[name].sizes(), at::IntArrayRef(shape)) << name;
  }
  EXPECT_TRUE(net->named_buffers().contains("layer4.0.downsample.1.running_var"));
  EXPECT_FALSE(parameters.contains("layer1.1.downsample.0.weight"));
}

TEST(ResNet, ErrorsNameThePresets) {
  const auto wrong = resnet("small", {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::InvalidArgument);
  for (const char* depth : {"18", "34", "50"}) EXPECT_NE(wrong.error().hint.find(depth), std::string::npos);
  EXPECT_EQ(resnet("18", {}, 3, {8, 16}).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(resnet("18", {}, 3, {8, 16, 0, 4}).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(resnet("18", {}, 0).error().code, ErrorCode::InvalidArgument);
}

TEST(ResNet, MixedBatchesTrainEveryExpert) {
  torch::manual_seed(4);
  const nn::LowRankSpec spec{{2, 2}, {2.0, 2.0}, 2, nn::Strategy::Auto};
  for (const char* preset : {"18", "50"}) {
    nn::Network net(*resnet(preset, spec, 1, {8, 8, 12, 16}),
                    std::vector<nn::HeadSpec>{{"a", 2, false}, {"b", 2, false}});
    torch::optim::AdamW optimiser(net->parameters(), 3e-3);
    const auto x = torch::randn({8, 1, 40, 33});
    const auto labels = torch::tensor({0, 1, 0, 1}, torch::kLong);
    double first = 0, last = 0;
    for (int step = 0; step < 12; ++step) {
      const auto out = net->forward(x, {{{0, 0, 4}, {1, 4, 8}}, nullptr});
      const auto loss =
          torch::cross_entropy_loss(out.logits[0], labels) + torch::cross_entropy_loss(out.logits[1], labels);
      optimiser.zero_grad();
      loss.backward();
      for (const auto& item : net->named_parameters()) EXPECT_TRUE(item.value().grad().defined()) << item.key();
      optimiser.step();
      (step == 0 ? first : last) = loss.item<double>();
    }
    EXPECT_LT(last, 0.5 * first) << preset;
  }
}

}  // namespace
}  // namespace lorkd::plugin
