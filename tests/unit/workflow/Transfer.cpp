// Runs that begin from an expert.
#include <gmock/gmock.h>

#include "core/base/Digest.h"
#include "core/expert/Exporter.h"
#include "core/workflow/TransferExpert.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

using testing::HasSubstr;

plan::Plan taught() {
  return test::parsePlan(R"({"data": {"patch": [16, 16, 16]},
    "tasks": {"a": {"classes": {"x": {}}, "rank": 2}, "b": {"classes": {"y": {}}, "rank": 3}},
    "backbone": {"name": "unet3d", "widths": [4, 8]}})");
}

plan::Plan unseen(const std::string& widths = "[4, 8]") {
  const auto plan = test::parsePlan(R"({"seed": 9, "data": {"patch": [16, 16, 16]},
    "tasks": {"other": {"classes": {"q": {}}}, "new": {"classes": {"u": {}, "v": {}}}},
    "backbone": {"name": "unet3d", "widths": )" +
                                    widths + "}}");
  return transferPlan(plan, "new").value();
}

struct Taught {
  Taught(const std::filesystem::path& path) : network(makeNetwork(taught()).value()) {
    test::plantRanks(network, {1, 2});
    run = test::trainedRun(path, taught(), network);
  }
  nn::Network network;
  run::RunDirectory run;
};

TEST(Transfer, ThePlanIsThatOfOneTask) {
  const auto plan = unseen();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].first, "new");
  EXPECT_EQ(plan.method, plan::PlanMethod::Mtl);
  EXPECT_EQ(transferPlan(plan, "elsewhere").error().code, ErrorCode::NotFound);
}

TEST(Transfer, BeginsWithTheFusedBackboneAndANewHead) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto run = makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress);
  ASSERT_TRUE(run) << run.error().text();
  auto network = makeNetwork(run->plan()).value(), fresh = makeNetwork(run->plan()).value();
  ASSERT_TRUE(loadInitialWeights(*run, network));
  from.network->fuse(1);
  std::map<std::string, torch::Tensor> fused;
  for (const auto& [name, tensor] : from.network->expertState(1)) fused[name] = tensor;
  const auto scratch = fresh->expertState(0), begun = network->expertState(0);
  int same = 0;
  for (std::size_t i = 0; i < scratch.size(); ++i) {
    const auto& [name, tensor] = begun[i];
    if (name.starts_with("head.")) {
      EXPECT_TRUE(tensor.equal(scratch[i].second)) << "the head is as without a transfer";
    } else {
      EXPECT_TRUE(tensor.equal(fused.at(name))) << name;
      same += tensor.equal(scratch[i].second);
    }
  }
  EXPECT_LT(same, static_cast<int>(scratch.size()) - 2) << "or the test proves nothing";
  // The run says what it began with, and the same command finds it again.
  const auto origin = readJson(folder / "new/initial.json").value();
  EXPECT_EQ(origin.at("sha256"), *sha256File(folder / "new/initial.safetensors"));
  EXPECT_EQ(origin.at("from").at("task"), "b");
  EXPECT_TRUE(makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress));
  EXPECT_EQ(makeTransferRun(folder / "new", unseen(), {from.run.path(), "a"}, progress).error().code,
            ErrorCode::Mismatch);
  EXPECT_THAT(makeTransferRun(folder / "more", unseen(), {from.run.path(), ""}, progress).error().text(),
              HasSubstr("--expert"));
}

TEST(Transfer, AnExportedExpertIsTheSameBeginning) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  expert::Manifest manifest;
  manifest.task = "b";
  ASSERT_TRUE(expert::exportExpert(folder / "expert", from.network, 1, {torch::randn({1, 1, 8, 8, 8})}, manifest,
                                   {expert::safetensorsExporter()}, progress));
  ASSERT_TRUE(makeTransferRun(folder / "one", unseen(), {from.run.path(), "b"}, progress));
  const auto two = makeTransferRun(folder / "two", unseen(), {folder / "expert/expert.safetensors", ""}, progress);
  ASSERT_TRUE(two) << two.error().text();
  EXPECT_EQ(*sha256File(folder / "one/initial.safetensors"), *sha256File(folder / "two/initial.safetensors"));
  // A file that is not what its manifest says is not begun with.
  ASSERT_TRUE(nn::saveTensors(folder / "expert/expert.safetensors", {{"backbone.x", torch::zeros(3)}}));
  EXPECT_EQ(makeTransferRun(folder / "three", unseen(), {folder / "expert", ""}, progress).error().code,
            ErrorCode::Mismatch);
  EXPECT_EQ(makeTransferRun(folder / "four", unseen(), {folder / "nowhere", ""}, progress).error().code,
            ErrorCode::NotFound);
}

TEST(Transfer, AnotherArchitectureIsRefusedByTheLayersName) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto wide = makeTransferRun(folder / "wide", unseen("[6, 8]"), {from.run.path(), "a"}, progress);
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().text(), HasSubstr("backbone.encoder.0.conv0.weight"));
  EXPECT_THAT(wide.error().text(), HasSubstr("(4, 1, 3, 3, 3)"));
  EXPECT_FALSE(std::filesystem::exists(folder / "wide")) << "nothing is made";
  const auto deep = makeTransferRun(folder / "deep", unseen("[4, 8, 8]"), {from.run.path(), "a"}, progress);
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().text(), HasSubstr("backbone."));
}

TEST(Transfer, WeightsThatWereChangedAreNoticed) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto run = makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress);
  ASSERT_TRUE(run);
  auto network = makeNetwork(run->plan()).value();
  ASSERT_TRUE(nn::saveTensors(folder / "new/initial.safetensors", network->expertState(0)));
  EXPECT_EQ(loadInitialWeights(*run, network).error().code, ErrorCode::Mismatch);
  // A run without initial weights is left alone.
  const auto plain = run::RunDirectory::create(folder / "plain", unseen());
  ASSERT_TRUE(plain);
  EXPECT_TRUE(loadInitialWeights(*plain, network));
}

}  // namespace
}  // namespace lorkd::workflow
