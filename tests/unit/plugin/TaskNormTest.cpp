// Backbones with one set of batch norms per task: separate in training, and fused and exported with the task's own.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/Progress.h"
#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::plugin {
namespace {

const nn::LowRankSpec spec{{2, 3}, {2.0, 1.0}, 2, nn::Strategy::Auto};
const nn::Routing mixed{{{0, 0, 3}, {1, 3, 8}}, nullptr};

plan::Backbone options(const std::string& name, plan::BackboneNorm norm) {
  plan::Backbone backbone;
  backbone.name = name;
  backbone.preset = name == "resnet" ? "18" : "tiny";
  if (name == "resnet") backbone.widths = {8, 8, 12, 16};
  backbone.norm = norm;
  return backbone;
}

nn::Network make(const std::string& name, plan::BackboneNorm norm, const nn::LowRankSpec& ranks = spec) {
  registerPlugins(registry());
  torch::manual_seed(3);
  auto trunk = (*registry().backbone(name))->make(options(name, norm), ranks, 1);
  EXPECT_TRUE(trunk) << trunk.error().text();
  return nn::Network(*trunk, std::vector<nn::HeadSpec>{{"a", 3, false}, {"b", 2, false}});
}

/// Factors away from zero, and tasks with brightness and contrast of their own in the norms' memory.
nn::Network trained(const std::string& name) {
  auto net = make(name, plan::BackboneNorm::PerTask);
  torch::NoGradGuard noGrad;
  for (auto& item : net->named_parameters()) {
    if (item.key().find(".b.") != std::string::npos) item.value().normal_(0, 0.05);
    if (item.key().ends_with(".0.weight") && item.value().dim() == 1) item.value().uniform_(0.5, 1.5);
    if (item.key().ends_with(".1.bias") && item.value().dim() == 1) item.value().normal_(0, 0.1);
  }
  for (int i = 0; i < 30; ++i)
    for (int task = 0; task < 2; ++task) net->predict((1 + task) * torch::randn({16, 1, 32, 32}) + task, task);
  return net;
}

class TaskNorms : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Backbones, TaskNorms, testing::Values("shufflenetv2", "resnet"));

TEST_P(TaskNorms, FusedEqualsUnfusedInBothModes) {
  auto net = trained(GetParam());
  torch::NoGradGuard noGrad;
  const auto x = torch::randn({8, 1, 32, 32});
  for (const bool training : {false, true}) {
    net->train(training);
    for (int task = 0; task < 2; ++task) {
      const auto apart = net->predict(x, task);
      net->fuse(task);
      const auto fused = net->predict(x, task);
      EXPECT_LT((fused - apart).abs().max().item<double>(), 1e-4 * std::max(1.0, apart.abs().max().item<double>()))
          << "task " << task << (training ? " training" : " evaluating");
      // Fused networks ignore the routing, the norms' too.
      EXPECT_TRUE(torch::allclose(net->backbone().forward(x, nn::Routing::single(1 - task, 8)),
                                  net->backbone().forward(x, nn::Routing::single(task, 8))));
      net->unfuse();
    }
  }
}

TEST_P(TaskNorms, TasksDoNotMixInTraining) {
  auto net = trained(GetParam()), other = trained(GetParam());
  torch::NoGradGuard noGrad;
  auto x = torch::randn({8, 1, 32, 32});
  const auto first = net->forward(x, mixed).logits[0];
  // The other task's samples change; with shared norms that would move these.
  x.narrow(0, 3, 5).mul_(7).add_(2);
  EXPECT_TRUE(torch::allclose(other->forward(x, mixed).logits[0], first, 1e-4, 1e-5));
  const auto buffers = other->backbone().named_buffers(), before = net->backbone().named_buffers();
  int same = 0, changed = 0;
  for (const auto& item : buffers)
    if (item.key().ends_with(".0.running_mean"))
      same += item.value().allclose(before[item.key()], 1e-4, 1e-5);
    else if (item.key().ends_with(".1.running_mean"))
      changed += !item.value().allclose(before[item.key()], 1e-4, 1e-5);
  EXPECT_GT(same, 10);
  EXPECT_GT(changed, 10);
  EXPECT_EQ(same, static_cast<int>(std::ranges::count_if(
                      buffers, [](const auto& item) { return item.key().ends_with(".0.running_mean"); })));
}

