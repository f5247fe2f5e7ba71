#include <gtest/gtest.h>

#include "core/train/Losses.h"
#include "core/train/Objective.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::train {
namespace {

double value(const Objective& loss, std::size_t slice, const std::string& name) {
  for (const auto& term : loss.terms)
    if (term.slice == slice && term.name == name) return term.value.item<double>();
  return NAN;
}

/// One forward pass of a student and a wider teacher over a hand-made batch of two tasks.
struct Pass {
  explicit Pass(const plan::Plan& p)
      : plan(p), student(test::makeNetwork(plan)), teacher(test::makeNetwork(plan, 6, false, 4)) {
    torch::manual_seed(5);
    const bool pictures = plan.tasks[0].second.kind == plan::TaskKind::Classification;
    batch.images = pictures ? torch::randn({4, 1, 16, 16}) : torch::randn({4, 1, 8, 8, 8});
    batch.routing.slices = {{0, 0, 3}, {1, 3, 4}};
    if (pictures)
      batch.targets = {torch::tensor({0, 1, 3}, torch::kInt64), torch::tensor({1}, torch::kInt64)};
    else
      batch.targets = {(torch::rand({3, 1, 8, 8, 8}) < 0.3).to(torch::kFloat32), torch::zeros({1, 2, 8, 8, 8})};
    torch::NoGradGuard guard;
    taught = teacher->forward(batch.images, batch.routing);
  }
  Objective loss(std::vector<Projector> projectors) {
    outputs = student->forward(batch.images, batch.routing);
    return objective(plan, batch, outputs, &taught, projectors);
  }
  plan::Plan plan;
  nn::Network student, teacher;
  feed::Batch batch;
  nn::Outputs outputs, taught;
};

TEST(Objective, WeightsTasksByTheirSamples) {
  auto plan = test::ballPlan();
  plan.losses.dice = 2;
  plan.losses.bce = 3;
  plan.losses.transfer = 0.5;
  plan.losses.transferLogits = 0.25;
  plan.losses.temperature = 2;
  Pass pass(plan);
  Projector projector(6, 4);
  const auto loss = pass.loss({projector});
  const auto features = softmaxTransfer(projector->forward(pass.taught.features), pass.outputs.features, 2);
  double total = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    const auto& logits = pass.outputs.logits[j];
    const auto begin = pass.batch.routing.slices[j].begin, end = pass.batch.routing.slices[j].end;
    const double dice = diceLoss(logits, {pass.batch.targets[j], {}}).item<double>();
    const double bce = bceLoss(logits, {pass.batch.targets[j], {}}).item<double>();
    const double transfer = features.slice(0, begin, end).mean().item<double>();
    const double logit = bernoulliTransfer(pass.taught.logits[j], logits, 2).item<double>();
    EXPECT_NEAR(value(loss, j, "dice"), dice, 1e-6);
    EXPECT_NEAR(value(loss, j, "bce"), bce, 1e-6);
    EXPECT_NEAR(value(loss, j, "transfer"), transfer, 1e-6);
    EXPECT_NEAR(value(loss, j, "transfer_logits"), logit, 1e-6);
    const double task = 2 * dice + 3 * bce + 0.5 * transfer + 0.25 * logit;
    EXPECT_NEAR(value(loss, j, "total"), task, 1e-5);
    total += task * (j == 0 ? 0.75 : 0.25);
  }
  EXPECT_NEAR(loss.total.item<double>(), total, 1e-5);
}

TEST(Objective, TrainsProjectorAndStudentButNotTheTeacher) {
  for (const auto& plan : {test::ballPlan(), test::picturePlan()}) {
    auto transferOnly = plan;
    transferOnly.losses.dice = transferOnly.losses.bce = transferOnly.losses.crossEntropy = 0;
    Pass pass(transferOnly);
    Projector projector(6, 4);
    auto loss = pass.loss({projector});
    loss.total.backward();
    for (const auto& parameter : projector->parameters()) {
      ASSERT_TRUE(parameter.grad().defined());
      EXPECT_GT(parameter.grad().abs().max().item<float>(), 0);
    }
    EXPECT_GT(pass.student->sharedWeights()[0].grad().abs().max().item<float>(), 0);
    for (const auto& parameter : pass.teacher->parameters()) EXPECT_FALSE(parameter.grad().defined());
  }
}

