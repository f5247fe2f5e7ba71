// Validation in the middle of training: the scores of the experts, and obedience within a window.
#include "core/workflow/Validation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/workflow/Confusion.h"
#include "core/workflow/Scoring.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/feed/Prepared.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

using run::Command;

/// Two tasks, one volume of several windows.
class Validate : public testing::Test {
 protected:
  Validate()
      : plan(test::parsePlan(R"({"data": {"patch": [8, 8, 8]}, "evaluation": {"threshold": 0.05},
          "tasks": {"a": {"classes": {"x": {}}, "rank": 2}, "b": {"classes": {"y": {}}, "rank": 3}},
          "backbone": {"name": "unet3d", "widths": [4, 8]}})")),
        network(makeNetwork(plan).value()),
        run(run::RunDirectory::create(folder / "run", plan).value()),
        status(run),
        desk(run, status, cancel),
        progress(quiet, desk) {
    test::plantRanks(network, {2, 3});
    const auto image = torch::randn({16, 16, 8});
    const auto mask = (image > 0).to(torch::kUInt8).unsqueeze(0);
    prepared.addVolume("c", "validation", image, {{0, mask}, {1, mask}});
    prepared.writeIndex();
    before = state();
  }
  std::vector<torch::Tensor> state() const {
    std::vector<torch::Tensor> out;
    for (const auto& [name, tensor] : nn::stateOf(*network)) out.push_back(tensor.detach().clone());
    return out;
  }
  bool untouched() const {
    const auto now = state();
    for (std::size_t i = 0; i < now.size(); ++i)
      if (!now[i].equal(before[i])) return false;
    return true;
  }
  /// Validates; `during(n)` is called with the n-th tick, from 1.
  Result<train::Validation> validate(const std::function<void(int)>& during) {
    const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
    EXPECT_TRUE(data);
    const auto tick = [&] {
      during(++ticks);
      std::this_thread::sleep_for(std::chrono::milliseconds(210));  // progress looks at the desk five times a second
      progress.report("training", 0, 1);
    };
    const auto save = [&]() -> Result<void> {
      ++saved;
      savedUntouched = untouched();
      return {};
    };
    return workflow::validate(network, *data, plan, torch::kCPU, desk, tick, save, cancel);
  }

  test::TemporaryFolder folder;
  test::PreparedFolder prepared;
  plan::Plan plan;
  nn::Network network;
  run::RunDirectory run;
  StatusKeeper status;
  CancelToken cancel;
  ControlDesk desk;
  SilentProgress quiet;
  ObeyingProgress progress;
  std::vector<torch::Tensor> before;
  int ticks = 0, saved = 0;
  bool savedUntouched = false;
};

TEST_F(Validate, ScoresWhatTheExpertsPredict) {
  const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
  network->eval();
  double sum = 0;
  for (const int task : {0, 1}) {
    const auto scored = score(network, task, "validation", *data, plan, torch::kCPU, cancel);
    ASSERT_TRUE(scored) << scored.error().text();
    sum += scored->metrics.front().second;
  }
  const auto found = validate([](int) {});
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->mean, sum / 2);
  // The task's figure first, as whoever reads the log takes it for the task's; then its classes.
  EXPECT_EQ(found->metrics["a"].begin().key(), "dice");
  EXPECT_EQ(found->metrics["a"]["dice/x"], found->metrics["a"]["dice"]) << "one class is its task";
  EXPECT_EQ(found->metrics["b"]["dice/y"], found->metrics["b"]["dice"]);
  EXPECT_GT(ticks, 4) << "several a case";
  EXPECT_TRUE(untouched() && network->is_training());
}

TEST_F(Validate, ThePlanSaysByWhichScore) {
  const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
  ASSERT_TRUE(data);
  const auto judge = [&] {
    return workflow::validate(
        network, *data, plan, torch::kCPU, desk, [] {}, []() -> Result<void> { return {}; }, cancel);
  };
  auto found = judge();
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->by, "dice");
  EXPECT_FALSE(found->metrics["a"].contains("nsd")) << "which takes long";
  plan.training.best = plan::TrainingBest::Nsd;
  for (auto& [name, task] : plan.tasks) task.classes[0].second.tolerance = 4;
  const auto coarse = judge();
  ASSERT_TRUE(coarse) << coarse.error().text();
  EXPECT_EQ(coarse->by, "nsd");
  EXPECT_EQ(coarse->metrics["a"].begin().key(), "nsd");
  EXPECT_EQ(coarse->mean, (coarse->metrics["a"]["nsd"].get<double>() + coarse->metrics["b"]["nsd"].get<double>()) / 2);
  EXPECT_EQ(coarse->metrics["a"]["dice"], found->metrics["a"]["dice"]);
  for (auto& [name, task] : plan.tasks) task.classes[0].second.tolerance = 1;  // less than a voxel
  const auto fine = judge();
  ASSERT_TRUE(fine);
  EXPECT_LT(fine->mean, coarse->mean) << "each class has its own tolerance";
}

