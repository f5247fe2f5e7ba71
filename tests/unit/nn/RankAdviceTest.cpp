// Advice on problems whose answer is known: by construction, by trying every choice, and by training planted ranks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/Random.h"
#include "core/nn/RankAdvice.h"
#include "core/nn/Spectrum.h"

namespace lorkd::nn {
namespace {

AdaptedLayer linear(const std::string& name, std::int64_t in, std::int64_t out, bool decoder = false) {
  return {name, 0, in, out, 1, decoder};
}

/// A task with the same energies in an encoder layer of 3 + 5 parameters a unit.
TaskDemand demand(const std::string& name, std::vector<double> energy, double conflict = 0) {
  const auto rank = std::ssize(energy);
  return {name, rank, {{linear("layer", 3, 5), rank, std::move(energy), conflict}}};
}

double gainOf(const std::vector<Ladder>& ladders, const std::vector<std::int64_t>& taken) {
  double out = 0;
  for (std::size_t i = 0; i < ladders.size(); ++i)
    for (std::int64_t s = 0; s < taken[i]; ++s) out += ladders[i].gains[static_cast<std::size_t>(s)];
  return out;
}

/// The best choice within the budget, by trying all.
double best(const std::vector<Ladder>& ladders, std::int64_t budget) {
  std::vector<std::int64_t> taken(ladders.size(), 1);
  double out = -1;
  for (;;) {
    std::int64_t cost = 0;
    for (std::size_t i = 0; i < ladders.size(); ++i) cost += taken[i] * ladders[i].cost;
    if (cost <= budget) out = std::max(out, gainOf(ladders, taken));
    std::size_t i = 0;
    while (i < ladders.size() && taken[i] == std::ssize(ladders[i].gains)) taken[i++] = 1;
    if (i == ladders.size()) return out;
    ++taken[i];
  }
}

TEST(Climb, IsBestForEqualCostsAndWithinOneStepOtherwise) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const bool equal = seed % 2 == 0;
    std::vector<Ladder> ladders;
    double largest = 0;
    std::int64_t least = 0, most = 0;
    for (int i = 0; i < 4; ++i) {
      Ladder ladder{{}, equal ? 7 : 1 + random.below(9)};
      for (std::int64_t n = 2 + random.below(4); n > 0; --n) ladder.gains.push_back(0.01 + random.uniform());
      std::ranges::sort(ladder.gains, std::greater<>());
      for (std::size_t s = 1; s < ladder.gains.size(); ++s) largest = std::max(largest, ladder.gains[s]);
      least += ladder.cost;
      most += ladder.cost * std::ssize(ladder.gains);
      ladders.push_back(ladder);
    }
    for (const double share : {0.0, 0.3, 0.6, 1.0}) {
      const auto budget = least + static_cast<std::int64_t>(share * static_cast<double>(most - least));
      const auto taken = climb(ladders, budget);
      ASSERT_TRUE(taken);
      std::int64_t cost = 0;
      for (std::size_t i = 0; i < ladders.size(); ++i) cost += (*taken)[i] * ladders[i].cost;
      EXPECT_LE(cost, budget);
      const double found = gainOf(ladders, *taken), optimum = best(ladders, budget);
      if (equal || share == 1.0) {
        EXPECT_NEAR(found, optimum, 1e-12) << "seed " << seed;
      } else {
        EXPECT_GE(found, optimum - largest) << "seed " << seed;
      }
    }
    EXPECT_EQ(climb(ladders, least - 1).error().code, ErrorCode::InvalidArgument);
  }
}

TEST(RankAdvice, SpendsTheBudgetWhereTheEnergyIs) {
  const std::vector<TaskDemand> tasks{demand("flat", {1, 1, 1, 1}), demand("steep", {8, 0.1, 0.01, 0})};
  const auto advice = adviseRanks(tasks, {.budget = 5 * 8});
  ASSERT_TRUE(advice) << advice.error().text();
  EXPECT_EQ(advice->tasks[0].rank, 4);
  EXPECT_EQ(advice->tasks[1].rank, 1);
  EXPECT_EQ(advice->parametersNow, 64);
  EXPECT_EQ(advice->parameters, 40);
  EXPECT_EQ(advice->tasks[0].kept, 1);
  EXPECT_NEAR(advice->tasks[1].kept, 8 / 8.11, 1e-12);
  EXPECT_NEAR(advice->kept, 12 / 12.11, 1e-12);
  // With all the budget of the world, what is empty is still not bought.
  EXPECT_EQ(adviseRanks(tasks, {.budget = 1000})->tasks[1].rank, 3);
  EXPECT_EQ(adviseRanks(tasks, {.budget = 15}).error().code, ErrorCode::InvalidArgument);
}

