// Advice on ranks from run directories whose factors have known ranks and whose log has known conflicts.
#include "core/workflow/Ranks.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/run/EventLog.h"
#include "core/workflow/Scoring.h"
#include "core/workflow/Truncate.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/feed/Prepared.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

using testing::HasSubstr;

plan::Plan threeTasks() {
  return test::parsePlan(R"({"data": {"patch": [16, 16, 16]}, "lowrank": {"scaling": "fixed", "scale": 1},
    "tasks": {"a": {"classes": {"x": {}}, "rank": 4}, "b": {"classes": {"y": {}}, "rank": 4},
              "c": {"classes": {"z": {}}, "rank": 4}},
    "backbone": {"name": "unet3d", "widths": [8, 12]}})");
}

/// a and b pull against each other in encoder.1.conv0, nobody elsewhere; c has no gradient in the first event.
void logConflict(const run::RunDirectory& run) {
  const run::EventWriter events(run.events());
  for (int step : {1, 2}) {
    const Json calm = {{1, 0.5, 0.2}, {0.5, 1, 0.1}, {0.2, 0.1, 1}};
    const Json fight = {{1, -0.5, 0.2}, {-0.5, 1, 0.1}, {0.2, 0.1, 1}};
    const Json absent = {{1, -0.5, 0}, {-0.5, 1, 0}, {0, 0, 0}};
    ASSERT_TRUE(events.append(
        "conflict",
        {{"step", step},
         {"tasks", {"a", "b", "c"}},
         {"layers", {{"backbone.encoder.0.conv0", calm}, {"backbone.encoder.1.conv0", step == 1 ? absent : fight}}}}));
  }
}

TEST(Ranks, ScoresAreSharesOfEachTasksPairSteps) {
  test::TemporaryFolder folder;
  auto plan = threeTasks();
  const auto run = run::RunDirectory::create(folder / "r", plan);
  ASSERT_TRUE(run);
  logConflict(*run);
  const auto scores = conflictScores(run::EventReader(run->events()).poll(), {"a", "b", "c"});
  EXPECT_EQ(scores.measurements, 2);
  const auto* layer = scores.layers.find("backbone.encoder.1.conv0");
  ASSERT_NE(layer, nullptr);
  EXPECT_NEAR((*layer)[0], 2.0 / 3, 1e-12) << "against b twice, with c once";
  EXPECT_EQ((*layer)[2], 0);
  EXPECT_EQ((*scores.layers.find("backbone.encoder.0.conv0"))[1], 0);
  const auto strict = conflictScores(run::EventReader(run->events()).poll(), {"a", "b", "c"}, -0.6);
  EXPECT_EQ((*strict.layers.find("backbone.encoder.1.conv0"))[0], 0) << "no cosine is below -0.6";
  EXPECT_EQ(conflictScores(run::EventReader(run->events()).poll(), {"a", "other", "c"}).measurements, 0);
}

TEST(Ranks, PlantedRanksAreAdvisedAndWrittenIntoThePlan) {
  test::TemporaryFolder folder;
  const auto plan = threeTasks();
  auto network = makeNetwork(plan);
  ASSERT_TRUE(network) << network.error().text();
  test::plantRanks(*network, {1, 2, 3});
  const auto run = test::trainedRun(folder / "r", plan, *network);
  logConflict(run);
  // Half of 4 + 4 + 4 is 1 + 2 + 3.
  const auto report = adviseRanks(run, {.budget = 0.5});
  ASSERT_TRUE(report) << report.error().text();
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(report->advice.tasks[t].rank, static_cast<std::int64_t>(t) + 1);
    EXPECT_EQ(report->plan.tasks[t].second.rank, static_cast<std::int64_t>(t) + 1);
    EXPECT_TRUE(report->plan.tasks[t].second.layers.empty());
  }
  EXPECT_NEAR(report->advice.kept, 1, 1e-6);
  EXPECT_EQ(report->advice.parameters * 2, report->advice.parametersNow);
  EXPECT_EQ(report->advice.parametersNow, 3 * (*network)->factorParameters(0));
  EXPECT_EQ(report->measurements, 2);
  EXPECT_THAT(report->text(), HasSubstr("100.0 %"));
  const auto json = report->json();
  EXPECT_EQ(json["tasks"][2]["advised"], 3);
  EXPECT_EQ(json["tasks"][0]["kept_by_rank"].size(), 4u);
  // Ranks per layer: those that differ from the rule are named, and the plan is a good one.
  const auto fine = adviseRanks(run, {.budget = 0.3, .perLayer = true});
  ASSERT_TRUE(fine) << fine.error().text();
  EXPECT_LE(fine->advice.parameters, fine->budget);
  EXPECT_FALSE(fine->plan.tasks[2].second.layers.empty());
  EXPECT_TRUE(plan::fromJson(plan::toJson(fine->plan)));
  EXPECT_GE(fine->advice.kept, adviseRanks(run, {.budget = 0.3})->advice.kept) << "more freedom loses nothing";
}

