#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "core/base/File.h"
#include "core/train/Objective.h"
#include "core/train/Trainer.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::train {
namespace {

class Training : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(2);
    plan = test::ballPlan();
    test::addBalls(folder, 3);
    paths = {folder.path() / "last", folder.path() / "best"};
  }
  Result<Outcome> train(nn::Network student, Hooks hooks = {}, nn::Network teacher = nullptr) {
    LORKD_TRY(data, feed::Dataset::open(folder.path() / "index.json", plan));
    feed::BatchSource batches(data, plan);
    hooks.event = [this](const std::string& kind, const Json& fields) -> Result<void> {
      events[kind].push_back(fields);
      return {};
    };
    Trainer trainer(plan, std::move(student), std::move(teacher), torch::kCPU);
    auto outcome = trainer.run(batches, paths, hooks);
    step = trainer.step();
    return outcome;
  }
  test::PreparedFolder folder;
  plan::Plan plan;
  CheckpointPaths paths;
  std::map<std::string, std::vector<Json>> events;
  std::int64_t step = 0;
};

TEST_F(Training, TellsEveryStep) {
  plan.losses.transfer = 0.5;
  plan.losses.transferLogits = 0.25;
  std::vector<std::int64_t> asked;
  std::vector<double> left;
  Hooks hooks;
  hooks.control = [&](std::int64_t s, double seconds) {
    asked.push_back(s);
    left.push_back(seconds);
    return Control::Continue;
  };
  const auto outcome = train(test::makeNetwork(plan), hooks, test::makeNetwork(plan, 6, false, 4));
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(*outcome, Outcome::Done);
  EXPECT_EQ(step, 8);
  EXPECT_THAT(asked, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_LT(left[0], 0);
  for (std::size_t i = 1; i < left.size(); ++i) EXPECT_GT(left[i], 0);

  ASSERT_EQ(events["step"].size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    const auto& event = events["step"][i];
    EXPECT_EQ(event["step"], i + 1);
    EXPECT_GT(event["seconds"].get<double>(), 0);
    EXPECT_GE(event["wait"].get<double>(), 0);
    EXPECT_LE(event["wait"].get<double>(), 1);
    double total = 0;
    // Three samples for two tasks: the odd one is bright's and dark's in turn.
    const int bright = i % 2 == 0 ? 2 : 1;
    for (const auto& [task, n] : {std::pair{"bright", bright}, std::pair{"dark", 3 - bright}}) {
      const auto& l = event["losses"][task];
      EXPECT_EQ(l.size(), 5u);
      EXPECT_NEAR(l["total"].get<double>(),
                  l["dice"].get<double>() + l["bce"].get<double>() + 0.5 * l["transfer"].get<double>() +
                      0.25 * l["transfer_logits"].get<double>(),
                  1e-5);
      total += l["total"].get<double>() * n / 3;
    }
    EXPECT_NEAR(event["total"].get<double>(), total, 1e-5);
  }
  EXPECT_NEAR(events["step"][0]["lr"].get<double>(), 0.005, 1e-12);
  EXPECT_LT(events["step"][7]["total"].get<double>(), events["step"][0]["total"].get<double>());

  ASSERT_EQ(events["conflict"].size(), 4u);
  EXPECT_EQ(events["conflict"][1]["step"], 4);
  EXPECT_EQ(events["conflict"][1]["tasks"], (Json{"bright", "dark"}));
}

TEST_F(Training, SaysByWhatItsConvolutionsAreComputed) {
  plan.training.steps = 2;
  const auto student = test::makeNetwork(plan);
  ASSERT_TRUE(train(student));
  std::vector<Json> told;
  for (const auto& event : events["log"])
    if (event.contains("strategies")) told.push_back(event);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["step"], 1);
  const auto layers = student->adaptedLayers();
  EXPECT_EQ(told[0]["strategies"].size(), layers.size());
  for (const auto& layer : layers)
    EXPECT_THAT(told[0]["strategies"].value(layer.name, ""), testing::AnyOf("merged", "factored")) << layer.name;
}

