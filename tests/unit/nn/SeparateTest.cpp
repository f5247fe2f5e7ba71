#include <gtest/gtest.h>

#include "core/nn/Separate.h"
#include "core/nn/UNet.h"

namespace lorkd::nn {
namespace {

std::shared_ptr<Backbone> trunk(std::vector<std::int64_t> widths = {4, 8}) {
  return *makeUNet({.dims = 2, .inputChannels = 1, .widths = std::move(widths)}, {});
}

Network threeTasks() {
  torch::manual_seed(5);
  return Network(separate({trunk(), trunk(), trunk()}),
                 std::vector<HeadSpec>{{"a", 2, true}, {"b", 1, true}, {"c", 3, true}});
}

TEST(Separate, EachTaskGoesThroughItsOwnTrunkAlone) {
  auto net = threeTasks();
  const auto x = torch::randn({5, 1, 16, 16});
  const auto out = net->forward(x, {{{0, 0, 2}, {2, 2, 5}}, nullptr});
  ASSERT_EQ(out.logits.size(), 2u);
  EXPECT_EQ(out.features.sizes(), (at::IntArrayRef{5, 4, 16, 16}));
  EXPECT_TRUE(torch::allclose(out.logits[1], net->predict(x.narrow(0, 2, 3), 2), 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(out.features, net->backbone().forward(x, Routing::single(1, 5)), 1e-3, 1e-3));
  (out.logits[0].sum() + out.logits[1].sum()).backward();
  for (const auto& item : net->named_parameters()) {
    const bool absent = item.key().find("trunks.1.") != std::string::npos || item.key().starts_with("heads.b");
    EXPECT_EQ(item.value().grad().defined(), !absent) << item.key();
  }
}

TEST(Separate, ATaskIsDeployedAsItsOwnNetwork) {
  auto net = threeTasks();
  net->eval();
  const auto x = torch::randn({2, 1, 16, 16});
  for (int task = 0; task < 3; ++task) {
    auto own = ofTask(net, task);
    EXPECT_EQ(own.task, 0);
    EXPECT_FALSE(own.network->is_training());
    EXPECT_TRUE(torch::equal(own.network->predict(x, 0), net->predict(x, task)));
    const Network alone(trunk(), std::vector{net->heads()[static_cast<std::size_t>(task)]});
    EXPECT_EQ(own.network->expertParameters(0), alone->expertParameters(0));
  }
  EXPECT_TRUE(isSeparate(net));
  const Network shared(trunk(), std::vector<HeadSpec>{{"a", 2, true}, {"b", 1, true}});
  EXPECT_FALSE(isSeparate(shared));
  EXPECT_EQ(ofTask(shared, 1).network.ptr(), shared.ptr());
  EXPECT_EQ(ofTask(shared, 1).task, 1);
}

TEST(Separate, CoarserLevelsOfDeepSupervisionAreRoutedToo) {
  const UNetOptions options{.dims = 2, .inputChannels = 1, .widths = {4, 8, 16}, .deepSupervision = true};
  const auto both = separate({*makeUNet(options, {}), *makeUNet(options, {})});
  ASSERT_EQ(both->coarserChannels(), (std::vector<std::int64_t>{8}));
  std::vector<torch::Tensor> coarser, second;
  const auto x = torch::randn({3, 1, 16, 16});
  both->forwardLevels(x, {{{0, 0, 2}, {1, 2, 3}}, nullptr}, coarser);
  both->forwardLevels(x.narrow(0, 2, 1), Routing::single(1, 1), second);
  ASSERT_EQ(coarser.size(), 1u);
  EXPECT_EQ(coarser[0].sizes(), (at::IntArrayRef{3, 8, 8, 8}));
  EXPECT_TRUE(torch::allclose(coarser[0].narrow(0, 2, 1), second[0], 1e-5, 1e-6));
}

TEST(Separate, TrunksMustBeOfOneKind) {
  EXPECT_THROW(separate({}), c10::Error);
  EXPECT_THROW(separate({trunk(), trunk({6, 12})}), c10::Error);
}

}  // namespace
}  // namespace lorkd::nn
