// Networks in bfloat16 by autocast, against the same in float32.
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include "Naive.h"
#include "core/nn/UNet.h"

namespace lorkd::nn {
namespace {

class Autocast {
 public:
  Autocast() { set(true); }
  ~Autocast() {
    set(false);
    at::autocast::clear_cache();
  }

 private:
  static void set(bool on) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCPU, on);
#else
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(on);
#endif
  }
};

TEST(Autocast, UNetsComputeInBfloat16AndKeepFloatGradients) {
  for (const int dims : {2, 3}) {
    for (const auto strategy : {Strategy::Auto, Strategy::Factored, Strategy::Published}) {
      torch::manual_seed(5);
      const LowRankSpec spec{{2, 3}, {1.0, 0.5}, 2, strategy};
      auto backbone = makeUNet({.dims = dims, .inputChannels = 1, .widths = {6, 8}}, spec).value();
      Network network(backbone, std::vector<HeadSpec>{{"a", 2, true}, {"b", 1, true}});
      test::fillFactors(*network);
      std::vector<std::int64_t> sizes{3, 1};
      sizes.insert(sizes.end(), static_cast<std::size_t>(dims), 8);
      const auto x = torch::randn(sizes);
      const auto routing = test::route({{0, 2}, {1, 1}});
      const auto gradients = [&](bool low) {
        network->zero_grad(true);
        torch::Tensor loss = torch::zeros({});
        {
          std::optional<Autocast> on;
          if (low) on.emplace();
          for (const auto& logits : network->forward(x, routing).logits) {
            EXPECT_EQ(logits.scalar_type(), low ? torch::kBFloat16 : torch::kFloat);
            loss = loss + logits.to(torch::kFloat).square().mean();
          }
        }
        loss.backward();
        std::vector<torch::Tensor> all;
        for (const auto& parameter : network->parameters()) {
          EXPECT_EQ(parameter.grad().scalar_type(), torch::kFloat);
          all.push_back(parameter.grad().flatten());
        }
        return torch::cat(all);
      };
      const auto full = gradients(false), low = gradients(true);
      // Rounding to 8 bits moves some activations over the kink of the LeakyReLU, so the gradients agree in direction
      // only.
      EXPECT_GT((full.dot(low) / (full.norm() * low.norm())).item<double>(), 0.98);
      EXPECT_GT((full - low).norm().item<double>(), 0) << "nothing was computed in bfloat16";
    }
  }
}

}  // namespace
}  // namespace lorkd::nn