TEST(Objective, OneProjectorATaskLearnsFromItsTaskAlone) {
  auto plan = test::picturePlan();
  plan.losses.crossEntropy = 0;
  Pass pass(plan), same(plan);
  std::vector<Projector> apart{Projector(6, 4), Projector(6, 4)};
  auto loss = pass.loss(apart);
  for (std::size_t task = 0; task < 2; ++task)
    EXPECT_NEAR(value(loss, task, "transfer"), value(same.loss({apart[task]}), task, "transfer"), 1e-7);
  loss.total.backward();
  const auto whole = apart[1]->parameters()[0].grad().clone();
  for (auto& projector : apart) projector->zero_grad();
  // Without the first task's samples in the sum the second projector learns just the same.
  auto again = pass.loss(apart);
  (again.total - 0.75 * plan.losses.transfer *
                     softmaxTransfer(apart[0]->forward(pass.taught.features.slice(0, 0, 3)),
                                     pass.outputs.features.slice(0, 0, 3), plan.losses.temperature)
                         .mean())
      .backward();
  EXPECT_TRUE(torch::allclose(apart[1]->parameters()[0].grad(), whole));
  EXPECT_LT(apart[0]->parameters()[0].grad().abs().max().item<float>(), 1e-6);
}

TEST(Objective, LeavesOutWhatWeighsNothing) {
  auto plan = test::picturePlan();
  plan.losses.transfer = 0;
  Pass pass(plan);
  std::vector<Projector> none;
  const auto loss = pass.loss(none);
  EXPECT_TRUE(std::isnan(value(loss, 0, "transfer")));
  EXPECT_TRUE(std::isnan(value(loss, 0, "transfer_logits")));
  EXPECT_TRUE(std::isnan(value(loss, 0, "dice")));
  EXPECT_NEAR(value(loss, 0, "total"), value(loss, 0, "cross_entropy"), 1e-6);

  plan.losses.crossEntropy = 0;
  Pass nothing(plan);
  const auto zero = nothing.loss(none);
  EXPECT_EQ(zero.total.item<double>(), 0);
  EXPECT_NO_THROW(zero.total.backward());
}

// METHOD: Dice and BCE at every level, weighted 1/2^level, the weights normalised.
TEST(Objective, SupervisesEveryDecoderLevel) {
  auto plan = test::ballPlan();
  plan.losses.dice = 2;
  plan.losses.bce = 3;
  plan.losses.transfer = plan.losses.transferLogits = 0;
  torch::manual_seed(6);
  nn::Outputs out;
  feed::Batch batch;
  batch.routing.slices = {{0, 0, 1}, {1, 1, 4}};
  for (std::size_t j = 0; j < 2; ++j) {
    const auto n = batch.routing.slices[j].size(), classes = j == 0 ? 1L : 2L;
    out.logits.push_back(torch::randn({n, classes, 8, 16, 8}));
    out.coarser.push_back({torch::randn({n, classes, 4, 8, 4}), torch::randn({n, classes, 2, 4, 2})});
    batch.targets.push_back((torch::rand({n, classes, 8, 16, 8}) < 0.05).to(torch::kFloat32));
  }
  std::vector<Projector> none;
  const auto loss = objective(plan, batch, out, nullptr, none);
  double total = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    // A coarse voxel is of a class if any of the fine ones below it is.
    const auto down = [&](std::int64_t factor) {
      auto blocks = batch.targets[j];
      for (const std::int64_t axis : {2, 3, 4}) {
        auto sizes = blocks.sizes().vec();
        sizes[static_cast<std::size_t>(axis)] /= factor;
        sizes.insert(sizes.begin() + axis + 1, factor);
        blocks = blocks.reshape(sizes).amax(axis + 1);
      }
      return blocks;
    };
    const auto level = [&](auto f) {
      return (4 * f(out.logits[j], Truth{batch.targets[j], {}}).template item<double>() +
              2 * f(out.coarser[j][0], Truth{down(2), {}}).template item<double>() +
              f(out.coarser[j][1], Truth{down(4), {}}).template item<double>()) /
             7;
    };
    EXPECT_NEAR(value(loss, j, "dice"), level(diceLoss), 1e-6);
    EXPECT_NEAR(value(loss, j, "bce"), level(bceLoss), 1e-6);
    const double task = 2 * level(diceLoss) + 3 * level(bceLoss);
    EXPECT_NEAR(value(loss, j, "total"), task, 1e-5);
    total += task * (j == 0 ? 0.25 : 0.75);
  }
  EXPECT_NEAR(loss.total.item<double>(), total, 1e-5);
}