TEST_P(TaskNorms, ExpertsCountAndCarryOneSet) {
  auto net = make(GetParam(), plan::BackboneNorm::PerTask), shared = make(GetParam(), plan::BackboneNorm::Shared);
  std::set<std::string> own, expected;
  std::int64_t ownParameters = 0;
  for (int task = 0; task < 2; ++task) {
    EXPECT_EQ(net->expertParameters(task), shared->expertParameters(task));
    own.clear(), expected.clear(), ownParameters = 0;
    for (const auto& [name, tensor] : net->expertState(task)) {
      own.insert(name);
      if (tensor.requires_grad()) ownParameters += tensor.numel();
    }
    for (const auto& [name, tensor] : shared->expertState(task)) expected.insert(name);
    EXPECT_EQ(own, expected);
    EXPECT_EQ(ownParameters, net->expertParameters(task));
  }
  std::int64_t all = 0;
  for (const auto& p : net->parameters()) all += p.numel();
  EXPECT_GT(all, ownParameters + net->factorParameters(0) + net->factorParameters(1));
}

// Both formats are read back by the exporter and held against the unfused network.
TEST_P(TaskNorms, ExportedExpertsCarryTheirTasksNorms) {
  auto net = trained(GetParam());
  const test::TemporaryFolder folder;
  for (int task = 0; task < 2; ++task) {
    const auto path = folder / ("expert" + std::to_string(task));
    expert::Manifest manifest;
    SilentProgress progress;
    const auto written = expert::exportExpert(path, net, task, {torch::randn({3, 1, 32, 32})}, manifest,
                                              registry().exporters(), progress);
    ASSERT_TRUE(written) << written.error().text();
    EXPECT_LT(written->parity, 1e-4);
    EXPECT_EQ(written->parameters, net->expertParameters(task));
    // The file fits a plain network of one task: nothing of the other task is in it.
    auto plain = make(GetParam(), plan::BackboneNorm::Shared, {});
    const auto file = safetensors::File::open(path / "expert.safetensors");
    ASSERT_TRUE(file) << file.error().text();
    const auto loaded = nn::loadState(plain->backbone(), *file, "backbone.");
    ASSERT_TRUE(loaded) << loaded.error().text();
    ASSERT_TRUE(nn::loadState(plain->head(task), *file, "head."));
    plain->eval();
    net->eval();
    torch::NoGradGuard noGrad;
    const auto x = torch::randn({2, 1, 32, 32});
    const auto expected = net->predict(x, task);
    EXPECT_TRUE(torch::allclose(plain->predict(x, task), expected, 1e-4, 1e-4)) << "task " << task;
    net->train();
  }
}

TEST_P(TaskNorms, NetworksWithoutFactorsHaveThemToo) {
  auto net = make(GetParam(), plan::BackboneNorm::PerTask, {.ranks = {}, .scales = {}, .tasks = 2});
  const auto shared = make(GetParam(), plan::BackboneNorm::Shared, {.ranks = {}, .scales = {}, .tasks = 2});
  EXPECT_EQ(net->factorParameters(0), 0);
  for (const int task : {0, 1}) EXPECT_EQ(net->expertParameters(task), shared->expertParameters(task));
  // In double precision: norms over three samples of a pixel each make much of rounding.
  net->to(torch::kDouble);
  net->train();
  torch::NoGradGuard noGrad;
  const auto dark = torch::randn({8, 1, 32, 32}, torch::kDouble),
             bright = 3 * torch::randn({8, 1, 32, 32}, torch::kDouble) + 2;
  const auto together = net->forward(torch::cat({dark.slice(0, 0, 3), bright.slice(0, 0, 5)}), mixed).logits[0];
  EXPECT_TRUE(torch::allclose(together, net->predict(dark.slice(0, 0, 3), 0), 1e-6, 1e-9))
      << "the other task's images count for nothing";
  // The first norm of each task has seen its own images alone.
  std::map<std::string, torch::Tensor> means;
  for (const auto& buffer : net->named_buffers()) means[buffer.key()] = buffer.value();
  int different = 0;
  for (const auto& [name, mean] : means)
    if (const auto at = name.find(".0.running_mean"); at != std::string::npos)
      different += !torch::allclose(mean, means.at(name.substr(0, at) + ".1.running_mean"), 1e-2, 1e-3);
  EXPECT_GT(different, 0);
}

TEST_P(TaskNorms, HaveNoDecoderToSupervise) {
  auto wanted = options(GetParam(), plan::BackboneNorm::Shared);
  wanted.deepSupervision = true;
  registerPlugins(registry());
  const auto made = (*registry().backbone(GetParam()))->make(wanted, spec, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().context, "backbone.deep_supervision");
}

}  // namespace
}  // namespace lorkd::plugin
