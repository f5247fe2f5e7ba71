#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include "core/nn/kernels/Convolution.h"
#include "core/nn/kernels/Strategy.h"
#include "tests/bench/Benches.h"
#include "tests/bench/Memory.h"

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
  std::printf("%-40s %9s %9s %9s %9s %9s %9s %9s %9s %9s  %s\n", "layer (ratios to plain)", "plain ms", "auto",
              "merged", "factored", "auto cl", "T passes", "published", "MiB more", "/(T*W0)", "auto takes");
  std::vector<double> autos, lasts;
  double mostCopies = -std::numeric_limits<double>::infinity();
  for (const auto& row : rows) {
    if (!options.takes(row.name())) continue;
    nn::LowRankSpec spec{std::vector<std::int64_t>(static_cast<std::size_t>(row.tasks), row.rank),
                         std::vector<double>(static_cast<std::size_t>(row.tasks), 1.0), 1, nn::Strategy::Auto};
    auto plain = layer(row, {}), own = layer(row, spec);
    std::vector<std::int64_t> sizes{row.batch, row.in};
    sizes.insert(sizes.end(), static_cast<std::size_t>(row.dims), row.size);
    const auto x = torch::randn(sizes).requires_grad_();
    nn::Routing routing;
    const auto share = row.batch / row.tasks;
    for (int t = 0; t < row.tasks; ++t) routing.slices.push_back({t, t * share, (t + 1) * share});
    const auto gradient = torch::randn_like(plain->forward(x, routing));
    const auto step = [&](nn::LowRankConv& conv, const torch::Tensor& in, const nn::Routing& way,
                          const torch::Tensor& dy) {
      auto inputs = conv->parameters();
      inputs.push_back(in);
      torch::autograd::grad({conv->forward(in, way)}, inputs, {dy}, {}, false, true);
    };
    const auto with = [&](nn::Strategy strategy) {
      return [&, strategy] {
        own->strategy = strategy;
        step(own, x, routing, gradient);
      };
    };
    const auto format = row.dims == 3 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
    const auto xLast = x.detach().contiguous(format).requires_grad_();
    const auto gradientLast = gradient.contiguous(format);
    std::vector<std::function<void()>> variants{[&] {
                                                  const nn::StockKernels stock;
                                                  step(plain, x, routing, gradient);
                                                },
                                                with(nn::Strategy::Auto),
                                                with(nn::Strategy::Merged),
                                                with(nn::Strategy::Factored),
                                                [&] {
                                                  own->strategy = nn::Strategy::Auto;
                                                  step(own, xLast, routing, gradientLast);
                                                },
                                                [&] {
                                                  own->strategy = nn::Strategy::Merged;
                                                  for (const auto& slice : routing.slices)
                                                    step(own, x.narrow(0, slice.begin, share).detach().requires_grad_(),
                                                         nn::Routing::single(slice.task, share),
                                                         gradient.narrow(0, slice.begin, share));
                                                }};
    if (row.batch * plain->weight.numel() <= affordable) variants.push_back(with(nn::Strategy::Published));
    const auto ms = interleavedMedians(variants, options);
    const auto takes = nn::chosenStrategy({x, own->weight, {}, {}, {}, {}, {}, routing}, gradient[0][0].numel());
    const std::string chosen = takes == nn::Strategy::Factored ? "factored" : "merged";
    Json entry{{"layer", row.name()}, {"plain_ms", ms[0]}, {"chosen", chosen}};
    std::printf("%-40s %9.2f", row.name().c_str(), ms[0]);
    const char* names[] = {"auto", "merged", "factored", "auto_channels_last", "passes", "published"};
    for (std::size_t v = 1; v < 7; ++v) {
      if (v >= ms.size()) {
        std::printf(" %9s", "-");
        continue;
      }
      entry[names[v - 1]] = ms[v] / ms[0];
      std::printf(" %9.2f", ms[v] / ms[0]);
    }
    // What separation needs beyond the plain layer on the same kernels; its factors' gradients belong to it.
    const auto needs = [&](nn::LowRankConv& conv) {
      const auto once = [&] { step(conv, x, routing, gradient); };
      once();  // what is made once and kept does not count
      return peakBytes(once);
    };
    own->strategy = nn::Strategy::Auto;
    if (const auto ours = needs(own), its = needs(plain); ours && its) {
      const auto more = static_cast<double>(*ours - *its);
      const double copies = more / static_cast<double>(row.tasks * static_cast<std::int64_t>(own->weight.nbytes()));
      mostCopies = std::max(mostCopies, copies);
      entry["bytes_more"] = more;
      entry["weight_copies_per_task"] = copies;
      std::printf(" %9.1f %9.2f  %s\n", more / (1 << 20), copies, chosen.c_str());
    } else {
      std::printf(" %9s %9s  %s\n", "-", "-", chosen.c_str());
    }
    std::fflush(stdout);
    autos.push_back(ms[1] / ms[0]);
    lasts.push_back(ms[4] / ms[0]);
    all.push_back(entry);
  }
  if (autos.empty()) throw std::runtime_error("no layer's title holds \"" + options.only + "\"");
  std::sort(autos.begin(), autos.end());
  std::sort(lasts.begin(), lasts.end());
  std::printf("auto: median %.2f, worst %.2f; channels-last: median %.2f, worst %.2f", autos[autos.size() / 2],
              autos.back(), lasts[lasts.size() / 2], lasts.back());
  if (std::isfinite(mostCopies)) std::printf("; memory beyond plain: at most %.2f weight copies a task", mostCopies);
  std::printf("\n");
  return all;
}

}  // namespace lorkd::bench
