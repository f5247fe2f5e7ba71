#include <gtest/gtest.h>

#include "core/nn/kernels/Gram.h"

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

}  // namespace
}  // namespace lorkd::nn
