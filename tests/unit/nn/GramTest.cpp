#include <gtest/gtest.h>

#include <cmath>

#include "core/nn/Gram.h"

namespace lorkd::nn {
namespace {

TEST(GramRecorder, AddsUpAndClears) {
  GramRecorder recorder(3);
  const auto weight = torch::zeros({2});
  const auto g0 = torch::tensor({1.f, 2.f}), g2 = torch::tensor({3.f, -1.f});
  EXPECT_FALSE(recorder.gram(weight).defined());
  recorder.add(weight, {0, 2}, {g0, g2});
  recorder.add(weight, {2}, {g2});
  const auto expected = torch::tensor({{5., 0., 1.}, {0., 0., 0.}, {1., 0., 20.}}, torch::kDouble);
  EXPECT_TRUE(torch::equal(recorder.gram(weight), expected));
  EXPECT_FALSE(recorder.gram(torch::zeros({2})).defined());
  recorder.clear();
  EXPECT_FALSE(recorder.gram(weight).defined());
  EXPECT_THROW(recorder.add(weight, {3}, {g0}), c10::Error);
}

TEST(GramRecorder, LargeGradientsAndATaskInTwoSlices) {
  torch::manual_seed(3);
  GramRecorder recorder(2);
  const auto weight = torch::zeros({1});
  const auto g = torch::randn({3, 5, 7, 999});
  recorder.add(weight, {0, 1, 0}, {g[0], g[1], g[2]});
  const auto sums = torch::stack({(g[0] + g[2]).flatten(), g[1].flatten()}).to(torch::kDouble);
  const auto expected = torch::mm(sums, sums.t());
  EXPECT_LT((recorder.gram(weight) - expected).abs().max().item<double>(), 1e-5 * expected.max().item<double>());
}

TEST(ConflictMeasures, FollowTheDefinitions) {
  // g0 = (1, 0), g1 = (0, 2), g2 = (-3, 0), task 3 absent.
  const auto g = torch::tensor({{1., 0.}, {0., 2.}, {-3., 0.}, {0., 0.}}, torch::kDouble);
  const auto m = conflictMeasures(torch::mm(g, g.t()));
  EXPECT_DOUBLE_EQ(m.cosine[0][2].item<double>(), -1);
  EXPECT_DOUBLE_EQ(m.cosine[0][1].item<double>(), 0);
  EXPECT_DOUBLE_EQ(m.cosine[1][1].item<double>(), 1);
  EXPECT_TRUE(std::isnan(m.cosine[0][3].item<double>()));
  EXPECT_TRUE(std::isnan(m.cosine[3][3].item<double>()));
  EXPECT_DOUBLE_EQ(m.magnitudeSimilarity[0][2].item<double>(), 2 * 3 / 10.0);
  EXPECT_DOUBLE_EQ(m.magnitudeSimilarity[0][1].item<double>(), 2 * 2 / 5.0);
  EXPECT_DOUBLE_EQ(m.conflictFraction, 1.0 / 3);
  EXPECT_GT(m.conditionNumber, 1e5) << "g0 and g2 are parallel, so K is singular";
}

TEST(ConflictMeasures, ConditionNumberOfOrthogonalGradients) {
  const auto m = conflictMeasures(torch::diag(torch::tensor({4., 0., 9.}, torch::kDouble)));
  EXPECT_NEAR(m.conditionNumber, 1.5, 1e-12);
  EXPECT_EQ(m.conflictFraction, 0);
}

TEST(ConflictMeasures, PairsThatWereNotMeasuredAreLeftOut) {
  const double none = std::nan("");
  const auto m = conflictMeasures(torch::tensor({{4., none, -2.}, {none, 1., none}, {-2., none, 9.}}, torch::kDouble));
  EXPECT_DOUBLE_EQ(m.cosine[0][2].item<double>(), -2 / 6.0);
  EXPECT_TRUE(std::isnan(m.cosine[0][1].item<double>()));
  EXPECT_TRUE(std::isnan(m.magnitudeSimilarity[1][0].item<double>()));
  EXPECT_DOUBLE_EQ(m.conflictFraction, 1) << "of the one pair that was measured";
  EXPECT_TRUE(std::isnan(m.conditionNumber));
}

TEST(ConflictMeasures, NothingToCompare) {
  const auto m = conflictMeasures(torch::zeros({2, 2}));
  EXPECT_EQ(m.conflictFraction, 0);
  EXPECT_EQ(m.conditionNumber, 1);
  EXPECT_TRUE(m.cosine.isnan().all().item<bool>());
}

}  // namespace
}  // namespace lorkd::nn
