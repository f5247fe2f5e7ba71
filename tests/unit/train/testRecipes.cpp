// Accumulation, the average of the weights, patience, averaged conflict.
#include <gmock/gmock.h>

#include <cmath>

#include "core/train/Objective.h"
#include "tests/unit/train/Rehearsal.h"

namespace lorkd::train {
namespace {

class Recipes : public testing::Test, public test::Rehearsal {};

/// All samples of several batches in one, sorted by task.
feed::Batch joined(const std::vector<feed::Batch>& batches, int tasks) {
  feed::Batch out;
  std::vector<torch::Tensor> images;
  std::int64_t row = 0;
  for (int t = 0; t < tasks; ++t) {
    std::vector<torch::Tensor> targets;
    const auto begin = row;
    for (const auto& batch : batches)
      for (std::size_t j = 0; j < batch.routing.slices.size(); ++j) {
        const auto& slice = batch.routing.slices[j];
        if (slice.task != t) continue;
        images.push_back(batch.images.slice(0, slice.begin, slice.end));
        targets.push_back(batch.targets[j]);
        row += slice.size();
      }
    out.routing.slices.push_back({t, begin, row});
    out.targets.push_back(torch::cat(targets));
  }
  out.images = torch::cat(images);
  return out;
}

TEST_F(Recipes, AccumulatedBatchesEqualOneLargeBatch) {
  plan.training.optimiser = plan::TrainingOptimiser::Sgd;
  plan.training.momentum = plan.training.weightDecay = plan.training.gradientClip = 0;
  plan.training.accumulate = 3;
  plan.training.steps = 2;
  plan.training.warmup = 0;
  plan.training.schedule = plan::TrainingSchedule::Constant;
  plan.losses.dice = 0;  // the Dice loss sees a batch's samples together, so its mean over batches is another figure
  train("run");
  ASSERT_TRUE(outcome) << outcome.error().text();

  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  feed::BatchSource source(*data, plan);
  auto large = test::makeNetwork(plan);
  std::vector<Projector> none;
  for (std::int64_t step = 0; step < 2; ++step) {
    std::vector<feed::Batch> batches;
    for (std::int64_t k = 0; k < 3; ++k) batches.push_back(*source.batch(3 * step + k));
    const auto batch = joined(batches, 2);
    large->zero_grad();
    const auto loss = objective(plan, batch, large->forward(batch.images, batch.routing), nullptr, none);
    loss.total.backward();
    const auto& event = events["run"]["step"][step + 1];
    EXPECT_NEAR(event["total"].get<double>(), loss.total.item<double>(), 1e-5);
    for (const auto& term : loss.terms)
      EXPECT_NEAR(event["losses"][plan.tasks[term.slice].first][term.name].get<double>(), term.value.item<double>(),
                  1e-5);
    double norm = 0;
    const torch::NoGradGuard guard;
    for (auto& parameter : large->parameters()) {
      norm += parameter.grad().square().sum().item<double>();
      parameter -= plan.training.learningRate * parameter.grad();
    }
    EXPECT_NEAR(event["gradient_norm"].get<double>(), std::sqrt(norm), 1e-4 * std::sqrt(norm));
  }
  const auto truth = test::snapshot(large), start = test::snapshot(test::makeNetwork(plan));
  auto student = test::makeNetwork(plan, 4, true, 9);
  ASSERT_TRUE(loadWeights(student, paths("run").last, ""));
  const auto found = test::snapshot(student);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double moved = (truth[i].second - start[i].second).norm().item<double>();
    EXPECT_LT((found[i].second - truth[i].second).norm().item<double>(), 2e-3 * moved + 1e-7) << truth[i].first;
  }
}

TEST_F(Recipes, AccumulationResumesToTheBit) {
  plan.training.accumulate = 2;
  expectResumesToTheBit();
}

TEST_F(Recipes, TheAverageIsValidatedAndSavedAsBest) {
  plan.training.ema = 0.6;
  train("run");
  ASSERT_TRUE(outcome) << outcome.error().text();
  // weights[n] are those after n steps; the last ones are in the checkpoint.
  const auto file = safetensors::File::open(paths("run").last).value();
  std::vector<nn::NamedTensors> all = weights;
  auto& end = all.emplace_back(weights.back());
  for (auto& [name, tensor] : end) tensor = nn::mappedTensor(file, "student." + name).value().clone();
  auto best = test::makeNetwork(plan, 4, true, 9), last = test::makeNetwork(plan, 4, true, 9);
  ASSERT_TRUE(loadWeights(best, paths("run").best, ""));
  ASSERT_TRUE(loadWeights(last, paths("run").last, ""));
  const auto inBest = test::snapshot(best), inLast = test::snapshot(last);
  for (std::size_t i = 0; i < end.size(); ++i) {
    auto average = all[0][i].second.to(torch::kFloat64);
    for (std::size_t n = 1; n <= 8; ++n) {
      const double d = std::min(0.6, (1.0 + static_cast<double>(n)) / (10.0 + static_cast<double>(n)));
      average = d * average + (1 - d) * all[n][i].second.to(torch::kFloat64);
      if (n == 4) {
        EXPECT_LT((seen[4][i].second - average).abs().max().item<double>(), 1e-6);
      }
    }
    EXPECT_LT((seen[8][i].second - average).abs().max().item<double>(), 1e-6) << end[i].first;
    EXPECT_TRUE(inBest[i].second.equal(seen[8][i].second)) << end[i].first;
    EXPECT_TRUE(inLast[i].second.equal(seen[8][i].second)) << end[i].first;
    EXPECT_FALSE(end[i].second.equal(seen[8][i].second)) << end[i].first;
  }
}

TEST_F(Recipes, TheAverageLeavesTheTrainingAlone) {
  const auto plain = train("plain");
  plan.training.ema = 0.9;
  EXPECT_EQ(test::differences(train("averaged"), plain), 0);
}

TEST_F(Recipes, TheAverageResumesToTheBit) {
  plan.training.ema = 0.9;
  expectResumesToTheBit();
}

TEST_F(Recipes, PatienceEndsTheTraining) {
  plan.training.steps = 20;
  plan.training.validateEvery = 2;
  plan.training.patience = 3;
  // Best at step 4; an equal mean is no better one.
  means = [](std::int64_t step) { return step == 4 || step == 6 ? 0.8 : 0.5; };
  train("run");
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(*outcome, Outcome::Done);
  EXPECT_EQ(step, 10);
  EXPECT_EQ(reached(paths("run").last, "").value().step, 10);
  EXPECT_EQ(reached(paths("run").best, "").value().step, 6);
  EXPECT_THAT(logs["run"], testing::Contains(testing::HasSubstr("training.patience")));
  // Asked again, it has nothing left to do.
  events.clear();
  train("run");
  EXPECT_EQ(*outcome, Outcome::Done);
  EXPECT_EQ(step, 10);
  EXPECT_TRUE(events.empty());
}

TEST_F(Recipes, PatienceIsNotTriedWithoutCasesToValidateOn) {
  plan.training.steps = 12;
  plan.training.validateEvery = 2;
  plan.training.patience = 2;
  means = [](std::int64_t) { return 0.0; };
  judged = false;
  train("run");
  EXPECT_EQ(step, 12);
}

TEST_F(Recipes, PatienceSurvivesAKill) {
  plan.training.steps = 20;
  plan.training.validateEvery = 2;
  plan.training.patience = 3;
  plan.training.checkpointEvery = 1;
  means = [](std::int64_t at) { return at == 4 ? 0.8 : 0.5; };
  train("run", 7);  // one validation without a better mean is behind it
  train("run");
  EXPECT_EQ(step, 10);
  means = [](std::int64_t at) { return at == 4 ? 0.8 : at == 10 ? 0.9 : 0.5; };
  train("other", 9);
  train("other");
  EXPECT_EQ(step, 16);  // the better mean began a new count
}

TEST_F(Recipes, ConflictIsTheMeanOfConsecutiveSteps) {
  plan.training.steps = 9;
  plan.conflict.every = 1;
  plan.training.batch = 2;
  train("single");
  plan.conflict.every = 4;
  plan.conflict.batches = 3;
  train("mean");
  ASSERT_TRUE(outcome) << outcome.error().text();
  const auto& single = events["single"]["conflict"];
  ASSERT_EQ(single.size(), 9u);
  const auto& mean = events["mean"]["conflict"];
  ASSERT_EQ(mean.size(), 2u);
  for (const std::int64_t end : {4, 8})
    for (const auto& [layer, matrix] : mean.at(end)["layers"].items())
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 2; ++j) {
          double sum = 0;
          for (std::int64_t s = end - 2; s <= end; ++s) sum += single.at(s)["layers"][layer][i][j].get<double>();
          EXPECT_NEAR(matrix[i][j].get<double>(), sum / 3, 1e-9 * std::abs(sum) + 1e-15) << layer;
        }
  EXPECT_EQ(mean.at(4)["batches"], 3);
  EXPECT_EQ(mean.at(4)["weights"], (Json{0.5, 0.5}));
}

