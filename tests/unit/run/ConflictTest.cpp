// Gradient conflict against values by hand and against eigenvalues of known matrices.
#include <gtest/gtest.h>

#include <cmath>

#include "core/run/Conflict.h"
#include "core/run/RunSeries.h"

namespace lorkd::run {
namespace {

Gram gramOf(const char* rows, std::size_t tasks) { return *Gram::fromJson(Json::parse(rows), tasks); }

TEST(Conflict, FollowsTheDefinitions) {
  // g0 = (1, 0), g1 = (0, 2), g2 = (-3, 0), task 3 absent.
  const auto k = gramOf("[[1,0,-3,0],[0,4,0,0],[-3,0,9,0],[0,0,0,0]]", 4);
  EXPECT_DOUBLE_EQ(cosine(k, 0, 2), -1);
  EXPECT_DOUBLE_EQ(cosine(k, 0, 1), 0);
  EXPECT_DOUBLE_EQ(cosine(k, 1, 1), 1);
  EXPECT_TRUE(std::isnan(cosine(k, 0, 3)) && std::isnan(cosine(k, 3, 3)));
  EXPECT_DOUBLE_EQ(magnitudeSimilarity(k, 0, 2), 2 * 3 / 10.0);
  EXPECT_DOUBLE_EQ(magnitudeSimilarity(k, 0, 1), 2 * 2 / 5.0);
  EXPECT_DOUBLE_EQ(conflictFraction(k), 1.0 / 3);
  EXPECT_GT(conditionNumber(k), 1e5) << "g0 and g2 are parallel, so K is singular";
}

TEST(Conflict, ConditionNumber) {
  EXPECT_NEAR(conditionNumber(gramOf("[[4,0,0],[0,0,0],[0,0,9]]", 3)), 1.5, 1e-12) << "of the two that are there";
  EXPECT_NEAR(conditionNumber(gramOf("[[2,1],[1,2]]", 2)), std::sqrt(3.0), 1e-12) << "eigenvalues 3 and 1";
  EXPECT_NEAR(conditionNumber(gramOf("[[1,1],[1,1]]", 2)), 1e6, 1) << "clamped to 1e-12 of the largest";
  EXPECT_TRUE(std::isnan(conditionNumber(gramOf("[[0,0],[0,0]]", 2))));
}

TEST(Conflict, PairsThatWereNotMeasuredAreLeftOut) {
  const auto k = gramOf("[[4,null,-2],[null,1,null],[-2,null,9]]", 3);
  EXPECT_DOUBLE_EQ(cosine(k, 0, 2), -2 / 6.0);
  EXPECT_TRUE(std::isnan(cosine(k, 0, 1)));
  EXPECT_DOUBLE_EQ(magnitudeSimilarity(k, 1, 0), 0.8) << "lengths are known all the same";
  EXPECT_DOUBLE_EQ(conflictFraction(k), 1) << "of the one pair that was measured";
  EXPECT_TRUE(std::isnan(conditionNumber(k)));
  EXPECT_FALSE(Gram::fromJson(Json::parse("[[1,2],[3]]"), 2));
  EXPECT_FALSE(Gram::fromJson(Json::parse("[[1,\"x\"],[3,4]]"), 2));
}

TEST(Conflict, SharesOfTheBatchDoNotCount) {
  // Equally long gradients of the tasks' own losses; one task has three quarters of the batch.
  const Json event{{"kind", "conflict"},
                   {"step", 1},
                   {"tasks", {"a", "b", "c"}},
                   {"weights", {0.75, 0.25, 0}},
                   {"layers", {{"one", {{0.5625, 0.09375, 0}, {0.09375, 0.0625, 0}, {0, 0, 0}}}}}};
  const auto series = RunSeries::of({event});
  for (const int layer : {-1, 0}) {
    const auto& k = series.conflicts().front().of(layer);
    EXPECT_DOUBLE_EQ(magnitudeSimilarity(k, 0, 1), 1);
    EXPECT_DOUBLE_EQ(cosine(k, 0, 1), 0.5);
    EXPECT_NEAR(conditionNumber(k), std::sqrt(3.0), 1e-12) << "eigenvalues 1.5 and 0.5";
    EXPECT_TRUE(std::isnan(cosine(k, 0, 2)));
  }
}

TEST(Conflict, ScoresByTask) {
  const auto event = [](int step, const char* rows) {
    return Json{
        {"kind", "conflict"}, {"step", step}, {"tasks", {"a", "b", "c"}}, {"layers", {{"one", Json::parse(rows)}}}};
  };
  const auto series =
      RunSeries::of({event(1, "[[1,-0.5,0],[-0.5,1,0],[0,0,0]]"), event(2, "[[1,-0.5,0.2],[-0.5,1,0.1],[0.2,0.1,1]]")});
  const auto scores = taskConflictScores(series.conflicts(), 0);
  ASSERT_EQ(scores.size(), 3u);
  EXPECT_DOUBLE_EQ(scores[0], 2.0 / 3) << "against b twice, with c once";
  EXPECT_DOUBLE_EQ(scores[2], 0);
  EXPECT_DOUBLE_EQ(taskConflictScores(series.conflicts(), 0, -0.6)[0], 0);
}

}  // namespace
}  // namespace lorkd::run