TEST(Ranks, SaysWhenThereIsNoBasis) {
  test::TemporaryFolder folder;
  auto plan = threeTasks();
  auto network = makeNetwork(plan);
  ASSERT_TRUE(network);
  const auto fresh = test::trainedRun(folder / "fresh", plan, *network);
  const auto none = adviseRanks(fresh, {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text(), HasSubstr("still zero"));
  test::plantRanks(*network, {0, 2, 4});
  const auto partly = test::trainedRun(folder / "partly", plan, *network);
  const auto report = adviseRanks(partly, {.budget = 0.8});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->advice.tasks[0].rank, 4) << "an untrained task keeps its rank";
  EXPECT_THAT(report->text(), HasSubstr("a: no basis"));
  EXPECT_THAT(report->text(), HasSubstr("no gradient conflict was measured"));
  const auto poor = adviseRanks(partly, {.budget = 0.1});
  ASSERT_FALSE(poor);
  EXPECT_EQ(poor.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(poor.error().message, testing::Not(HasSubstr("-"))) << "no number of parameters is negative";
  const auto own = (*network)->factorParameters(0), all = 3 * own;
  EXPECT_THAT(poor.error().message, HasSubstr("takes " + std::to_string(own + 2 * own / 4) + " factor parameters, " +
                                              std::to_string(own) + " of them"));
  EXPECT_THAT(poor.error().message, HasSubstr("the budget is " + std::to_string(std::llround(0.1 * double(all)))));
  plan.method = plan::PlanMethod::Mtl;
  auto shared = makeNetwork(plan);
  ASSERT_TRUE(shared);
  EXPECT_EQ(adviseRanks(test::trainedRun(folder / "mtl", plan, *shared), {}).error().code, ErrorCode::Unsupported);
  EXPECT_EQ(adviseRanks(*run::RunDirectory::create(folder / "empty", threeTasks()), {}).error().code,
            ErrorCode::NotFound);
}

TEST(Truncate, IsJudgedByValidationCasesAlone) {
  // Ranks are chosen by what this says: on test cases, their scores would become too good.
  const auto plan =
      test::parsePlan(R"({"data": {"patch": [8, 8, 8]}, "evaluation": {"threshold": 0.05}, "device": "cpu",
    "tasks": {"a": {"classes": {"x": {}}, "rank": 4}}, "backbone": {"name": "unet3d", "widths": [4, 8]}})");
  const auto make = [&] {
    auto network = makeNetwork(plan).value();
    test::plantRanks(network, {4});
    network->eval();
    return network;
  };
  test::PreparedFolder prepared;
  torch::manual_seed(4);
  const auto add = [&](const std::string& id, const std::string& split) {
    const auto image = torch::randn({8, 8, 8});
    prepared.addVolume(id, split, image, {{0, (image > 0.3).to(torch::kUInt8).unsqueeze(0)}});
  };
  add("one", "validation"), add("two", "validation"), add("three", "test");
  prepared.writeIndex();
  const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  CancelToken cancel;
  auto network = make(), whole = make();
  const auto before = score(whole, 0, "validation", *data, plan, torch::kCPU, cancel);
  const auto tested = score(whole, 0, "test", *data, plan, torch::kCPU, cancel);
  ASSERT_TRUE(before && tested && before->value("dice") != tested->value("dice"));
  const auto told = truncateExpert(network, 0, {.rank = 1}, *data, plan, cancel);
  ASSERT_TRUE(told) << told.error().text();
  EXPECT_EQ((*told)["split"], "validation");
  EXPECT_EQ((*told)["cases"], 2);
  EXPECT_EQ((*told)["before"], before->value("dice"));
  const auto after = score(network, 0, "validation", *data, plan, torch::kCPU, cancel);
  ASSERT_TRUE(after);
  EXPECT_EQ((*told)["after"], after->value("dice"));
}

}  // namespace
}  // namespace lorkd::workflow
