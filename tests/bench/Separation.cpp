#include <cstdio>

#include "core/nn/LowRank.h"
#include "tests/bench/Benches.h"

namespace lorkd::bench {
namespace {

struct Row {
  int dims;
  std::int64_t batch, in, out, size, kernel, stride;
  int tasks;
  std::int64_t rank;
  std::string name() const {
    std::string spatial = std::to_string(size);
    for (int i = 1; i < dims; ++i) spatial += "x" + std::to_string(size);
    return std::to_string(dims) + "D B" + std::to_string(batch) + " " + std::to_string(in) + "->" +
           std::to_string(out) + " " + spatial + " k" + std::to_string(kernel) + " s" + std::to_string(stride) + " T" +
           std::to_string(tasks) + " r" + std::to_string(rank);
  }
};

// The layers of ResNet-18, ShuffleNetV2 and a 3D U-Net.
const std::vector<Row> rows{
    {2, 64, 3, 64, 64, 7, 2, 8, 8},   {2, 64, 64, 64, 16, 3, 1, 8, 8},   {2, 64, 64, 128, 16, 3, 2, 8, 8},
    {2, 64, 128, 128, 8, 3, 1, 8, 8}, {2, 64, 128, 256, 8, 3, 2, 8, 8},  {2, 64, 256, 256, 4, 3, 1, 8, 8},
    {2, 64, 256, 512, 4, 3, 2, 8, 8}, {2, 64, 512, 512, 2, 3, 1, 8, 8},  {2, 64, 128, 256, 8, 1, 2, 8, 8},
    {2, 64, 58, 58, 8, 1, 1, 8, 8},   {2, 64, 116, 116, 4, 1, 1, 8, 8},  {2, 64, 232, 232, 4, 1, 1, 8, 8},
    {2, 64, 232, 232, 2, 1, 1, 8, 8}, {2, 64, 464, 1024, 2, 1, 1, 8, 8}, {2, 16, 128, 128, 8, 3, 1, 8, 8},
    {2, 16, 256, 256, 4, 3, 1, 8, 8}, {3, 4, 16, 16, 32, 3, 1, 4, 4},    {3, 4, 32, 32, 32, 3, 1, 4, 4},
    {3, 4, 32, 32, 16, 3, 1, 4, 4},   {3, 4, 64, 64, 8, 3, 1, 4, 4},     {3, 4, 192, 64, 8, 3, 1, 4, 4},
    {3, 4, 128, 128, 4, 3, 1, 4, 4},  {3, 4, 256, 256, 4, 3, 1, 4, 4}};

nn::LowRankConv layer(const Row& row, const nn::LowRankSpec& spec) {
  return nn::LowRankConv(nn::ConvShape{.dims = row.dims,
                                       .in = row.in,
                                       .out = row.out,
                                       .kernel = row.kernel,
                                       .stride = row.stride,
                                       .padding = row.kernel / 2,
                                       .bias = false},
                         spec);
}

// Per-sample weights above this many values (1 GB with their gradients) are not worth the wait.
constexpr std::int64_t affordable = 40'000'000;

}  // namespace

Json separation(const TimingOptions& options) {
  Json all = Json::array();
  std::printf("%-40s %10s %10s %10s\n", "layer", "plain ms", "merged", "published");
  for (const auto& row : rows) {
    nn::LowRankSpec spec{std::vector<std::int64_t>(static_cast<std::size_t>(row.tasks), row.rank),
                         std::vector<double>(static_cast<std::size_t>(row.tasks), 1.0), 1, nn::Strategy::Merged};
    auto plain = layer(row, {}), merged = layer(row, spec);
    spec.strategy = nn::Strategy::Published;
    auto published = layer(row, spec);
    std::vector<std::int64_t> sizes{row.batch, row.in};
    sizes.insert(sizes.end(), static_cast<std::size_t>(row.dims), row.size);
    const auto x = torch::randn(sizes).requires_grad_();
    nn::Routing routing;
    const auto share = row.batch / row.tasks;
    for (int t = 0; t < row.tasks; ++t) routing.slices.push_back({t, t * share, (t + 1) * share});
    const auto gradient = torch::randn_like(plain->forward(x, routing));
    const auto run = [&](nn::LowRankConv& conv) {
      return [&] {
        auto inputs = conv->parameters();
        inputs.push_back(x);
        torch::autograd::grad({conv->forward(x, routing)}, inputs, {gradient});
      };
    };
    std::vector<std::function<void()>> variants{run(plain), run(merged)};
    if (row.batch * plain->weight.numel() <= affordable) variants.push_back(run(published));
    const auto ms = interleavedMedians(variants, options);
    Json entry{{"layer", row.name()}, {"plain_ms", ms[0]}, {"merged", ms[1] / ms[0]}};
    std::printf("%-40s %10.2f %10.2f ", row.name().c_str(), ms[0], ms[1] / ms[0]);
    if (ms.size() > 2) {
      entry["published"] = ms[2] / ms[0];
      std::printf("%10.2f\n", ms[2] / ms[0]);
    } else {
      std::printf("%10s\n", "-");
    }
    std::fflush(stdout);
    all.push_back(entry);
  }
  return all;
}

}  // namespace lorkd::bench
