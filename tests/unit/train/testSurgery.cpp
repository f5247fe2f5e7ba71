// Gradient surgery against cases that can be done by hand, and in trainings.
#include <gmock/gmock.h>

#include <cmath>

#include "core/base/Random.h"
#include "core/train/Objective.h"
#include "core/train/Surgery.h"
#include "tests/unit/train/Rehearsal.h"

namespace lorkd::train {
namespace {

torch::Tensor vector(std::initializer_list<double> values) {
  return torch::tensor(std::vector<double>(values), torch::kFloat64);
}

plan::Plan planOf(plan::PlanMethod method, int tasks) {
  plan::Plan plan;
  plan.method = method;
  for (int t = 0; t < tasks; ++t) plan.tasks.emplace_back("task" + std::to_string(t), test::makeTask({"a"}));
  return plan;
}

/// The combination of some gradients of one parameter.
torch::Tensor combine(plan::PlanMethod method, const std::vector<torch::Tensor>& gradients) {
  std::vector<TaskGradient> all;
  for (const auto& g : gradients) all.push_back({g});
  Surgery surgery(planOf(method, static_cast<int>(gradients.size())), {{"w", gradients[0]}});
  return surgery.combine(all, 3)[0];
}

void expectNear(const torch::Tensor& found, const torch::Tensor& expected, double tolerance = 1e-12) {
  EXPECT_LT((found - expected).abs().max().item<double>(), tolerance) << found << "\nexpected\n" << expected;
}

constexpr auto everyMethod = {plan::PlanMethod::Pcgrad, plan::PlanMethod::Moco, plan::PlanMethod::AlignedMtl};

TEST(Surgery, LeavesOrthogonalGradientsOfEqualLengthTheirSum) {
  for (const auto method : everyMethod)
    expectNear(combine(method, {vector({2, 0, 0}), vector({0, 2, 0}), vector({0, 0, 2})}), vector({2, 2, 2}));
  expectNear(combine(plan::PlanMethod::Pcgrad, {vector({3, 1, 0}), vector({1, 2, 0})}), vector({4, 3, 0}));
}

TEST(Surgery, PcgradProjectsWhatConflicts) {
  // g1 = (1, 0), g2 = (−1, 1): g1 − (g1·g2/|g2|²) g2 = (1/2, 1/2); g2 − (g2·g1/|g1|²) g1 = (0, 1).
  expectNear(combine(plan::PlanMethod::Pcgrad, {vector({1, 0}), vector({-1, 1})}), vector({0.5, 1.5}));
}

TEST(Surgery, PcgradEqualsItsAlgorithmInVectors) {
  torch::manual_seed(3);
  const auto g = torch::randn({3, 2}, torch::kFloat64);  // three in a plane: conflicts for sure
  const auto c = pcgradCoefficients(g.matmul(g.t()), 77);
  // With three tasks each one meets the two others in one of two orders: the result is one of eight.
  std::vector<torch::Tensor> results;
  for (int orders = 0; orders < 8; ++orders) {
    auto sum = torch::zeros({2}, torch::kFloat64);
    for (std::int64_t i = 0; i < 3; ++i) {
      std::int64_t others[2] = {(i + 1) % 3, (i + 2) % 3};
      if (orders >> i & 1) std::swap(others[0], others[1]);
      auto own = g[i].clone();
      for (const auto j : others) {
        const double dot = own.dot(g[j]).item<double>();
        if (dot < 0) own -= dot / g[j].square().sum().item<double>() * g[j];
      }
      sum += own;
    }
    results.push_back(sum);
  }
  const auto found = g.t().matmul(c);
  double nearest = 1e9;
  for (const auto& result : results) nearest = std::min(nearest, (result - found).abs().max().item<double>());
  EXPECT_LT(nearest, 1e-12);
  EXPECT_TRUE(c.equal(pcgradCoefficients(g.matmul(g.t()), 77)));
  std::set<double> answers;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    answers.insert(pcgradCoefficients(g.matmul(g.t()), seed).sum().item<double>());
  EXPECT_GT(answers.size(), 1u) << "the order is not random";
}

TEST(Surgery, AlignedGradientsHaveConditionNumberOne) {
  torch::manual_seed(4);
  auto g = torch::randn({3, 6}, torch::kFloat64);
  g[1] *= 20;        // dominates
  g[2] -= 3 * g[0];  // conflicts
  const auto k = g.matmul(g.t());
  const auto sum = combine(plan::PlanMethod::AlignedMtl, {g[0], g[1], g[2]});
  // Independent of the eigenvectors of K: the nearest orthogonal system is U·Vᵀ of the singular value decomposition.
  const auto [u, s, vh] = torch::linalg_svd(g, /*full_matrices=*/false);
  const auto aligned = s.min() * u.matmul(vh);
  expectNear(torch::linalg_svdvals(aligned) / s.min(), torch::ones({3}, torch::kFloat64));
  expectNear(sum, aligned.sum(0), 1e-9);
  // The result agrees with every task as far as it goes.
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(sum.dot(aligned[i]).item<double>(), s.min().square().item<double>(), 1e-9);
  // A task twice, or without a gradient, does not blow it up.
  EXPECT_TRUE(combine(plan::PlanMethod::AlignedMtl, {g[0], g[0]}).isfinite().all().item<bool>());
  expectNear(combine(plan::PlanMethod::AlignedMtl, {g[0], torch::zeros_like(g[0])}), g[0], 1e-9);
}

TEST(Surgery, ProjectsOntoTheSimplex) {
  expectNear(ontoSimplex(vector({0.2, 0.3, 0.5})), vector({0.2, 0.3, 0.5}));
  expectNear(ontoSimplex(vector({5, 0, 0})), vector({1, 0, 0}));
  expectNear(ontoSimplex(vector({0.6, 0.6, -1})), vector({0.5, 0.5, 0}));
}

TEST(Surgery, MocoFindsTheShortestVectorOfTheHullDespiteNoise) {
  // Two quadratics at a point where their gradients are (4, 1) and (−1, 1): the shortest convex combination is (0, 1),
  // at λ = (1/5, 4/5).
  Surgery surgery(planOf(plan::PlanMethod::Moco, 2), {{"w", vector({0, 0})}});
  Random random(5);
  const auto noise = [&] { return vector({random.normal(0, 0.3), random.normal(0, 0.3)}); };
  torch::Tensor found, late = torch::zeros({2}, torch::kFloat64);
  for (std::int64_t step = 0; step < 4000; ++step) {
    found = surgery.combine({{vector({4, 1}) + noise()}, {vector({-1, 1}) + noise()}}, step)[0];
    if (step >= 3000) late += found / 1000;
  }
  expectNear(late / 2, vector({0, 1}), 0.05);  // T = 2
  expectNear(found / 2, vector({0, 1}), 0.2);  // one noisy gradient is 0.3 off
  expectNear(surgery.state()[0].second, vector({0.2, 0.8}), 0.05);
}

TEST(Surgery, MocoDescendsToAParetoPoint) {
  // f1 = |w − a|², f2 = 3|w − b|²: Pareto points lie between a and b, where the shortest combination vanishes.
  const auto a = vector({1, 0}), b = vector({0, 1});
  auto w = vector({2, 2});
  Surgery surgery(planOf(plan::PlanMethod::Moco, 2), {{"w", w}});
  for (std::int64_t step = 0; step < 3000; ++step)
    w = w - 0.02 * surgery.combine({{2 * (w - a)}, {6 * (w - b)}}, step)[0];
  EXPECT_NEAR(w[0].item<double>() + w[1].item<double>(), 1, 1e-3);
  EXPECT_GT(w.min().item<double>(), -1e-3);
}

TEST(Surgery, LeavesOutTasksThatAreNotInTheBatch) {
  for (const auto method : everyMethod) {
    Surgery surgery(planOf(method, 2), {{"w", vector({0, 0})}});
    if (method != plan::PlanMethod::Moco) {
      expectNear(surgery.combine({{}, {vector({1, 2})}}, 0)[0], vector({1, 2}), 1e-9);
      continue;
    }
    // MoCo remembers: an absent task's tracked gradient stays.
    surgery.combine({{vector({2, 0})}, {vector({0, 2})}}, 0);
    expectNear(surgery.combine({{}, {vector({0, 2})}}, 1)[0], vector({2, 2}));
  }
}

class SurgeryTraining : public testing::TestWithParam<plan::PlanMethod>, public test::Rehearsal {};

TEST_P(SurgeryTraining, CombinesTheTasksOfABatch) {
  plan.method = GetParam();
  plan.training.optimiser = plan::TrainingOptimiser::Sgd;
  plan.training.momentum = plan.training.weightDecay = plan.training.gradientClip = 0;
  plan.training.steps = 1;
  plan.training.warmup = 0;
  plan.training.schedule = plan::TrainingSchedule::Constant;
  plan.conflict.every = 1;
  const auto after = train("run");
  ASSERT_TRUE(outcome) << outcome.error().text();

  // The same with flat vectors of autograd: a task's gradient alone is that of its own forward pass (no batch norm
  // here).
  auto network = test::makeNetwork(plan, 4, false);
  const auto before = test::snapshot(network);
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  const auto batch = *feed::BatchSource(*data, plan).batch(0);
  std::vector<Projector> none;
  std::vector<TaskGradient> gradients(2);
  std::map<std::string, torch::Tensor> heads;
  for (std::size_t t = 0; t < 2; ++t) {
    const auto& slice = batch.routing.slices[t];
    feed::Batch alone;
    alone.images = batch.images.slice(0, slice.begin, slice.end);
    alone.routing.slices = {{slice.task, 0, slice.size()}};
    alone.targets = {batch.targets[t]};
    network->zero_grad();
    const double weight = static_cast<double>(slice.size()) / static_cast<double>(batch.routing.batch());
    (objective(plan, alone, network->forward(alone.images, alone.routing), nullptr, none).total * weight).backward();
    std::vector<torch::Tensor> flat;
    for (const auto& item : network->named_parameters())
      if (item.key().starts_with("backbone."))
        flat.push_back(item.value().grad().flatten().to(torch::kFloat64));
      else if (item.value().grad().defined() && item.value().grad().abs().sum().item<float>() > 0)
        heads[item.key()] = item.value().grad().clone();
    gradients[t] = {torch::cat(flat)};
  }
  Surgery surgery(plan, {{"flat", gradients[0][0]}});
  auto expected = surgery.combine(gradients, 0)[0];
  std::int64_t at = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& name = before[i].first;
    const auto moved = (before[i].second - after[i].second).flatten().to(torch::kFloat64) / plan.training.learningRate;
    torch::Tensor truth;
    if (name.starts_with("backbone.")) {
      truth = expected.slice(0, at, at + moved.numel());
      at += moved.numel();
    } else {
      truth = heads.at(name).flatten().to(torch::kFloat64);
    }
    EXPECT_LT((moved - truth).norm().item<double>(), 2e-3 * expected.norm().item<double>()) << name;
  }
  EXPECT_EQ(at, expected.numel());

