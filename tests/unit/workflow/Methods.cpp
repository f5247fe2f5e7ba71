// Networks of the baselines, and what they cost.
#include <gtest/gtest.h>

#include "core/eval/Flops.h"
#include "core/nn/Separate.h"
#include "core/nn/Spectrum.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Study.h"
#include "core/workflow/Workflow.h"
#include "plugins/Plugins.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

plan::Plan planOf(const std::string& method, const char* more = "{}") {
  static const bool registered = (registerPlugins(plugin::registry()), true);
  EXPECT_TRUE(registered);
  auto json = *parseJson(R"({"seed": 3, "data": {"patch": [16, 16, 16]},
    "tasks": {"a": {"classes": {"x": {}, "y": {}}, "rank": 2}, "b": {"classes": {"z": {}}, "rank": 3}},
    "backbone": {"name": "unet3d", "widths": [4, 8]}})",
                         "test");
  json["method"] = method;
  json.merge_patch(*parseJson(more, "test"));
  const auto plan = plan::fromJson(json, "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

TEST(Methods, SurgeryAndDistillationTrainThePlainSharedNetwork) {
  const auto shared = makeNetwork(planOf("mtl"));
  ASSERT_TRUE(shared) << shared.error().text();
  for (const char* method : {"pcgrad", "moco", "aligned_mtl", "mtl_kd"}) {
    const auto network = makeNetwork(planOf(method));
    ASSERT_TRUE(network) << method;
    const auto wanted = (*shared)->named_parameters(), found = (*network)->named_parameters();
    ASSERT_EQ(wanted.size(), found.size());
    for (const auto& item : wanted) EXPECT_TRUE(torch::equal(item.value(), found[item.key()])) << item.key();
  }
}

TEST(Methods, SingleTaskLearningHasOnePlainNetworkATask) {
  const auto shared = makeNetwork(planOf("mtl"));
  for (const char* method : {"stl", "stl_kd"}) {
    const auto network = makeNetwork(planOf(method));
    ASSERT_TRUE(shared && network) << method;
    EXPECT_TRUE(nn::isSeparate(*network));
    std::int64_t sum = 0, all = 0;
    for (int t = 0; t < 2; ++t) {
      const auto own = nn::ofTask(*network, t);
      EXPECT_EQ(own.network->expertParameters(own.task), (*shared)->expertParameters(t));
      EXPECT_EQ(own.network->adaptedLayers().front().name, (*shared)->adaptedLayers().front().name);
      sum += own.network->expertParameters(own.task);
    }
    for (const auto& p : (*network)->parameters()) all += p.numel();
    EXPECT_EQ(all, sum) << "nothing is shared";
    EXPECT_FALSE(torch::equal((*network)->parameters()[0], nn::ofTask(*network, 1).network->parameters()[0]));
  }
}

TEST(Methods, OnlyThoseThatLearnFromATeacherTakeOne) {
  for (const auto method : {plan::PlanMethod::Lorkd, plan::PlanMethod::MtlKd, plan::PlanMethod::StlKd})
    EXPECT_TRUE(takesTeacher(method));
  for (const auto method : {plan::PlanMethod::Mtl, plan::PlanMethod::Stl, plan::PlanMethod::Teacher,
                            plan::PlanMethod::Pcgrad, plan::PlanMethod::Moco, plan::PlanMethod::AlignedMtl})
    EXPECT_FALSE(takesTeacher(method));
  const auto faults = plan::validate(*parseJson(R"({"method": "stl_kd", "teacher": {"source": "none"},
    "losses": {"transfer": 0}, "tasks": {"a": {"classes": {"x": {}}}}})",
                                                "test"));
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].field, "teacher.source");
  EXPECT_EQ(faults[1].field, "losses.transfer");
}

TEST(Methods, RanksOfLayersAreNamedByTheirPaths) {
  const auto plan = planOf("lorkd", R"({"tasks": {"b": {"layers": {"backbone.encoder.0.conv1": {"rank": 1}}}}})");
  const auto usual = makeNetwork(planOf("lorkd")), changed = makeNetwork(plan);
  ASSERT_TRUE(usual && changed) << changed.error().text();
  EXPECT_EQ((*usual)->factorParameters(0), (*changed)->factorParameters(0));
  EXPECT_LT((*changed)->factorParameters(1), (*usual)->factorParameters(1));
}