// A whole step through a supervised U-Net, in both dimensions.
TEST(Objective, ReachesTheCoarserHeads) {
  for (const int dims : {2, 3}) {
    const auto plan = test::ballPlan();
    nn::Network net(nn::makeUNet({dims, 1, {4, 6, 8}, true}, {}).value(),
                    std::vector<nn::HeadSpec>{{"bright", 1, true}, {"dark", 2, true}});
    feed::Batch batch;
    batch.routing = nn::Routing::single(1, 2);
    std::vector<std::int64_t> sizes{2, 1, 8, 8};
    if (dims == 3) sizes.push_back(8);
    batch.images = torch::randn(sizes);
    sizes[1] = 2;
    batch.targets = {(torch::rand(sizes) < 0.2).to(torch::kFloat32)};
    std::vector<Projector> none;
    objective(plan, batch, net->forward(batch.images, batch.routing), nullptr, none).total.backward();
    const auto parameters = net->named_parameters();
    EXPECT_GT(parameters["supervision.dark.0.weight"].grad().abs().max().item<double>(), 0);
    EXPECT_FALSE(parameters["supervision.bright.0.weight"].grad().defined());
  }
}

TEST(Projector, IsTheSameMapForEveryVoxel) {
  Projector projector(3, 5);
  const auto pooled = torch::randn({2, 3});
  const auto dense = pooled.view({2, 3, 1, 1, 1}).expand({2, 3, 2, 3, 4});
  const auto mapped = projector->forward(dense);
  EXPECT_EQ(mapped.sizes(), (std::vector<std::int64_t>{2, 5, 2, 3, 4}));
  const auto expected = projector->forward(pooled).view({2, 5, 1, 1, 1}).expand_as(mapped);
  EXPECT_TRUE(mapped.allclose(expected, 1e-5, 1e-6));
}

// A flag for each class of an image: LibTorch's own binary cross-entropy over those that are known.
TEST(Objective, OverlappingClassesAreBinaryQuestionsWhereTheyAreKnown) {
  auto plan = test::picturePlan();
  plan.losses.crossEntropy = 2;
  plan.losses.transferLogits = 0.5;
  plan.losses.transfer = 0;
  for (auto& [name, task] : plan.tasks) task.outputs = plan::TaskOutputs::Overlapping;
  Pass pass(plan);
  const auto flags = torch::tensor({{1, 0, 255, 1}, {0, 255, 255, 1}, {1, 1, 0, 0}}, torch::kUInt8);
  pass.batch.targets = {flags, torch::full({1, 2}, 255, torch::kUInt8)};
  const auto loss = pass.loss({});
  const auto& logits = pass.outputs.logits[0];
  const auto each =
      torch::binary_cross_entropy_with_logits(logits, (flags == 1).to(torch::kFloat32), {}, {}, at::Reduction::None);
  const double bce = each.masked_select(flags != 255).mean().item<double>();
  EXPECT_NEAR(value(loss, 0, "bce"), bce, 1e-6);
  EXPECT_TRUE(std::isnan(value(loss, 0, "cross_entropy")));
  EXPECT_EQ(value(loss, 1, "bce"), 0) << "nothing is known of it";
  const double logit = bernoulliTransfer(pass.taught.logits[0], logits, 1).item<double>();
  EXPECT_NEAR(value(loss, 0, "transfer_logits"), logit, 1e-6);
  EXPECT_NEAR(value(loss, 0, "total"), 2 * bce + 0.5 * logit, 1e-5);
  const auto gradient = torch::autograd::grad({loss.total}, {logits}, {}, true)[0];
  EXPECT_TRUE(gradient.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace lorkd::train