TEST(ValidatePictures, AucChoosesUnlessThereIsOneClass) {
  const auto plan = test::parsePlan(R"({"data": {"patch": [32, 32, 8]}, "tasks": {
      "a": {"kind": "classification", "classes": {"x": {}, "y": {}, "z": {}}},
      "b": {"kind": "classification", "classes": {"x": {}, "y": {}}}},
      "method": "mtl", "teacher": {"source": "none"},
      "backbone": {"name": "shufflenetv2", "widths": [4, 8, 8, 8, 16]}})");
  auto network = makeNetwork(plan).value();
  test::PreparedFolder prepared;
  torch::manual_seed(2);
  const auto images = torch::randn({12, 1, 32, 32});
  prepared.addPictures(0, "validation", images, torch::arange(12, torch::kInt64) % 2);  // nothing of class z
  prepared.addPictures(1, "validation", images, torch::ones({12}, torch::kInt64));
  prepared.writeIndex();
  const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  test::TemporaryFolder folder;
  const auto run = run::RunDirectory::create(folder / "run", plan).value();
  StatusKeeper status(run);
  CancelToken cancel;
  ControlDesk desk(run, status, cancel);
  const auto save = []() -> Result<void> { return {}; };
  const auto found = validate(
      network, *data, plan, torch::kCPU, desk, [] {}, save, cancel);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->by, "auc, accuracy");
  EXPECT_EQ(found->metrics["a"].begin().key(), "auc");
  EXPECT_EQ(found->metrics["b"].begin().key(), "accuracy");
  EXPECT_FALSE(found->metrics["b"].contains("auc"));
  EXPECT_TRUE(std::isnan(found->metrics["a"]["accuracy/z"].get<double>()));
  EXPECT_EQ(found->mean,
            (found->metrics["a"]["auc"].get<double>() + found->metrics["b"]["accuracy"].get<double>()) / 2);
}

TEST(Score, TellsEachClass) {
  const auto plan = test::parsePlan(R"({"data": {"patch": [8, 8, 8]}, "evaluation": {"threshold": 0.05}, "tasks": {
      "a": {"classes": {"x": {}, "nowhere": {}, "z": {}}, "rank": 2}}, "backbone": {"name": "unet3d", "widths": [4, 8]}})");
  auto network = makeNetwork(plan).value();
  network->eval();
  test::PreparedFolder prepared;
  const auto image = torch::randn({16, 16, 8});
  const auto truth = torch::stack({image > 0, image > 1e9, image < -1}).to(torch::kUInt8);
  prepared.addVolume("c", "validation", image, {{0, truth}});
  prepared.writeIndex();
  const auto data = feed::Dataset::open(prepared.path() / "index.json", plan);
  ASSERT_TRUE(data);
  CancelToken cancel;
  const auto scored = score(network, 0, "validation", *data, plan, torch::kCPU, cancel);
  ASSERT_TRUE(scored) << scored.error().text();
  ASSERT_EQ(scored->classes.size(), 5u);
  EXPECT_EQ(scored->classes[1].first, "dice/nowhere");
  EXPECT_TRUE(std::isnan(scored->classes[1].second)) << "a class without truth has no figure";
  const auto example = data->example("validation", 0, 0);
  ASSERT_EQ(scored->classes[2].first, "specificity/nowhere");
  ASSERT_EQ(scored->classes[3].first, "false_positive_ml/nowhere");
  torch::Tensor p;
  ASSERT_TRUE(eachPart(
      network, 0, example->image, plan, torch::kCPU, {16, 16, 8},  // so that the last part has it all
      [&](const eval::WindowPart& part) -> Result<void> {
        p = part.probabilities.clone();
        return {};
      },
      cancel));
  ASSERT_EQ(p.sizes(), (std::vector<std::int64_t>{3, 16, 16, 8}));
  double sum = 0;
  const auto nowhere = (p[1] > 0.05).sum().item<double>();
  EXPECT_EQ(scored->classes[2].second, nowhere == 0);
  EXPECT_NEAR(scored->classes[3].second, nowhere * 4 * 4 * 4 / 1000, 1e-9);  // of the plan's spacing
  for (const int c : {0, 2}) {
    const auto found = p[c] > 0.05, real = truth[c] > 0;
    const double both = (found & real).sum().item<double>();
    const double dice = 2 * both / (found.sum().item<double>() + real.sum().item<double>());
    EXPECT_NEAR(scored->classes[c == 0 ? 0 : 4].second, dice, 1e-9);
    sum += dice;
  }
  EXPECT_NEAR(scored->metrics.front().second, sum / 2, 1e-9);
}