TEST(Methods, TheScaleFollowsTheRankOfTheLayer) {
  for (const char* rule : {"alpha_over_layer_rank", "alpha_over_rank", "fixed"}) {
    const auto plan = planOf("lorkd", (R"({"lowrank": {"alpha": 6, "scale": 5, "scaling": ")" + std::string(rule) +
                                       R"("}, "tasks": {"b": {"layers": {"backbone.encoder.0.conv1": {"rank": 1}}}}})")
                                          .c_str());
    auto network = makeNetwork(plan);
    ASSERT_TRUE(network) << network.error().text();
    torch::NoGradGuard guard;
    int decoders = 0, own = 0;
    for (const auto& [layer, rank, scale] : (*network)->layerFactors(1)) {
      const bool changed = layer.name == "backbone.encoder.0.conv1";
      EXPECT_EQ(rank, changed ? 1 : layer.decoder ? 6 : 3) << layer.name;
      const double wanted = rule == std::string("fixed")             ? 5
                            : rule == std::string("alpha_over_rank") ? 6.0 / 3
                                                                     : 6.0 / static_cast<double>(rank);
      EXPECT_DOUBLE_EQ(scale, wanted) << rule << " " << layer.name;
      auto& conv = *(*network)->named_modules()[layer.name]->as<nn::LowRankConvImpl>();
      conv.factors.b[1].normal_();
      const auto delta = wanted * conv.factors.b[1].mm(conv.factors.a[1]).view(conv.weight.sizes());
      EXPECT_TRUE(torch::allclose(conv.fusedWeight(1) - conv.weight, delta, 1e-4, 1e-5)) << layer.name;
      decoders += layer.decoder, own += changed;
    }
    EXPECT_TRUE(decoders > 0 && own == 1);
  }
  // Plans of before the rule of layers was there say theirs in words, and keep it.
  EXPECT_EQ(planOf("lorkd", R"({"lowrank": {"scaling": "alpha_over_rank"}})").lowrank.scaling,
            plan::LowRankScaling::AlphaOverRank);
}

TEST(Methods, ATruncatedExpertKeepsTheScaleOfItsTraining) {
  auto network = makeNetwork(planOf("lorkd")).value();
  test::plantRanks(network, {1, 1});
  const auto before = network->layerFactors(0);
  std::vector<torch::Tensor> fused;
  for (const auto& f : before)
    fused.push_back(network->named_modules()[f.layer.name]->as<nn::LowRankConvImpl>()->fusedWeight(0));
  std::vector<std::int64_t> ranks;
  for (const auto& f : before) ranks.push_back(nn::layerRank(f.layer, 1, 2));  // as much as was planted
  nn::truncate(network, 0, ranks);
  const auto after = network->layerFactors(0);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t l = 0; l < after.size(); ++l) {
    EXPECT_EQ(after[l].rank, ranks[l]);
    EXPECT_LT(after[l].rank, before[l].rank);
    EXPECT_EQ(after[l].scale, before[l].scale);
    const auto now = network->named_modules()[after[l].layer.name]->as<nn::LowRankConvImpl>()->fusedWeight(0);
    EXPECT_TRUE(torch::allclose(now, fused[l], 1e-3, 1e-4)) << after[l].layer.name;
  }
}

TEST(Methods, NormsOfATaskAreItsOwnWithoutFactorsToo) {
  test::TemporaryFolder folder;
  const char* more = R"({"backbone": {"name": "shufflenetv2", "preset": "tiny", "widths": [], "norm": "per_task"},
    "tasks": {"a": {"kind": "classification"}, "b": {"kind": "classification", "classes": {"u": {}}}}, "data": {"patch": [32, 32, 8]}})";
  const auto plan = planOf("mtl", more);
  auto shared = plan;
  shared.backbone.norm = plan::BackboneNorm::Shared;
  auto own = makeNetwork(plan).value(), old = makeNetwork(shared).value();
  EXPECT_TRUE(own->ownParts() && !old->ownParts());
  EXPECT_EQ(own->sharedParameters().size() + 2 * (old->parameters().size() - own->sharedParameters().size() - 4) + 4,
            own->parameters().size());
  EXPECT_EQ(own->expertParameters(0), old->expertParameters(0));
  // A run made when such networks shared their norms is read as it is.
  EXPECT_FALSE(loadTrained(test::trainedRun(folder / "old", plan, old)).value()->ownParts());
  EXPECT_TRUE(loadTrained(test::trainedRun(folder / "new", plan, own)).value()->ownParts());
}

// ShuffleNetV2 1.0x at 224 x 224 with 1000 classes, summed layer by layer (table 5 of arXiv 1807.11164), without what
// is no convolution or product; the paper gives 146 million in all.
TEST(Methods, MultiplyAddsOfShuffleNetAreThePublishedOnes) {
  auto plan = planOf("mtl", R"({"data": {"patch": [224, 224, 16], "channels": "rgb"},
    "tasks": {"a": {"kind": "classification"}, "b": {"kind": "classification", "classes": {"u": {}}}},
    "backbone": {"name": "shufflenetv2", "preset": "small", "widths": []}})");
  plan.tasks[0].second.classes = {};
  for (int c = 0; c < 1000; ++c) plan.tasks[0].second.classes.emplace_back(std::to_string(c), plan::Class{});
  auto network = makeNetwork(plan);
  ASSERT_TRUE(network) << network.error().text();
  (*network)->eval();
  torch::NoGradGuard guard;
  const auto products = eval::multiplyAdds([&] { (*network)->predict(torch::zeros({1, 3, 224, 224}), 0); });
  EXPECT_EQ(products, 144907992);
  EXPECT_NEAR(static_cast<double>(products), 146e6, 0.01 * 146e6);
}

}  // namespace
}  // namespace lorkd::workflow