TEST_F(Recipes, ConflictOfAbsentTasksIsNoHarmony) {
  plan.training.steps = 2;
  plan.training.batch = 1;  // one task a batch, in turn
  plan.conflict.every = 1;
  train("single");
  plan.conflict.every = plan.conflict.batches = 2;
  train("mean");
  const auto& mean = events["mean"]["conflict"].at(2);
  EXPECT_EQ(mean["weights"], (Json{1.0, 1.0}));
  for (const auto& [layer, matrix] : mean["layers"].items()) {
    const auto& single = events["single"]["conflict"];
    EXPECT_EQ(matrix[0][0], single.at(1)["layers"][layer][0][0]);
    EXPECT_EQ(matrix[1][1], single.at(2)["layers"][layer][1][1]);
    EXPECT_TRUE(matrix[0][1].is_null() && matrix[1][0].is_null()) << layer;
    EXPECT_TRUE(single.at(1)["layers"][layer][1][1].is_null()) << layer;
  }
  EXPECT_EQ(events["single"]["conflict"].at(1)["weights"], (Json{1.0, 0.0}));
  // The same within one step of several batches.
  plan.training.accumulate = 2;
  plan.conflict.every = plan.conflict.batches = 1;
  train("accumulated");
  for (const auto& [layer, matrix] : events["accumulated"]["conflict"].at(1)["layers"].items()) {
    EXPECT_TRUE(matrix[0][1].is_null()) << layer;
    EXPECT_GT(matrix[0][0].get<double>() * matrix[1][1].get<double>(), 0) << layer;
  }
}

