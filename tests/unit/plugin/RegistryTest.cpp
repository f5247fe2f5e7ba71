#include <gtest/gtest.h>

#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"

namespace lorkd::plugin {
namespace {

// As the composition roots do it.
Registry& full() {
  registerPlugins(registry());
  return registry();
}

TEST(Registry, HoldsBuiltInsAndPlugins) {
  for (const auto& [name, dims] :
       {std::pair<const char*, int>{"unet2d", 2}, {"unet3d", 3}, {"shufflenetv2", 2}, {"resnet", 2}}) {
    const auto info = full().backbone(name);
    ASSERT_TRUE(info) << info.error().text();
    EXPECT_EQ((*info)->dims, dims);
    EXPECT_FALSE((*info)->title.empty());
  }
  bool safetensors = false;
  for (const auto& exporter : full().exporters()) safetensors |= exporter->name() == "safetensors";
  EXPECT_TRUE(safetensors);
}

TEST(Registry, RegisteringTwiceKeepsOne) {
  const auto count = full().backbones().size();
  EXPECT_EQ(full().backbones().size(), count);
}

TEST(Registry, SaysWhoBringsWhat) {
  const auto& plugins = full().plugins();
  const auto broughtBy = [&](const std::string& kind, const std::string& name) {
    std::vector<std::string> who;
    for (const auto& plugin : plugins)
      for (const auto& thing : plugin.provides)
        if (thing.kind == kind && thing.name == name) who.push_back(plugin.name);
    return who;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(broughtBy("backbone", "unet3d"), Names{"built-in"});
  EXPECT_EQ(broughtBy("backbone", "resnet"), Names{"resnet"});
  EXPECT_EQ(broughtBy("exporter", "torchscript"), Names{"torchscript"});
  EXPECT_EQ(broughtBy("layout", "monai-datalist"), Names{"monai"});
  for (const auto& plugin : plugins) {
    EXPECT_FALSE(plugin.version.empty() || plugin.title.empty()) << plugin.name;
    EXPECT_EQ(plugin.api, pluginApi);
  }
}

TEST(Registry, UnknownNamesAreAnsweredWithTheKnownOnes) {
  const auto info = full().backbone("resnet9000");
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::NotFound);
  EXPECT_NE(info.error().hint.find("unet3d"), std::string::npos);
  EXPECT_NE(info.error().hint.find("shufflenetv2"), std::string::npos);
}

TEST(Registry, EveryPresetOfEveryBackboneBuildsAndRuns) {
  torch::NoGradGuard noGrad;
  const nn::LowRankSpec spec{{1, 2}, {1.0, 1.0}, 2, nn::Strategy::Auto};
  for (const auto& info : full().backbones())
    for (const auto& preset : info.presets) {
      if (preset == "pro" || preset == "nano") continue;  // their figures are checked elsewhere; too large to run here
      const auto backbone = info.make({info.name, preset, {}}, spec, 1);
      ASSERT_TRUE(backbone) << info.name << " " << preset << ": " << backbone.error().text();
      std::vector<std::int64_t> sizes{2, 1, 32, 32};
      if (info.dims == 3) sizes.push_back(16);
      const nn::Routing routing{{{0, 0, 1}, {1, 1, 2}}, nullptr};
      (*backbone)->eval();
      const auto y = (*backbone)->forward(torch::randn(sizes), routing);
      EXPECT_EQ(y.size(1), (*backbone)->featureChannels());
      EXPECT_EQ(y.dim(), (*backbone)->dense() ? info.dims + 2 : 2);
    }
}

TEST(Registry, WrongOptionsGiveErrors) {
  for (const auto& info : full().backbones()) {
    EXPECT_EQ(info.make({info.name, "enormous", {}}, {}, 1).error().code, ErrorCode::InvalidArgument) << info.name;
    EXPECT_EQ(info.make({info.name, "small", {7}}, {}, 1).error().code, ErrorCode::InvalidArgument) << info.name;
  }
  const auto widths = (*full().backbone("unet3d"))->make({"unet3d", "small", {6, 10}}, {}, 1);
  ASSERT_TRUE(widths);
  EXPECT_EQ((*widths)->featureChannels(), 6);
}

}  // namespace
}  // namespace lorkd::plugin
