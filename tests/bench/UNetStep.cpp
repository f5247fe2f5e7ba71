#include <cstdio>

#include "core/nn/Gram.h"
#include "core/nn/UNet.h"
#include "tests/bench/Benches.h"

namespace lorkd::bench {
namespace {

nn::Network network(const std::vector<std::int64_t>& widths, const nn::LowRankSpec& spec) {
  auto backbone = nn::makeUNet({3, 1, widths}, spec);
  TORCH_CHECK(backbone, backbone.error().text());
  return nn::Network(*backbone, std::vector<nn::HeadSpec>{{"a", 1, true}, {"b", 1, true}, {"c", 1, true}});
}

}  // namespace

Json unetStep(const TimingOptions& options) {
  Json all = Json::array();
  std::printf("%-12s %10s %10s %10s %12s\n", "widths", "plain ms", "separated", "with Gram", "parameters");
  for (const std::vector<std::int64_t>& widths : {std::vector<std::int64_t>{8, 16, 32}, {12, 24, 48}, {16, 32, 64}}) {
    const nn::LowRankSpec spec{{4, 4, 4}, {4.0, 4.0, 4.0}, 2, nn::Strategy::Auto};
    auto plain = network(widths, {}), separated = network(widths, spec);
    const auto x = torch::randn({6, 1, 32, 32, 32});
    nn::GramRecorder recorder(3);
    const nn::Routing routing{{{0, 0, 2}, {1, 2, 4}, {2, 4, 6}}, nullptr};
    auto recording = routing;
    recording.gram = &recorder;
    const auto run = [&x](nn::Network& net, const nn::Routing& way) {
      return [&] {
        net->zero_grad();
        torch::Tensor loss = torch::zeros({});
        for (const auto& logits : net->forward(x, way).logits) loss = loss + logits.square().mean();
        loss.backward();
      };
    };
    const auto ms =
        interleavedMedians({run(plain, routing), run(separated, routing), run(separated, recording)}, options);
    std::string name;
    for (const auto w : widths) {
      if (!name.empty()) name += ',';
      name += std::to_string(w);
    }
    std::printf("%-12s %10.1f %10.1f %10.1f %12ld\n", name.c_str(), ms[0], ms[1], ms[2],
                static_cast<long>(plain->expertParameters(0)));
    std::fflush(stdout);
    all.push_back({{"widths", widths}, {"plain_ms", ms[0]}, {"separated_ms", ms[1]}, {"gram_ms", ms[2]}});
  }
  return all;
}

}  // namespace lorkd::bench
