#include <gtest/gtest.h>

#include <cmath>

#include "core/train/Losses.h"

namespace lorkd::train {
namespace {

double logit(double p) { return std::log(p / (1 - p)); }

TEST(Losses, DiceByHand) {
  // Two samples, one class of two voxels and one that is absent but predicted.
  const auto logits = torch::tensor(
      {{{logit(0.8), logit(0.4)}, {logit(0.5), logit(0.5)}}, {{logit(0.1), logit(0.6)}, {logit(0.5), logit(0.5)}}},
      torch::kFloat64);
  const auto targets = torch::tensor({{{1., 0.}, {0., 0.}}, {{0., 1.}, {0., 0.}}}, torch::kFloat64);
  const double overlap = 0.8 + 0.6, sizes = 0.64 + 0.16 + 0.01 + 0.36 + 2;
  const double present = 1 - (2 * overlap + 1e-7) / (sizes + 1e-7), absent = 1 - 1e-7 / (1 + 1e-7);
  EXPECT_NEAR(diceLoss(logits, targets).item<double>(), (present + absent) / 2, 1e-12);
  // A perfect prediction costs nothing, and neither does saying nothing where nothing is.
  EXPECT_NEAR(diceLoss(targets * 200 - 100, targets).item<double>(), 0, 1e-9);
}

TEST(Losses, BinaryCrossEntropyByHand) {
  const auto logits = torch::tensor({{{logit(0.8), logit(0.3)}}}, torch::kFloat64);
  const auto targets = torch::tensor({{{1., 0.}}}, torch::kFloat64);
  EXPECT_NEAR(bceLoss(logits, targets).item<double>(), -(std::log(0.8) + std::log(0.7)) / 2, 1e-9);
  // Extreme logits stay finite: the loss grows linearly.
  EXPECT_NEAR(bceLoss(torch::full({1, 1, 1}, -500.), torch::ones({1, 1, 1})).item<double>(), 500, 1e-3);
}

TEST(Losses, CrossEntropyByHand) {
  const auto logits = torch::tensor({{std::log(0.2), std::log(0.5), std::log(0.3)}, {0., 0., 0.}}, torch::kFloat64);
  const auto loss = crossEntropyLoss(logits, torch::tensor({1, 2}, torch::kInt64));
  EXPECT_NEAR(loss.item<double>(), -(std::log(0.5) + std::log(1.0 / 3)) / 2, 1e-12);
}

TEST(Losses, TransferByHand) {
  const double tau = 2;
  const auto teacher = torch::tensor({{std::log(0.6), std::log(0.4)}}, torch::kFloat64) * tau;
  const auto student = torch::tensor({{std::log(0.3), std::log(0.7)}}, torch::kFloat64) * tau;
  const double kl = 0.6 * std::log(0.6 / 0.3) + 0.4 * std::log(0.4 / 0.7);
  EXPECT_NEAR(softmaxTransfer(teacher, student, tau).item<double>(), tau * tau * kl, 1e-12);
  // Dense features: the mean over voxels, one value a sample.
  auto denseTeacher = torch::zeros({2, 2, 1, 3}, torch::kFloat64), denseStudent = denseTeacher.clone();
  denseTeacher[1].select(2, 0).copy_(teacher[0].unsqueeze(1));
  denseStudent[1].select(2, 0).copy_(student[0].unsqueeze(1));
  const auto dense = softmaxTransfer(denseTeacher, denseStudent, tau);
  EXPECT_EQ(dense.sizes(), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(dense[0].item<double>(), 0);
  EXPECT_NEAR(dense[1].item<double>(), tau * tau * kl / 3, 1e-12);
}

TEST(Losses, BernoulliTransferByHand) {
  const double tau = 3;
  const auto teacher = torch::tensor({logit(0.9), logit(0.5)}, torch::kFloat64) * tau;
  const auto student = torch::tensor({logit(0.6), logit(0.5)}, torch::kFloat64) * tau;
  const double kl = 0.9 * std::log(0.9 / 0.6) + 0.1 * std::log(0.1 / 0.4);
  EXPECT_NEAR(bernoulliTransfer(teacher, student, tau).item<double>(), tau * tau * kl / 2, 1e-9);
}

TEST(Losses, TransferIsZeroBetweenEquals) {
  torch::manual_seed(1);
  const auto x = torch::randn({3, 5, 2, 2, 2}) * 4;
  EXPECT_EQ(softmaxTransfer(x, x, 0.7).abs().max().item<float>(), 0);
  EXPECT_EQ(bernoulliTransfer(x, x, 0.7).item<float>(), 0);
  const auto y = torch::randn({3, 5, 2, 2, 2});
  EXPECT_GT(softmaxTransfer(x, y, 0.7).min().item<float>(), 0);
  EXPECT_GT(bernoulliTransfer(x, y, 0.7).item<float>(), 0);
}

/// Compares autograd with central differences, in double precision, for every element of `x`.
template <class F>
void expectGradient(const F& f, torch::Tensor x) {
  x.requires_grad_(true);
  f(x).backward();
  const auto gradient = x.grad().clone();
  torch::NoGradGuard guard;
  auto flat = x.detach().view(-1);
  const double h = 1e-5;
  EXPECT_GT(gradient.abs().max().template item<double>(), 1e-4);
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    const double kept = flat[i].template item<double>();
    flat[i] = kept + h;
    const double up = f(x).template item<double>();
    flat[i] = kept - h;
    const double down = f(x).template item<double>();
    flat[i] = kept;
    EXPECT_NEAR(gradient.view(-1)[i].template item<double>(), (up - down) / (2 * h), 1e-8);
  }
}

TEST(Losses, GradientsMatchFiniteDifferences) {
  torch::manual_seed(2);
  const auto x = torch::randn({2, 3, 2, 2, 1}, torch::kFloat64), other = torch::randn_like(x);
  const auto targets = (torch::rand_like(x) < 0.4).to(torch::kFloat64);
  expectGradient([&](const auto& v) { return diceLoss(v, targets); }, x.clone());
  expectGradient([&](const auto& v) { return bceLoss(v, targets); }, x.clone());
  expectGradient([&](const auto& v) { return softmaxTransfer(other, v, 2).sum(); }, x.clone());
  expectGradient([&](const auto& v) { return softmaxTransfer(v, other, 2).sum(); }, x.clone());
  expectGradient([&](const auto& v) { return bernoulliTransfer(other, v, 2); }, x.clone());
  const auto labels = torch::tensor({0, 2}, torch::kInt64);
  expectGradient([&](const auto& v) { return crossEntropyLoss(v, labels); }, torch::randn({2, 3}, torch::kFloat64));
}

}  // namespace
}  // namespace lorkd::train