TEST(RankAdvice, ConflictDecidesBetweenEqualSpectra) {
  std::vector<TaskDemand> tasks{demand("agrees", {4, 3, 2, 1}), demand("conflicts", {4, 3, 2, 1}, 0.5)};
  const auto advice = adviseRanks(tasks, {.budget = 5 * 8});
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->tasks[0].rank, 2);
  EXPECT_EQ(advice->tasks[1].rank, 3);
  tasks[1].layers[0].conflict = 0;
  tasks[0].layers[0].conflict = 0.5;
  EXPECT_EQ(adviseRanks(tasks, {.budget = 5 * 8})->tasks[0].rank, 3);
  // But it outweighs no more than a factor of two.
  tasks[0].layers[0].conflict = 1;
  tasks[1].layers[0].energy = {9, 9, 9, 9};
  EXPECT_EQ(adviseRanks(tasks, {.budget = 5 * 8})->tasks[1].rank, 4);
}

TEST(RankAdvice, PerLayerFollowsEachLayersCost) {
  TaskDemand task{"t", 2, {}};
  task.layers.push_back({linear("cheap", 2, 2), 2, {4, 3}, 0});
  task.layers.push_back({linear("dear", 100, 100), 2, {4, 3}, 0});
  task.layers.push_back({linear("decoder", 2, 2, true), 4, {4, 3, 2, 0}, 0});
  const auto advice = adviseRanks({task}, {.budget = 4 * 3 + 200 + 8, .perLayer = true});
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->tasks[0].layerRanks, (std::vector<std::int64_t>{2, 1, 3}));
  EXPECT_EQ(advice->parameters, 8 + 200 + 12);
  EXPECT_EQ(advice->tasks[0].rank, 1) << "the smaller of two equally frequent ranks of the encoder";
  // Tied together, decoder layers have twice the rank.
  const auto tied = adviseRanks({task}, {.budget = 1000});
  EXPECT_EQ(tied->tasks[0].layerRanks, (std::vector<std::int64_t>{2, 2, 4}));
  EXPECT_EQ(tied->parameters, tied->parametersNow);
  const auto kept = keptByRank(task, 2);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_NEAR(kept[0], 15.0 / 23, 1e-12);
  EXPECT_EQ(kept[1], 1);
}

TEST(RankAdvice, SaysWhenItHasNoBasis) {
  const auto none = adviseRanks({demand("a", {0, 0}), demand("b", {0})}, {.budget = 100});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no basis"), std::string::npos);
  // One that was never trained keeps its rank and is paid first.
  const std::vector<TaskDemand> tasks{demand("untrained", {0, 0, 0}), demand("trained", {3, 2, 1})};
  const auto advice = adviseRanks(tasks, {.budget = 5 * 8});
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->tasks[0].rank, 3);
  EXPECT_EQ(advice->tasks[1].rank, 2);
  EXPECT_EQ(advice->parameters, 40);
  EXPECT_TRUE(keptByRank(tasks[0], 2).empty());
  EXPECT_FALSE(adviseRanks(tasks, {.budget = 3 * 8}));
}

// The whole way: two linear tasks y = (W0 + D_t) x whose D_t have rank 2 and 5, trained with rank 8 from B = 0.
TEST(RankAdvice, FindsPlantedRanksAfterTraining) {
  torch::manual_seed(1);
  constexpr std::int64_t size = 16;
  LowRankLinear layer(size, size, LowRankSpec{.ranks = {8, 8}, .scales = {1, 1}}, false);
  const std::int64_t truths[] = {2, 5};
  std::vector<torch::Tensor> targets, factors;
  for (std::size_t t = 0; t < 2; ++t) {
    const auto update = torch::randn({size, truths[t]}).matmul(torch::randn({truths[t], size})) / 8;
    targets.push_back((layer->weight + update).detach());
    factors.push_back(layer->factors.a[t]);
    factors.push_back(layer->factors.b[t]);
  }
  const auto advise = [&] {
    std::vector<TaskDemand> demands;
    for (std::size_t t = 0; t < 2; ++t) {
      LayerDemand demand{layer->layer(), 8, std::vector<double>(8), 0};
      const auto squares = singularValues(layer->factors.a[t], layer->factors.b[t], layer->factors.scales[t]).square();
      for (int i = 0; i < 8; ++i) demand.energy[static_cast<std::size_t>(i)] = squares[i].item<double>();
      demands.push_back({"t", 8, {demand}});
    }
    return adviseRanks(demands, {.budget = 7 * 2 * size});
  };
  EXPECT_FALSE(advise()) << "untrained factors are no basis";
  layer->weight.set_requires_grad(false);
  torch::optim::Adam optimiser(factors, torch::optim::AdamOptions(0.02));
  for (int step = 0; step < 600; ++step) {
    const auto x = torch::randn({32, size});
    const auto y = layer->forward(x, {{{0, 0, 16}, {1, 16, 32}}, nullptr});
    const auto wanted =
        torch::cat({x.narrow(0, 0, 16).matmul(targets[0].t()), x.narrow(0, 16, 16).matmul(targets[1].t())});
    optimiser.zero_grad();
    torch::mse_loss(y, wanted).backward();
    optimiser.step();
  }
  const auto advice = advise();
  ASSERT_TRUE(advice) << advice.error().text();
  EXPECT_EQ(advice->tasks[0].rank, 2);
  EXPECT_EQ(advice->tasks[1].rank, 5);
  EXPECT_GT(advice->kept, 0.99);
}

}  // namespace
}  // namespace lorkd::nn
