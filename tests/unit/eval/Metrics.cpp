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
