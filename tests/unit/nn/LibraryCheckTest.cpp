#include <gtest/gtest.h>

#include "core/nn/kernels/LibraryCheck.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The library's convolution with a backward pass that can be spoilt, as a mismatched build's is.
struct Spoilt : torch::autograd::Function<Spoilt> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, double x0, double w0,
                        const ConvGeometry& g) {
    ctx->save_for_backward({x, weight});
    ctx->saved_data["factors"] = std::vector<double>{x0, w0};
    ctx->saved_data["stride"] = g.stride;
    ctx->saved_data["padding"] = g.padding;
    ctx->saved_data["dilation"] = g.dilation;
    return convolve(x, weight, {}, g);
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const ConvGeometry g{ctx->saved_data["stride"].toIntVector(), ctx->saved_data["padding"].toIntVector(),
                         ctx->saved_data["dilation"].toIntVector()};
    const auto factors = ctx->saved_data["factors"].toDoubleVector();
    const auto found = convolveBackward(gradients[0].contiguous(), saved[0], saved[1], g, true, true);
    return {found.x * factors[0], found.weight * factors[1], Tensor(), Tensor(), Tensor()};
  }
};

std::string found(double x, double weight) {
  return disagreement(
      [=](const Tensor& in, const Tensor& w, const ConvGeometry& g) { return Spoilt::apply(in, w, x, weight, g); });
}

TEST(LibraryCheck, NamesTheLayerAndWhatIsWrong) {
  ASSERT_TRUE(switchWrongKernelsOff());  // so that what follows is computed rightly
  EXPECT_EQ(found(1, 1), "");
  EXPECT_EQ(found(0.9, 1), "3x3 convolution of 8 to 8 channels: gradient of the input");
  EXPECT_EQ(found(1, std::numeric_limits<double>::quiet_NaN()),
            "3x3 convolution of 8 to 8 channels: gradient of the weight");
  EXPECT_EQ(disagreement([](const Tensor& x, const Tensor& w, const ConvGeometry& g) {
              return convolution(x, w, {}, g).nan_to_num() + (x.size(1) == 5 ? 0.1 : 0.0);
            }),
            "3x3 convolution of 5 to 7 channels: output");
}

TEST(LibraryCheck, LeavesRandomNumbersAlone) {
  torch::manual_seed(4);
  const auto expected = torch::randn({3});
  torch::manual_seed(4);
  disagreement([](const Tensor& x, const Tensor& w, const ConvGeometry& g) { return convolution(x, w, {}, g); });
  EXPECT_TRUE(torch::equal(torch::randn({3}), expected));
}

TEST(LibraryCheck, OneDnnStaysOnWhereItIsRight) {
  const auto& wrong = switchWrongKernelsOff();
  ASSERT_TRUE(wrong) << wrong.error().text();
  EXPECT_EQ(at::globalContext().userEnabledMkldnn(), wrong->empty()) << *wrong;
}

TEST(LibraryCheck, ComparesAgainAfterTheRemedy) {
  ASSERT_TRUE(switchWrongKernelsOff());
  bool healed = false, tried = false;
  const auto spoilt = [&](const Tensor& x, const Tensor& w, const ConvGeometry& g) {
    return convolution(x, w, {}, g) + (healed ? 0.0 : 0.1);
  };
  const auto right = rightAfter(spoilt, [&] { healed = true; });
  ASSERT_TRUE(right) << right.error().text();
  EXPECT_EQ(*right, "3x3 convolution of 8 to 8 channels: output");
  const auto sound = rightAfter(spoilt, [&] { tried = true; });
  ASSERT_TRUE(sound);
  EXPECT_EQ(*sound, "");
  EXPECT_FALSE(tried);

  healed = false;
  const auto hopeless = rightAfter(spoilt, [&] { tried = true; });
  ASSERT_FALSE(hopeless);
  EXPECT_TRUE(tried);
  EXPECT_EQ(hopeless.error().code, ErrorCode::Numeric);
  EXPECT_NE(hopeless.error().message.find("3x3 convolution of 8 to 8 channels: output"), std::string::npos);
  EXPECT_NE(hopeless.error().hint, "");
}

}  // namespace
}  // namespace lorkd::nn