TEST_F(Validate, ADeployedNetworkSaysTheSameAndComesBackToTheBit) {
  network->eval();
  const auto x = torch::randn({2, 1, 8, 8, 8});
  torch::NoGradGuard guard;
  const auto zero = network->predict(x, 0), one = network->predict(x, 1);
  {
    const Deployed deployed(network, 1);
    EXPECT_FALSE(untouched()) << "it is fused";
    EXPECT_LT((network->predict(x, 1) - one).abs().max().item<double>(), 1e-5);
  }
  EXPECT_TRUE(untouched());
  EXPECT_TRUE(network->predict(x, 0).equal(zero));
  EXPECT_GT((zero - one).abs().max().item<double>(), 1e-3) << "the experts differ";
}

// Each set of truth, exclusive and overlapping, known and not, against counting voxel by voxel.
TEST(Confusion, CountsWhatIsFoundAmongTheKnown) {
  torch::manual_seed(4);
  const auto p = torch::rand({3, 6, 5, 7}) * 0.6;
  auto truth = (torch::rand({3, 6, 5, 7}) > 0.5).to(torch::kUInt8);
  truth.masked_fill_(torch::rand({3, 6, 5, 7}) > 0.8, 255);
  truth[2].fill_(255);
  const auto labels = test::labelsOf(truth);
  for (const char* outputs : {"exclusive", "overlapping"}) {
    auto plan = test::parsePlan(R"({"evaluation": {"threshold": 0.3},
        "tasks": {"a": {"classes": {"x": {}, "y": {}, "z": {}}}}})");
    plan.tasks[0].second.outputs =
        outputs == std::string("exclusive") ? plan::TaskOutputs::Exclusive : plan::TaskOutputs::Overlapping;
    Confusion confusion(labels, plan, 0);
    for (std::int64_t z = 0; z < 6; z += 2)  // parts with a slice around them
      confusion.add({p.slice(1, std::max<std::int64_t>(0, z - 1), z + 3),
                     {std::max<std::int64_t>(0, z - 1), 0, 0},
                     {z, 0, 0},
                     {z + 2, 5, 7}},
                    {1, 6});
    const auto most = std::get<1>(torch::cat({1 - p.sum(0, true), p}).max(0));
    for (std::int64_t c = 0; c < 3; ++c) {
      const auto found = plan.tasks[0].second.outputs == plan::TaskOutputs::Exclusive ? most == c + 1 : p[c] > 0.3;
      const auto known = truth[c] != 255;
      const auto count = [](const torch::Tensor& mask) { return mask.slice(0, 1, 6).sum().item<std::int64_t>(); };
      const auto counts = confusion.of(static_cast<std::size_t>(c));
      ASSERT_EQ(counts.has_value(), c < 2) << "of the last nothing is known";
      if (!counts) continue;
      EXPECT_EQ(counts->found, count(found & known));
      EXPECT_EQ(counts->there, count(truth[c] == 1));
      EXPECT_EQ(counts->both, count(found & (truth[c] == 1)));
      EXPECT_GT(counts->both, 5);
    }
  }
}

TEST_F(Validate, AStopReachesIt) {
  const auto found = validate([&](int tick) {
    if (tick == 2) {
      ASSERT_TRUE(run.send(Command::Stop));
    }
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(ticks, 2) << "no window after it";
  EXPECT_TRUE(untouched() && network->is_training());
}

TEST_F(Validate, APauseHoldsItAndACheckpointIsWrittenMeanwhile) {
  std::jthread other;
  const auto found = validate([&](int tick) {
    if (tick == 2) {
      ASSERT_TRUE(run.send(Command::Checkpoint));
    }
    if (tick != 3) return;
    EXPECT_EQ(saved, 1);
    ASSERT_TRUE(run.send(Command::Pause));
    other = std::jthread([&] {
      for (int i = 0; i < 100 && status.status().state != run::State::Paused; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_EQ(status.status().state, run::State::Paused);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      EXPECT_TRUE(run.send(Command::Resume));
    });
  });
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(saved, 1);
  EXPECT_TRUE(savedUntouched) << "other weights in a checkpoint";
  EXPECT_GE(found->paused, 0.25);
  EXPECT_EQ(status.status().state, run::State::Running);
}

}  // namespace
}  // namespace lorkd::workflow
