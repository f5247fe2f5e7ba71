#include <gtest/gtest.h>

#include "core/train/Schedule.h"

namespace lorkd::train {
namespace {

TEST(Schedule, RisesThenFallsAsACosine) {
  plan::Training options;
  options.learningRate = 0.1;
  options.warmup = 4;
  options.steps = 12;
  EXPECT_DOUBLE_EQ(learningRate(options, 0), 0.025);
  EXPECT_DOUBLE_EQ(learningRate(options, 3), 0.1);
  EXPECT_DOUBLE_EQ(learningRate(options, 4), 0.1);
  EXPECT_NEAR(learningRate(options, 6), 0.1 * (0.5 + 0.5 * std::sqrt(0.5)), 1e-15);
  EXPECT_NEAR(learningRate(options, 8), 0.05, 1e-15);
  EXPECT_GT(learningRate(options, 11), 0);
  EXPECT_NEAR(learningRate(options, 12), 0, 1e-15);
}

TEST(Schedule, StaysConstantWhenAsked) {
  plan::Training options;
  options.schedule = plan::TrainingSchedule::Constant;
  options.learningRate = 0.2;
  options.warmup = 0;
  for (const int step : {0, 1, 200, 399}) EXPECT_DOUBLE_EQ(learningRate(options, step), 0.2);
}

TEST(Schedule, CopesWithAWarmUpLongerThanTheRun) {
  plan::Training options;
  options.steps = 5;
  options.warmup = 10;
  EXPECT_DOUBLE_EQ(learningRate(options, 4), options.learningRate * 0.5);
}

}  // namespace
}  // namespace lorkd::train
