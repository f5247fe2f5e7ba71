#include <gtest/gtest.h>

#include "Naive.h"
#include "core/nn/BatchNorm.h"

namespace lorkd::nn {
namespace {

using test::route;

// Two steps and an evaluation of torch's own layer and of ours.
TEST(BatchNorm, SharedIsTorchsOwn) {
  torch::manual_seed(1);
  torch::nn::BatchNorm2d theirs(4);
  BatchNorm ours(4);
  const auto routing = route({{0, 2}, {1, 3}});
  for (int step = 0; step < 2; ++step) {
    const auto x = torch::randn({5, 4, 3, 6}) * 2 + 1;
    EXPECT_TRUE(torch::equal(ours->forward(x, routing), theirs->forward(x)));
  }
  const auto buffers = ours->named_buffers();
  for (const auto& item : theirs->named_buffers())
    EXPECT_TRUE(torch::equal(buffers[item.key()], item.value())) << item.key();
  EXPECT_EQ(buffers.size(), theirs->named_buffers().size());
  ours->eval(), theirs->eval();
  const auto x = torch::randn({2, 4, 3, 6});
  EXPECT_TRUE(torch::equal(ours->forward(x, routing), theirs->forward(x)));
  ours->train();
  EXPECT_THROW(ours->forward(torch::randn({1, 4, 1, 1}), route({{0, 1}})), c10::Error);
}

// A layer of torch for each task.
TEST(BatchNorm, PerTaskIsOneOfTorchsForEach) {
  torch::manual_seed(2);
  BatchNorm ours(3, 3);
  std::vector<torch::nn::BatchNorm2d> theirs;
  for (int t = 0; t < 3; ++t) {
    theirs.emplace_back(3);
    torch::NoGradGuard noGrad;
    const auto set = ours->setOf(t);
    set[0].second.uniform_(0.5, 2), set[1].second.normal_();
    theirs.back()->weight.copy_(set[0].second), theirs.back()->bias.copy_(set[1].second);
  }
  const auto routing = route({{2, 2}, {1, 0}, {0, 3}});
  for (const bool training : {true, true, false}) {
    ours->train(training);
    for (auto& layer : theirs) layer->train(training);
    auto x = (torch::randn({5, 3, 4, 4}) * 3 - 1).requires_grad_();
    auto copy = x.detach().clone().requires_grad_();
    const auto y = ours->forward(x, routing);
    const auto wanted =
        torch::cat({theirs[2]->forward(copy.narrow(0, 0, 2)), theirs[0]->forward(copy.narrow(0, 2, 3))});
    EXPECT_LT(test::difference(y, wanted), 1e-6);
    y.square().sum().backward(), wanted.square().sum().backward();
    EXPECT_LT(test::difference(x.grad(), copy.grad()), 1e-5);
  }
  for (int t = 0; t < 3; ++t) {
    const auto set = ours->setOf(t);
    const auto buffers = theirs[static_cast<std::size_t>(t)]->named_buffers();
    for (std::size_t i = 2; i < set.size(); ++i)
      EXPECT_TRUE(torch::allclose(set[i].second, buffers[set[i].first])) << t;
    EXPECT_EQ(set[4].second.item<std::int64_t>(), t == 1 ? 0 : 2);
  }
  EXPECT_EQ(ours->named_parameters().size(), 6u);
  EXPECT_TRUE(ours->named_buffers().contains("2.running_mean"));
  EXPECT_THROW(ours->forward(torch::randn({2, 3, 4, 4}), route({{3, 2}})), c10::Error);
  EXPECT_THROW(ours->forward(torch::randn({2, 3, 4, 4}), route({{1, 1}})), c10::Error);
}

TEST(BatchNorm, OneValueTakesTheRunningStatistics) {
  torch::manual_seed(3);
  BatchNorm norm(3, 2);
  for (int i = 0; i < 50; ++i) norm->forward(torch::randn({8, 3, 2, 2}) + 4, Routing::single(1, 8));
  const auto before = norm->setOf(1)[2].second.clone();
  const auto x = torch::randn({3, 3, 1, 1}) + 4;
  const auto y = norm->forward(x, route({{0, 2}, {1, 1}}));
  norm->eval();
  EXPECT_TRUE(torch::equal(y[2], norm->forward(x, Routing::single(1, 3))[2]));
  EXPECT_TRUE(torch::equal(before, norm->setOf(1)[2].second));
}

}  // namespace
}  // namespace lorkd::nn