  // Conflict is measured on the way.
  const auto& event = events["run"]["conflict"].at(1);
  double sum = 0;
  for (const auto& [layer, matrix] : event["layers"].items()) sum += matrix[0][1].get<double>();
  double shared = 0;
  at = 0;
  const auto weights = network->sharedWeights();
  for (const auto& item : network->named_parameters()) {
    if (!item.key().starts_with("backbone.")) continue;
    const auto part = [&](std::size_t t) { return gradients[t][0].slice(0, at, at + item.value().numel()); };
    for (const auto& weight : weights)
      if (weight.unsafeGetTensorImpl() == item.value().unsafeGetTensorImpl())
        shared += part(0).dot(part(1)).item<double>();
    at += item.value().numel();
  }
  EXPECT_NEAR(sum, shared, 1e-3 * std::abs(shared) + 1e-7);
}

TEST_P(SurgeryTraining, LearnsAndResumesToTheBit) {
  plan.method = GetParam();
  plan.training.accumulate = 2;
  expectResumesToTheBit();
  const auto& steps = events["whole"]["step"];
  EXPECT_LT(steps.at(8)["total"].get<double>(), steps.at(1)["total"].get<double>());
}

TEST_P(SurgeryTraining, TakesNoTeacher) {
  plan.method = GetParam();
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  feed::BatchSource batches(*data, plan);
  Trainer trainer(plan, test::makeNetwork(plan, 4, false), test::makeNetwork(plan, 6, false), torch::kCPU);
  const auto done = trainer.run(batches, paths("none"), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, SurgeryTraining, testing::ValuesIn(everyMethod),
                         [](const auto& info) { return plan::toString(info.param); });

}  // namespace
}  // namespace lorkd::train