TEST_F(Recipes, AveragedConflictResumesToTheBit) {
  plan.conflict.every = 4;
  plan.conflict.batches = 3;  // the checkpoints of steps 3 and 6 lie within windows
  expectResumesToTheBit();
  EXPECT_EQ(events["killed"]["conflict"].size(), 2u);
  plan.conflict.every = 2;
  plan.conflict.batches = 5;  // windows that overlap
  events.clear();
  for (const char* file : {"whole-last", "killed-last"}) std::filesystem::remove(folder.path() / file);
  expectResumesToTheBit();
  EXPECT_EQ(events["whole"]["conflict"].at(8)["batches"], 5);
}

TEST_F(Recipes, ACheckpointFromTheMiddleOfAValidationIsGoneOnFrom) {
  plan.training.ema = 0.9;  // the average is in the weights' place meanwhile
  plan.training.checkpointEvery = 100;
  const auto whole = train("whole");
  ASSERT_TRUE(outcome) << outcome.error().text();
  const auto validated = seen.at(4);
  during = [](std::int64_t at, const auto& save) {
    if (at != 4) return;
    EXPECT_TRUE(save());
    throw test::Killed{};
  };
  train("killed", 4);
  EXPECT_TRUE(reached(paths("killed").last, "").value().validationDue);
  EXPECT_FALSE(events["killed"].contains("validation"));
  during = nullptr;
  seen.clear();
  const auto resumed = train("killed");
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(test::differences(seen.at(4), validated), 0) << "validated again";
  EXPECT_EQ(test::differences(resumed, whole), 0);
  EXPECT_EQ(bytes("killed-last"), bytes("whole-last"));
  EXPECT_EQ(bytes("killed-best"), bytes("whole-best"));
  for (const auto& [kind, list] : events["whole"]) EXPECT_EQ(events["killed"][kind], list) << kind;
  // Not killed, it leaves no checkpoint that asks for what is done.
  during = [](std::int64_t at, const auto& save) {
    if (at == 4) {
      EXPECT_TRUE(save());
    }
  };
  train("again", 5);
  const auto mark = reached(paths("again").last, "").value();
  EXPECT_EQ(mark.step, 4);
  EXPECT_FALSE(mark.validationDue);
}

TEST_F(Recipes, TheShareOfWaitingIsTold) {
  train("run");
  EXPECT_THAT(logs["run"], testing::Contains(testing::HasSubstr("% of the time of 8 steps was spent waiting")));
}

}  // namespace
}  // namespace lorkd::train
