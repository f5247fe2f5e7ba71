#include <cstdio>

#include "core/nn/kernels/Convolution.h"
#include "core/nn/kernels/Gram.h"
#include "core/plugin/Registry.h"
#include "core/train/Optimiser.h"
#include "plugins/Plugins.h"
#include "tests/bench/Benches.h"

namespace lorkd::bench {
namespace {

struct StepRow {
  const char* title;
  const char* backbone;
  const char* preset;                // empty: widths
  std::vector<std::int64_t> widths;  // for U-Nets
  std::int64_t batch, size;
  int tasks;
  std::int64_t rank;
  bool published;  // affordable
};

const std::vector<StepRow> steps{{"ResNet-18, 64x64", "resnet", "resnet18", {}, 64, 64, 8, 8, false},
                                 {"ResNet-18, 64x64", "resnet", "resnet18", {}, 16, 64, 8, 8, false},
                                 {"ShuffleNetV2 0.5x, 64x64", "shufflenetv2", "tiny", {}, 64, 64, 8, 8, true},
                                 {"U-Net 16,32,64, 32^3", "unet3d", "", {16, 32, 64}, 4, 32, 4, 4, true},
                                 {"U-Net 16..256, 32^3", "unet3d", "", {16, 32, 64, 128, 256}, 4, 32, 4, 4, true}};

// Two-dimensional networks read colour pictures.
std::int64_t channels(const StepRow& row) { return row.widths.empty() ? 3 : 1; }

nn::Network network(const StepRow& row, const nn::LowRankSpec& spec) {
  auto info = plugin::registry().backbone(row.backbone);
  TORCH_CHECK(info, info.error().text());
  plan::Backbone options;
  options.name = row.backbone;
  options.preset = row.preset;
  options.widths = row.widths;
  if (options.preset.empty() && !(*info)->presets.empty()) options.preset = (*info)->presets.front();
  auto backbone = (*info)->make(options, spec, channels(row));
  TORCH_CHECK(backbone, backbone.error().text());
  std::vector<nn::HeadSpec> heads;
  for (int t = 0; t < row.tasks; ++t) heads.push_back({"task" + std::to_string(t), 2, (*backbone)->dense()});
  return nn::Network(*backbone, heads);
}

}  // namespace

Json wholeStep(const TimingOptions& options) {
  registerPlugins(plugin::registry());
  Json all = Json::array();
  std::printf("%-28s %5s %5s %9s %9s %9s %9s %9s %9s %9s\n", "network (ratios to stock)", "batch", "tasks", "stock ms",
              "plain", "separated", "with Gram", "T passes", "published", "fused");
  for (const auto& row : steps) {
    if (!options.takes(row.title)) continue;
    const auto tasks = static_cast<std::size_t>(row.tasks);
    const nn::LowRankSpec spec{std::vector<std::int64_t>(tasks, row.rank), std::vector<double>(tasks, 1.0), 2,
                               nn::Strategy::Auto};
    auto slow = spec;
    slow.strategy = nn::Strategy::Published;
    auto plain = network(row, {}), separated = network(row, spec), published = network(row, slow);
    std::vector<std::int64_t> sizes{row.batch, channels(row)};
    sizes.insert(sizes.end(), static_cast<std::size_t>(plain->backbone().dims()), row.size);
    const auto x = torch::randn(sizes);
    nn::GramRecorder recorder(row.tasks);
    nn::Routing routing;
    const auto share = row.batch / row.tasks;
    for (int t = 0; t < row.tasks; ++t) routing.slices.push_back({t, t * share, (t + 1) * share});
    auto recording = routing;
    recording.gram = &recorder;
    const auto pass = [](nn::Network& net, const torch::Tensor& in, const nn::Routing& way) {
      torch::Tensor loss = torch::zeros({});
      for (const auto& logits : net->forward(in, way).logits) loss = loss + logits.square().mean();
      loss.backward();
    };
    plan::Training sgd;
    sgd.optimiser = plan::TrainingOptimiser::Sgd;
    sgd.momentum = 0.9;
    sgd.weightDecay = 0;
    const auto run = [&](nn::Network& net, const nn::Routing& way, bool passes) {
      nn::NamedTensors parameters;
      for (const auto& item : net->named_parameters()) parameters.emplace_back(item.key(), item.value());
      const auto optimiser = std::make_shared<train::Optimiser>(sgd, parameters);
      return [&net, &way, &x, &pass, optimiser, passes] {
        optimiser->clearGradients();
        if (!passes) pass(net, x, way);
        for (std::size_t s = 0; passes && s < way.slices.size(); ++s)
          pass(net, x.narrow(0, way.slices[s].begin, way.slices[s].size()),
               nn::Routing::single(way.slices[s].task, way.slices[s].size()));
        optimiser->step(1e-4);
      };
    };
    // LibTorch alone: its operators and its optimiser.
    torch::optim::SGD stockSgd(plain->parameters(), torch::optim::SGDOptions(1e-4).momentum(0.9));
    const auto stock = [&] {
      const nn::StockKernels guard;
      stockSgd.zero_grad();
      pass(plain, x, routing);
      stockSgd.step();
    };
    std::vector<std::function<void()>> variants{stock, run(plain, routing, false), run(separated, routing, false),
                                                run(separated, recording, false), run(separated, routing, true)};
    if (row.published) variants.push_back(run(published, routing, false));
    const auto ms = interleavedMedians(variants, options);
    std::printf("%-28s %5ld %5d %9.1f", row.title, static_cast<long>(row.batch), row.tasks, ms[0]);
    Json entry{{"network", row.title}, {"batch", row.batch}, {"tasks", row.tasks}, {"stock_ms", ms[0]}};
    const char* names[] = {"plain", "separated", "with_gram", "passes", "published"};
    for (std::size_t v = 1; v <= std::size(names); ++v) {
      if (v >= ms.size()) {
        std::printf(" %9s", "-");
        continue;
      }
      entry[names[v - 1]] = ms[v] / ms[0];
      std::printf(" %9.2f", ms[v] / ms[0]);
    }
    // Prediction: an expert as it is deployed beside the plain network, ratio of the two.
    const auto predict = [&x](nn::Network& net) {
      net->eval();
      return [&net, &x] {
        const torch::NoGradGuard noGrad;
        net->forward(x, nn::Routing::single(0, x.size(0)));
      };
    };
    separated->fuse(0);
    const auto seconds = interleavedMedians({predict(plain), predict(separated)}, options);
    entry["fused_to_plain_prediction"] = seconds[1] / seconds[0];
    std::printf(" %9.2f\n", seconds[1] / seconds[0]);
    std::fflush(stdout);
    all.push_back(entry);
  }
  return all;
}

}  // namespace lorkd::bench
