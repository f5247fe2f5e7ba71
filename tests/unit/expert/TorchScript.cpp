// The exporter "torchscript", judged by LibTorch here and by Python where it is installed.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <torch/script.h>

#include <algorithm>
#include <cstdlib>

#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"
#include "tests/support/Command.h"
#include "tests/unit/expert/TinyNetwork.h"

using namespace lorkd;
namespace fs = std::filesystem;

namespace {

std::shared_ptr<expert::Exporter> torchscript() {
  plugin::Registry registry;
  registerPlugins(registry);
  const auto& all = registry.exporters();
  const auto found = std::ranges::find_if(all, [](const auto& e) { return e->name() == "torchscript"; });
  return found == all.end() ? nullptr : *found;
}

Result<expert::Manifest> scriptTo(const fs::path& folder, nn::Network& network,
                                  const std::vector<torch::Tensor>& inputs) {
  SilentProgress progress;
  return expert::exportExpert(folder, network, 1, inputs, test::tinyManifest(), {torchscript()}, progress);
}

/// A python3 that has torch; empty if there is none.
std::string pythonWithTorch() {
  for (const char* python : {"python3", "/usr/bin/python3"})
    if (std::system(
            (std::string(python) + " -c 'import importlib.util as u; exit(u.find_spec(\"torch\") is None)'").c_str()) ==
        0)
      return python;
  return {};
}

/// Most memory this process has ever held.
double peakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

TEST(TorchScript, FollowsTheNetworkOnSizesItHasNotSeen) {
  for (int dims : {2, 3}) {
    auto network = test::tinyNetwork(dims);
    const auto folder = test::freshFolder("ts" + std::to_string(dims)) / "lung";
    const auto manifest = scriptTo(folder, network, test::tinyInputs(dims));
    ASSERT_TRUE(manifest) << manifest.error().text();
    EXPECT_LT(manifest->parity, 1e-5);
    auto module = torch::jit::load((folder / "expert.ts").string());
    const std::vector<std::vector<std::int64_t>> sizes =
        dims == 2 ? std::vector<std::vector<std::int64_t>>{{1, 1, 8, 8}, {5, 1, 40, 12}, {2, 1, 64, 64}}
                  : std::vector<std::vector<std::int64_t>>{
                        {1, 1, 4, 8, 8}, {4, 1, 8, 4, 20}, {2, 1, 16, 24, 32}, {1, 1, 4, 4, 8}, {3, 1, 20, 4, 4}};
    for (const auto& size : sizes) {
      const auto x = torch::randn(size);
      const auto wanted = network->predict(x, 1), found = module.forward({x}).toTensor();
      ASSERT_EQ(found.sizes(), wanted.sizes());
      EXPECT_LT((found - wanted).abs().max().item<double>(), 1e-5) << x.sizes();
    }
    EXPECT_FALSE(module.hasattr("training") && module.is_training());
  }
}

TEST(TorchScript, ClassificationHeadToo) {
  auto network = test::tinyNetwork(2, false);
  const auto folder = test::freshFolder("ts_class") / "lung";
  const auto manifest = scriptTo(folder, network, test::tinyInputs(2));
  ASSERT_TRUE(manifest) << manifest.error().text();
  auto module = torch::jit::load((folder / "expert.ts").string());
  const auto x = torch::randn({7, 1, 20, 28});
  EXPECT_LT((module.forward({x}).toTensor() - network->predict(x, 1)).abs().max().item<double>(), 1e-5);
}

TEST(TorchScript, StridesThatRoundAreFollowedOnOddSizes) {
  plugin::Registry registry;
  registerPlugins(registry);
  const auto info = registry.backbone("shufflenetv2");
  ASSERT_TRUE(info) << info.error().text();
  plan::Backbone options;
  options.name = "shufflenetv2";
  options.preset = "tiny";
  torch::manual_seed(8);
  auto backbone = (*info)->make(options, {.ranks = {2, 3}, .scales = {2, 1}}, 1);
  ASSERT_TRUE(backbone) << backbone.error().text();
  nn::Network network(*backbone, std::vector<nn::HeadSpec>{{"chest", 3, false}, {"skin", 4, false}});
  test::disturbFactors(network);
  // Statistics of batch norms that are not the initial ones.
  network->predict(torch::randn({8, 1, 32, 32}) * 2 + 1, 0);
  const auto folder = test::freshFolder("ts_shuffle") / "skin";
  const auto manifest = scriptTo(folder, network, {torch::randn({4, 1, 28, 28})});
  ASSERT_TRUE(manifest) << manifest.error().text();
  network->eval();
  auto module = torch::jit::load((folder / "expert.ts").string());
  for (const auto& size : std::vector<std::vector<std::int64_t>>{{1, 1, 28, 28}, {5, 1, 37, 61}, {2, 1, 96, 33}}) {
    const auto x = torch::randn(size);
    const auto wanted = network->predict(x, 1);
    EXPECT_LT((module.forward({x}).toTensor() - wanted).abs().max().item<double>(), 1e-5) << x.sizes();
  }
}

TEST(TorchScript, DeepNetworksAreTracedInLittleMemory) {
  // Six levels want sizes that are multiples of 32: what an input costs grows with the cube of that.
  torch::manual_seed(7);
  auto backbone = nn::makeUNet({.widths = {4, 4, 4, 4, 4, 4}}, {.ranks = {1, 1}, .scales = {1, 1}}).value();
  nn::Network network(backbone, std::vector<nn::HeadSpec>{{"liver", 1, true}, {"lung.left", 1, true}});
  test::disturbFactors(network);
  const auto before = peakMegabytes();
  const auto manifest = scriptTo(test::freshFolder("ts_deep") / "lung", network, {torch::randn({1, 1, 32, 32, 64})});
  ASSERT_TRUE(manifest) << manifest.error().text();
  // Twenty activations of the finest level in the largest input that is tried; an unfolded one would be 27 times one.
  const double finest = 4.0 * 4 * 9 * 32 * 32 * 32 / (1 << 20);
  EXPECT_LT(peakMegabytes() - before, 20 * finest + 100);
}

TEST(TorchScript, HoldsThisExpertsWeightsAlone) {
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("ts_alone") / "lung";
  ASSERT_TRUE(scriptTo(folder, network, test::tinyInputs()));
  torch::jit::ExtraFilesMap extra{{"manifest.json", ""}};
  const auto module = torch::jit::load((folder / "expert.ts").string(), torch::kCPU, extra);
  std::int64_t elements = 0;
  for (const auto& parameter : module.named_parameters()) elements += parameter.value.numel();
  EXPECT_EQ(elements, network->expertParameters(1));
  EXPECT_EQ(module.named_buffers().size(), 0u);
  // Weights baked into the code would be constants.
  const auto code = module.dump_to_str(true, false, false);
  EXPECT_THAT(code, testing::Not(testing::HasSubstr("CONSTANTS")));
  EXPECT_EQ(parseJson(extra.at("manifest.json"), "manifest")->at("task"), "lung.left");
  EXPECT_LT(fs::file_size(folder / "expert.ts"), static_cast<std::uintmax_t>(4 * elements + 120'000));
}

TEST(TorchScript, PythonGivesTheSameLogits) {
  const auto python = pythonWithTorch();
  if (python.empty()) GTEST_SKIP() << "no python3 with torch (package python3-torch)";
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("ts_python");
  ASSERT_TRUE(scriptTo(folder / "lung", network, test::tinyInputs()));
  const auto input = torch::randn({3, 1, 12, 8, 16}), logits = network->predict(input, 1);
  const auto call = [&](const std::string& pair) {
    return test::run(python + " '" LORKD_SOURCE_DIR "/tests/e2e/read_expert.py' '" + (folder / "lung").string() +
                     "' '" + (folder / pair).string() + "'");
  };
  ASSERT_TRUE(nn::saveTensors(folder / "pair.safetensors", {{"input", input}, {"logits", logits}}));
  const auto [code, text] = call("pair.safetensors");
  EXPECT_EQ(code, 0) << text;
  EXPECT_THAT(text, testing::HasSubstr("largest difference"));
  ASSERT_TRUE(nn::saveTensors(folder / "wrong.safetensors", {{"input", input}, {"logits", logits + 2e-5}}));
  EXPECT_NE(call("wrong.safetensors").code, 0) << "a difference above 1e-5 must be refused";
}