TEST_F(Training, AStopWithinAValidationKeepsItsStepsAndValidatesLater) {
  plan.training.steps = 6;
  plan.training.validateEvery = 4;
  plan.training.checkpointEvery = 100;
  std::vector<std::int64_t> validated;
  bool stop = true;
  Hooks hooks;
  hooks.validate = [&](nn::Network& network, std::int64_t at, const auto&) -> Result<Validation> {
    network->eval();
    if (stop) return fail(ErrorCode::Cancelled, "stopped");
    validated.push_back(at);
    return Validation{0.1 * static_cast<double>(at), Json::object()};
  };
  auto outcome = train(test::makeNetwork(plan), hooks);
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(*outcome, Outcome::Stopped);
  EXPECT_EQ(reached(paths.last, plan::digest(plan))->step, 4);
  outcome = train(test::makeNetwork(plan), hooks);  // stopped again at once: the validation stays due
  ASSERT_TRUE(outcome && *outcome == Outcome::Stopped);
  EXPECT_EQ(step, 4);
  stop = false;
  outcome = train(test::makeNetwork(plan), hooks);
  ASSERT_TRUE(outcome && *outcome == Outcome::Done);
  EXPECT_THAT(validated, testing::ElementsAre(4, 6));
  const auto last = readFile(paths.last), best = readFile(paths.best);
  paths = {folder.path() / "whole-last", folder.path() / "whole-best"};
  ASSERT_TRUE(train(test::makeNetwork(plan), hooks));
  EXPECT_EQ(last.value(), readFile(paths.last).value());
  EXPECT_EQ(best.value(), readFile(paths.best).value());
}

TEST_F(Training, LogsTheGramOfTheWeightedTaskGradients) {
  plan.training.steps = 1;
  plan.conflict.every = 1;
  ASSERT_TRUE(train(test::makeNetwork(plan)));
  ASSERT_EQ(events["conflict"].size(), 1u);
  const auto& event = events["conflict"][0];
  EXPECT_NEAR(event["weights"][0].get<double>(), 2.0 / 3, 1e-12);

  auto network = test::makeNetwork(plan);
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  const auto batch = *feed::BatchSource(*data, plan).batch(0);
  const auto outputs = network->forward(batch.images, batch.routing);
  std::vector<Projector> none;
  const auto loss = objective(plan, batch, outputs, nullptr, none);
  const auto shared = network->sharedWeights();
  const auto layers = network->adaptedLayers();
  ASSERT_EQ(event["layers"].size(), layers.size());
  // A task's gradient alone: the loss of a plan in which the other task's logits are cut off.
  std::vector<std::vector<torch::Tensor>> gradients;
  for (std::size_t t = 0; t < 2; ++t) {
    auto cut = outputs;
    cut.logits[1 - t] = cut.logits[1 - t].detach();
    gradients.push_back(torch::autograd::grad({objective(plan, batch, cut, nullptr, none).total}, shared, {}, true));
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& matrix = event["layers"][layers[l].name];
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = 0; j < 2; ++j) {
        const double expected = (gradients[i][l] * gradients[j][l]).sum().item<double>();
        const double scale = (gradients[i][l].norm() * gradients[j][l].norm()).item<double>();
        EXPECT_NEAR(matrix[i][j].get<double>(), expected, 1e-4 * scale) << layers[l].name;
      }
  }
}

TEST_F(Training, ObeysControl) {
  plan.training.checkpointEvery = 1000;
  Hooks hooks;
  bool written = false;
  hooks.control = [&](std::int64_t s, double) {
    if (s == 2) return Control::Checkpoint;
    if (s == 3) written = reached(paths.last, plan::digest(plan)).value_or(Reached{-1}).step == 2;
    return s == 4 ? Control::Stop : Control::Continue;
  };
  const auto outcome = train(test::makeNetwork(plan), hooks);
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(*outcome, Outcome::Stopped);
  EXPECT_TRUE(written);
  EXPECT_EQ(step, 4);
  EXPECT_EQ(reached(paths.last, "").value().step, 4);
}

TEST_F(Training, TheTimeLeftKnowsOfTheValidationToCome) {
  plan.training.validateEvery = 4;
  std::map<std::int64_t, double> left;
  Hooks hooks;
  hooks.control = [&](std::int64_t s, double seconds) {
    left[s] = seconds;
    return Control::Continue;
  };
  hooks.validate = [](nn::Network&, std::int64_t, const auto&) -> Result<Validation> {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return Validation{0.5, {{"bright", {{"dice", 0.5}}}}};
  };
  ASSERT_TRUE(train(test::makeNetwork(plan), hooks));
  EXPECT_EQ(left[0], -1);
  // One step is left and a validation of a second: not a step's share of the validation before.
  EXPECT_GE(left[7], 1);
}

TEST_F(Training, KeepsTheWeightsOfTheBestValidation) {
  plan.training.validateEvery = 2;
  std::map<std::int64_t, nn::NamedTensors> seen;
  Hooks hooks;
  hooks.validate = [&](nn::Network& network, std::int64_t s, const auto&) -> Result<Validation> {
    seen[s] = test::snapshot(network);
    network->eval();  // whatever validation does, training goes on in training mode
    return Validation{s == 4 ? 0.7 : 0.1, {{"bright", {{"dice", 0.7}}}}};
  };
  auto student = test::makeNetwork(plan);
  ASSERT_TRUE(train(student, hooks));
  EXPECT_TRUE(student->is_training());
  ASSERT_EQ(events["validation"].size(), 4u);
  EXPECT_EQ(events["validation"][0]["best"], true);
  EXPECT_EQ(events["validation"][1]["best"], true);
  EXPECT_EQ(events["validation"][2]["best"], false);
  EXPECT_EQ(events["validation"][1]["metrics"]["bright"]["dice"], 0.7);
  auto best = test::makeNetwork(plan, 4, true, 99);
  ASSERT_TRUE(loadWeights(best, paths.best, plan::digest(plan)));
  EXPECT_EQ(test::differences(test::snapshot(best), seen[4]), 0);
  EXPECT_EQ(reached(paths.best, "").value().step, 4);
}

