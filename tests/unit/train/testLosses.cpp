#include <gtest/gtest.h>

#include <cmath>

#include "core/base/Truth.h"
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
  EXPECT_NEAR(diceLoss(logits, {targets, {}}).item<double>(), (present + absent) / 2, 1e-12);
  // A perfect prediction costs nothing, and neither does saying nothing where nothing is.
  EXPECT_NEAR(diceLoss(targets * 200 - 100, {targets, {}}).item<double>(), 0, 1e-9);
}

TEST(Losses, BinaryCrossEntropyByHand) {
  const auto logits = torch::tensor({{{logit(0.8), logit(0.3)}}}, torch::kFloat64);
  const auto targets = torch::tensor({{{1., 0.}}}, torch::kFloat64);
  EXPECT_NEAR(bceLoss(logits, {targets, {}}).item<double>(), -(std::log(0.8) + std::log(0.7)) / 2, 1e-9);
  // Extreme logits stay finite: the loss grows linearly.
  EXPECT_NEAR(bceLoss(torch::full({1, 1, 1}, -500.), {torch::ones({1, 1, 1}), {}}).item<double>(), 500, 1e-3);
}

// Classes that exclude each other: LibTorch's own cross-entropy over the classes and a background of logit 0.
TEST(Losses, ExclusiveClassesAreACrossEntropyWithTheBackground) {
  torch::manual_seed(9);
  const auto logits = torch::randn({2, 3, 4, 5, 3}, torch::kFloat64).requires_grad_(true);
  const auto number = torch::randint(0, 4, {2, 4, 5, 3});
  const auto targets = torch::stack({number == 1, number == 2, number == 3}, 1).to(torch::kUInt8);
  const auto truth = truthOf(targets, torch::kFloat64);
  const auto all = torch::cat({torch::zeros({2, 1, 4, 5, 3}, torch::kFloat64), logits}, 1);
  const auto expected = torch::cross_entropy_loss(all, number);
  const auto loss = exclusiveCrossEntropy(logits, truth);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-12);
  const auto ours = torch::autograd::grad({loss}, {logits})[0], its = torch::autograd::grad({expected}, {logits})[0];
  EXPECT_LT((ours - its).abs().max().item<double>(), 1e-12);
  const auto p = exclusiveProbabilities(logits);
  EXPECT_LT((p - torch::softmax(all, 1).slice(1, 1)).abs().max().item<double>(), 1e-12);
  // One class is a sigmoid, and its losses are those of one.
  const auto single = logits.detach().slice(1, 0, 1);
  const Truth one{truth.inside.slice(1, 0, 1), {}};
  EXPECT_NEAR(exclusiveCrossEntropy(single, one).item<double>(), bceLoss(single, one).item<double>(), 1e-12);
  EXPECT_NEAR(exclusiveDiceLoss(single, one).item<double>(), diceLoss(single, one).item<double>(), 1e-12);
  // Large logits stay finite.
  EXPECT_NEAR(
      exclusiveCrossEntropy(torch::full({1, 2, 1}, -800.), {torch::tensor({{{1.f}, {0.f}}}), {}}).item<double>(), 800,
      1e-3);
}

// Classes that a case does not annotate are summed with the background (Shi et al. 2021): by hand, voxel by voxel.
TEST(Losses, WhatIsNotAnnotatedMayBeBehindTheBackground) {
  torch::manual_seed(10);
  const auto logits = torch::randn({1, 3, 40}, torch::kFloat64).requires_grad_(true);
  auto targets = torch::zeros({1, 3, 40}, torch::kUInt8);
  targets.select(1, 0).slice(1, 0, 10).fill_(1);
  targets.select(1, 1).slice(1, 10, 20).fill_(1);
  targets.select(1, 2).fill_(notKnown);      // the third class was not looked for
  targets.slice(2, 35, 40).fill_(notKnown);  // and of the end nobody knows anything
  const auto p = torch::softmax(torch::cat({torch::zeros({1, 1, 40}, torch::kFloat64), logits.detach()}, 1), 1);
  double sum = 0;
  for (int v = 0; v < 35; ++v) {
    const auto at = [&](int c) { return p[0][c][v].item<double>(); };
    sum -= std::log(v < 10 ? at(1) : v < 20 ? at(2) : at(0) + at(3));
  }
  const auto truth = truthOf(targets, torch::kFloat64);
  const auto loss = exclusiveCrossEntropy(logits, truth);
  EXPECT_NEAR(loss.item<double>(), sum / 35, 1e-12);
  const auto gradient = torch::autograd::grad({loss}, {logits})[0];
  EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>());
  EXPECT_EQ(gradient.slice(2, 35).abs().max().item<double>(), 0);
  // Where the background is, a third class that is said instead costs nothing.
  auto moved = logits.detach().clone();
  moved.select(1, 2).slice(1, 20, 35).fill_(50);
  const auto swapped =
      exclusiveCrossEntropy(moved.slice(2, 20, 35), {truth.inside.slice(2, 20, 35), truth.known.slice(2, 20, 35)});
  EXPECT_NEAR(swapped.item<double>(), 0, 1e-9);
  const auto none = truthOf(torch::full({1, 3, 4}, static_cast<int>(notKnown), torch::kUInt8), torch::kFloat64);
  EXPECT_EQ(exclusiveCrossEntropy(torch::randn({1, 3, 4}, torch::kFloat64), none).item<double>(), 0);
  // A block of two classes at a coarser level may be either.
  const auto coarse = exclusiveCrossEntropy(torch::tensor({{{9.}, {9.}}}, torch::kFloat64),
                                            {torch::ones({1, 2, 1}, torch::kFloat64), {}});
  EXPECT_NEAR(coarse.item<double>(), std::log((1 + 2 * std::exp(9.)) / (2 * std::exp(9.))), 1e-12);
}

