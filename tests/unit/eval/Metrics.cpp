#include "core/eval/Metrics.h"

#include <gtest/gtest.h>

using namespace lorkd::eval;

TEST(Metrics, DiceByHand) {
  const auto p = torch::tensor({1, 1, 1, 0, 0, 0}).to(torch::kBool);
  const auto t = torch::tensor({0, 1, 1, 1, 1, 0}).to(torch::kBool);
  EXPECT_DOUBLE_EQ(dice(p, t).value(), 2.0 * 2 / (3 + 4));
  EXPECT_DOUBLE_EQ(dice(p, p).value(), 1.0);
  EXPECT_DOUBLE_EQ(dice(p, ~p).value(), 0.0);
  EXPECT_DOUBLE_EQ(dice(p, torch::zeros(6, torch::kBool)).value(), 0.0);
  EXPECT_FALSE(dice(torch::zeros({2, 3}, torch::kBool), torch::zeros({2, 3}, torch::kBool)));
  EXPECT_THROW(dice(p, t.slice(0, 0, 5)), c10::Error);
}

TEST(Metrics, AccuracyByHand) {
  const auto logits = torch::tensor({{2.0, 1.0, 0.0}, {0.0, 3.0, 1.0}, {1.0, 0.0, 5.0}, {1.0, 0.0, 0.5}});
  EXPECT_DOUBLE_EQ(accuracy(logits, torch::tensor({0, 1, 2, 2})), 0.75);
}

TEST(Metrics, AucByHand) {
  // Class 1 scores 1, 2, 2, 3 with labels 0, 1, 0, 1: pairs 1<2, 1<3, 2=2 (half), 2<3, so 3.5 of 4.
  const auto logits = torch::tensor({{0.0, 1.0}, {0.0, 2.0}, {0.0, 2.0}, {0.0, 3.0}});
  EXPECT_DOUBLE_EQ(auc(logits, torch::tensor({0, 1, 0, 1})).value(), 3.5 / 4);
  EXPECT_FALSE(auc(logits, torch::tensor({1, 1, 1, 1})));
  EXPECT_FALSE(auc(logits * std::numeric_limits<double>::quiet_NaN(), torch::tensor({0, 1, 0, 1})));
}

TEST(Metrics, AucAgreesWithAllPairs) {
  torch::manual_seed(3);
  for (int round = 0; round < 20; ++round) {
    const std::int64_t n = 60, classes = 2 + round % 4;
    // Coarse logits, so that many scores tie.
    const auto logits = torch::randint(-2, 3, {n, classes}).to(torch::kFloat32);
    const auto labels = torch::randint(0, classes, {n});
    const auto scores = torch::softmax(logits.to(torch::kFloat64), 1);
    double sum = 0;
    int present = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      double wins = 0, pairs = 0;
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
          if (labels[i].item<std::int64_t>() != c || labels[j].item<std::int64_t>() == c) continue;
          const double a = scores[i][c].item<double>(), b = scores[j][c].item<double>();
          wins += a > b ? 1 : a == b ? 0.5 : 0;
          pairs += 1;
        }
      if (pairs > 0) sum += wins / pairs, ++present;
    }
    EXPECT_NEAR(auc(logits, labels).value(), sum / present, 1e-12) << round;
  }
}
