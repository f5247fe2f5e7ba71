#include "core/eval/Flops.h"

#include <gtest/gtest.h>

#include "core/nn/UNet.h"

namespace lorkd::eval {
namespace {

TEST(MultiplyAdds, OfSingleOperatorsAsComputedByHand) {
  torch::NoGradGuard guard;
  const auto x = torch::randn({1, 3, 10, 12}), y = torch::randn({1, 8, 5, 6});
  EXPECT_EQ(multiplyAdds([&] { torch::conv2d(x, torch::randn({8, 3, 3, 3}), {}, 2, 1); }), 8 * 5 * 6 * 3 * 9);
  EXPECT_EQ(multiplyAdds([&] { torch::conv2d(y, torch::randn({8, 2, 3, 3}), {}, 1, 1, 1, 4); }), 8 * 5 * 6 * 2 * 9);
  EXPECT_EQ(multiplyAdds([&] { torch::conv_transpose2d(y, torch::randn({8, 4, 2, 2}), {}, 2); }), 8 * 5 * 6 * 4 * 4);
  EXPECT_EQ(multiplyAdds([&] {
              torch::linear(torch::randn({2, 7}), torch::randn({5, 7}), torch::randn({5}));
            }),
            2 * 5 * 7);
  EXPECT_EQ(multiplyAdds([&] { torch::mm(torch::randn({2, 7}), torch::randn({7, 5})); }), 2 * 5 * 7);
  EXPECT_EQ(multiplyAdds([&] { torch::relu(x) + x* x; }), 0);
}

TEST(MultiplyAdds, OfAUNetAsComputedByHand) {
  torch::NoGradGuard guard;
  nn::Network net(*nn::makeUNet({.dims = 3, .inputChannels = 1, .widths = {4, 8}}, {{2}, {1.0}}),
                  std::vector<nn::HeadSpec>{{"a", 2, true}});
  net->eval();
  net->fuse(0);
  const std::int64_t fine = 8 * 8 * 8, coarse = 4 * 4 * 4;
  const auto encoder = fine * 27 * (1 * 4 + 4 * 4) + coarse * 27 * (4 * 8 + 8 * 8);
  const auto up = coarse * 8 * 4 * 8, decoder = fine * 27 * (8 * 4 + 4 * 4), head = fine * 4 * 2;
  EXPECT_EQ(multiplyAdds([&] { net->predict(torch::zeros({1, 1, 8, 8, 8}), 0); }), encoder + up + decoder + head);
  EXPECT_EQ(multiplyAdds([&] { net->predict(torch::zeros({3, 1, 8, 8, 8}), 0); }), 3 * (encoder + up + decoder + head));
}

}  // namespace
}  // namespace lorkd::eval