TEST_F(Training, StopsAtNumbersThatAreNotFinite) {
  Hooks hooks;
  hooks.control = [](std::int64_t s, double) { return s == 2 ? Control::Stop : Control::Continue; };
  ASSERT_TRUE(train(test::makeNetwork(plan), hooks));
  const auto kept = readFile(paths.last).value();

  test::PreparedFolder damaged;  // the volumes of the second task alone
  const auto mask = torch::ones({1, 24, 24, 24}, torch::kUInt8);
  damaged.addVolume("good", "train", torch::randn({24, 24, 24}), {{0, mask}});
  damaged.addVolume("bad", "train", torch::full({24, 24, 24}, NAN), {{1, torch::cat({mask, mask})}});
  damaged.writeIndex();
  const auto data = feed::Dataset::open(damaged.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  feed::BatchSource batches(*data, plan);
  Trainer trainer(plan, test::makeNetwork(plan), nullptr, torch::kCPU);
  const auto outcome = trainer.run(batches, paths, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Numeric);
  EXPECT_THAT(outcome.error().text(), testing::HasSubstr("step 3"));
  EXPECT_THAT(outcome.error().text(), testing::HasSubstr("task 'dark'"));
  EXPECT_EQ(readFile(paths.last).value(), kept);
}

TEST_F(Training, LeavesFactorsOfAbsentTasksAlone) {
  plan.training.batch = 1;
  plan.training.steps = 1;  // task 0 alone
  plan.training.warmup = 0;
  auto student = test::makeNetwork(plan);
  const auto before = test::snapshot(student);
  ASSERT_TRUE(train(student));
  const auto after = test::snapshot(student);
  int changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& name = before[i].first;
    const bool same = before[i].second.equal(after[i].second);
    if (name.ends_with(".1") || name.find("heads.dark") != std::string::npos) {
      EXPECT_TRUE(same) << name;
    }
    changed += name.ends_with("b.0") && !same;
  }
  EXPECT_GT(changed, 3);
}

TEST_F(Training, RefusesTeachersOfOtherTasks) {
  auto other = plan;
  other.tasks[1].second.classes.pop_back();
  const auto outcome = train(test::makeNetwork(plan), {}, test::makeNetwork(other, 6, false));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Mismatch);
  EXPECT_THAT(outcome.error().text(), testing::HasSubstr("teacher"));
  EXPECT_FALSE(std::filesystem::exists(paths.last));
}

TEST_F(Training, PassesErrorsOfFeedAndValidationOn) {
  Hooks hooks;
  hooks.validate = [](nn::Network&, std::int64_t, const auto&) -> Result<Validation> {
    return fail(ErrorCode::Io, "no disk");
  };
  EXPECT_EQ(train(test::makeNetwork(plan), hooks).error().code, ErrorCode::Io);
  plan.data.patch = {15, 15, 15};  // no multiple of what the network halves
  std::filesystem::remove(paths.last);
  const auto outcome = train(test::makeNetwork(plan));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(outcome.error().text(), testing::HasSubstr("data.patch"));
}

TEST_F(Training, LearnsBothTasks) {
  plan.training.steps = 80;
  plan.training.batch = 4;
  plan.training.warmup = 10;
  plan.training.learningRate = 0.02;
  plan.data.foreground = 1;
  auto student = test::makeNetwork(plan, 8);
  ASSERT_TRUE(train(student));
  student->eval();
  torch::NoGradGuard guard;
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  feed::BatchSource batches(*data, plan);
  double overlap[2] = {}, sizes[2] = {};
  for (int s = 500; s < 506; ++s) {
    const auto batch = *batches.batch(s);
    const auto outputs = student->forward(batch.images, batch.routing);
    for (std::size_t j = 0; j < 2; ++j) {
      const auto found = outputs.logits[j] > 0, truth = batch.targets[j] > 0;
      overlap[j] += 2 * found.logical_and(truth).sum().item<double>();
      sizes[j] += found.sum().item<double>() + truth.sum().item<double>();
    }
  }
  EXPECT_GT(overlap[0] / sizes[0], 0.9);
  EXPECT_GT(overlap[1] / sizes[1], 0.9);
}

}  // namespace
}  // namespace lorkd::train