// What is not known changes nothing: not the loss of the rest, and no gradient reaches it.
TEST(Losses, WhatIsNotKnownCountsNowhere) {
  torch::manual_seed(4);
  const auto logits = torch::randn({3, 4, 5, 6, 2}, torch::kFloat64).requires_grad_(true);
  auto targets = (torch::rand({3, 4, 5, 6, 2}) < 0.4).to(torch::kUInt8);
  // The second class is known of the first sample alone, the last of none; single voxels are left out as well.
  targets.slice(0, 1).select(1, 1).fill_(notKnown);
  targets.select(1, 3).fill_(notKnown);
  targets.index_put_({torch::rand({3, 4, 5, 6, 2}) < 0.2}, notKnown);
  const auto truth = truthOf(targets, torch::kFloat64);
  const auto known = targets != static_cast<std::int64_t>(notKnown);
  // By hand, over lists of the known voxels.
  double dice = 0;
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto p = torch::sigmoid(logits.detach()).select(1, c).masked_select(known.select(1, c));
    const auto y = targets.select(1, c).masked_select(known.select(1, c)).to(torch::kFloat64);
    dice += 1 - (2 * (p * y).sum().item<double>() + 1e-7) /
                    (p.square().sum().item<double>() + y.square().sum().item<double>() + 1e-7);
  }
  const auto l = logits.detach().masked_select(known), y = targets.masked_select(known).to(torch::kFloat64);
  const double bce = -(y * torch::sigmoid(l).log() + (1 - y) * torch::sigmoid(-l).log()).mean().item<double>();
  const auto found = diceLoss(logits, truth), crossed = bceLoss(logits, truth);
  EXPECT_NEAR(found.item<double>(), dice / 3, 1e-12);
  EXPECT_NEAR(crossed.item<double>(), bce, 1e-12);
  (found + crossed).backward();
  EXPECT_EQ(logits.grad().masked_select(known.logical_not()).abs().max().item<double>(), 0);
  EXPECT_GT(logits.grad().masked_select(known).abs().min().item<double>(), 0);
  // Of nothing known there is nothing to learn, and no number that is none.
  const auto none = truthOf(torch::full({1, 2, 4, 4}, notKnown, torch::kUInt8), torch::kFloat64);
  EXPECT_EQ(diceLoss(torch::randn({1, 2, 4, 4}, torch::kFloat64), none).item<double>(), 0);
  EXPECT_EQ(bceLoss(torch::randn({1, 2, 4, 4}, torch::kFloat64), none).item<double>(), 0);
}

TEST(Losses, CoarserTruthKeepsWhatIsNotKnown) {
  constexpr int u = notKnown;
  const auto fine =
      torch::tensor({0, 0, 0, u, 1, u, 0, 0, /**/ 0, 0, 0, 0, 0, u, u, u}).to(torch::kUInt8).view({1, 1, 2, 8});
  const auto coarse = coarser(truthOf(fine, torch::kFloat32));
  EXPECT_TRUE(coarse.inside.equal(torch::tensor({0.f, 0.f, 1.f, 0.f}).view({1, 1, 1, 4})));
  EXPECT_TRUE(coarse.known.equal(torch::tensor({1.f, 0.f, 1.f, 0.f}).view({1, 1, 1, 4})));
  EXPECT_FALSE(coarser(truthOf((fine == 1).to(torch::kUInt8), torch::kFloat32)).known.defined());
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
  expectGradient([&](const auto& v) { return diceLoss(v, {targets, {}}); }, x.clone());
  expectGradient([&](const auto& v) { return bceLoss(v, {targets, {}}); }, x.clone());
  expectGradient([&](const auto& v) { return softmaxTransfer(other, v, 2).sum(); }, x.clone());
  expectGradient([&](const auto& v) { return softmaxTransfer(v, other, 2).sum(); }, x.clone());
  expectGradient([&](const auto& v) { return bernoulliTransfer(other, v, 2); }, x.clone());
  const auto labels = torch::tensor({0, 2}, torch::kInt64);
  expectGradient([&](const auto& v) { return crossEntropyLoss(v, labels); }, torch::randn({2, 3}, torch::kFloat64));
}

}  // namespace
}  // namespace lorkd::train
