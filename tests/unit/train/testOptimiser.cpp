#include <gtest/gtest.h>

#include <filesystem>

#include "core/train/Optimiser.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::train {
namespace {

using torch::Tensor;

// Two equal sets of parameters: for ours and for LibTorch's own optimiser. The large one is shared between threads; the
// fourth is channels-last, its gradient is not.
struct Pair {
  nn::NamedTensors ours;
  std::vector<Tensor> theirs;

  explicit Pair(torch::Dtype type) {
    torch::manual_seed(3);
    for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{3, 70001}, {5}, {1}, {8, 6, 3, 3}, {7, 2}}) {
      auto tensor = torch::randn(sizes, type);
      if (sizes.size() == 4) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
      ours.emplace_back("p" + std::to_string(ours.size()), tensor.clone().requires_grad_());
      theirs.push_back(tensor.clone().requires_grad_());
    }
  }

  // Every third step leaves one parameter out, as a task that is not in the batch.
  void makeGradients(int step) {
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      auto gradient = torch::randn(theirs[i].sizes(), theirs[i].scalar_type());
      if (i == 4 && step % 3 == 0) gradient = Tensor();
      ours[i].second.mutable_grad() = gradient;
      theirs[i].mutable_grad() = gradient.defined() ? gradient.clone() : gradient;
    }
  }
};

plan::Training options(plan::TrainingOptimiser optimiser, double momentum = 0.8) {
  plan::Training out;
  out.optimiser = optimiser;
  out.weightDecay = 0.02;
  out.momentum = momentum;
  return out;
}

void expectEqual(const Pair& pair, double tolerance) {
  for (std::size_t i = 0; i < pair.theirs.size(); ++i)
    EXPECT_LT((pair.ours[i].second - pair.theirs[i]).abs().max().item<double>(), tolerance) << i;
}

class AgainstLibTorch : public testing::TestWithParam<torch::Dtype> {
 protected:
  double tolerance() const { return GetParam() == torch::kDouble ? 1e-13 : 2e-6; }
};

TEST_P(AgainstLibTorch, AdamWTakesTheSameSteps) {
  Pair pair(GetParam());
  Optimiser ours(options(plan::TrainingOptimiser::Adamw), pair.ours);
  torch::optim::AdamW theirs(pair.theirs, torch::optim::AdamWOptions(0.01).weight_decay(0.02));
  for (int step = 0; step < 7; ++step) {
    const double rate = 0.01 / (1 + step);
    pair.makeGradients(step);
    ours.step(rate);
    theirs.param_groups().front().options().set_lr(rate);
    theirs.step();
  }
  expectEqual(pair, tolerance());
}

TEST_P(AgainstLibTorch, SgdTakesTheSameSteps) {
  for (const double momentum : {0.8, 0.0}) {
    Pair pair(GetParam());
    Optimiser ours(options(plan::TrainingOptimiser::Sgd, momentum), pair.ours);
    torch::optim::SGD theirs(pair.theirs, torch::optim::SGDOptions(0.05).momentum(momentum).weight_decay(0.02));
    for (int step = 0; step < 7; ++step) {
      pair.makeGradients(step);
      ours.step(0.05);
      theirs.step();
    }
    expectEqual(pair, tolerance());
    EXPECT_EQ(ours.state().size(), momentum == 0 ? 1 : 1 + pair.ours.size()) << "a buffer that nobody reads";
  }
}

TEST_P(AgainstLibTorch, TheNormIsThatOfAllGradients) {
  Pair pair(GetParam());
  Optimiser ours(options(plan::TrainingOptimiser::Sgd), pair.ours);
  EXPECT_EQ(ours.gradientNorm(), 0);
  pair.makeGradients(0);
  double squares = 0;
  for (const auto& tensor : pair.theirs)
    if (tensor.grad().defined()) squares += tensor.grad().to(torch::kDouble).square().sum().item<double>();
  EXPECT_NEAR(ours.gradientNorm() / std::sqrt(squares), 1, 1e-12);
  ours.scaleGradients(0.5);
  EXPECT_NEAR(ours.gradientNorm() / std::sqrt(squares), 0.5, 1e-6);
  pair.ours[0].second.mutable_grad()[1][4] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(ours.gradientNorm()));
}

INSTANTIATE_TEST_SUITE_P(Types, AgainstLibTorch, testing::Values(torch::kFloat, torch::kDouble));

TEST(Optimiser, OtherTypesTakeTheSameSteps) {
  // No single pass there: LibTorch's operators, one parameter after the other.
  Pair fast(torch::kDouble), slow(torch::kDouble);
  slow.ours.emplace_back("low", torch::zeros({2}, torch::kBFloat16).requires_grad_());
  for (const auto& method : {options(plan::TrainingOptimiser::Adamw), options(plan::TrainingOptimiser::Sgd),
                             options(plan::TrainingOptimiser::Sgd, 0)}) {
    Optimiser one(method, fast.ours), other(method, slow.ours);
    for (int step = 0; step < 4; ++step) {
      torch::manual_seed(step);
      fast.makeGradients(step);
      for (std::size_t i = 0; i < fast.ours.size(); ++i) {
        const auto gradient = fast.ours[i].second.grad();
        slow.ours[i].second.mutable_grad() = gradient.defined() ? gradient.clone() : gradient;
      }
      slow.ours.back().second.mutable_grad() = torch::ones({2}, torch::kBFloat16);
      one.step(0.01);
      other.step(0.01);
    }
    for (std::size_t i = 0; i < fast.ours.size(); ++i)
      EXPECT_TRUE(torch::allclose(fast.ours[i].second, slow.ours[i].second, 1e-12, 1e-13)) << i;
    EXPECT_LT(slow.ours.back().second.max().item<float>(), 0);
  }
}

TEST(Optimiser, GoesOnFromItsFileToTheBit) {
  const test::TemporaryFolder folder;
  for (const auto& method : {options(plan::TrainingOptimiser::Adamw), options(plan::TrainingOptimiser::Sgd),
                             options(plan::TrainingOptimiser::Sgd, 0)}) {
    Pair whole(torch::kFloat), resumed(torch::kFloat);
    Optimiser first(method, whole.ours), before(method, resumed.ours);
    const auto take = [](Pair& pair, Optimiser& optimiser, int from, int to) {
      for (int step = from; step < to; ++step) {
        torch::manual_seed(step);
        pair.makeGradients(step);
        optimiser.step(0.01);
      }
    };
    take(whole, first, 0, 5);
    take(resumed, before, 0, 2);
    const auto file = folder / "state.safetensors";
    ASSERT_TRUE(nn::saveTensors(file, before.state(), {}));
    Optimiser after(method, resumed.ours);
    const auto stored = safetensors::File::open(file);
    ASSERT_TRUE(stored);
    ASSERT_TRUE(after.restore(*stored));
    take(resumed, after, 2, 5);
    for (std::size_t i = 0; i < whole.ours.size(); ++i)
      EXPECT_TRUE(torch::equal(whole.ours[i].second, resumed.ours[i].second)) << i;
  }
}

}  // namespace
}  // namespace lorkd::train
