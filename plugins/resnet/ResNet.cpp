#include "plugins/resnet/ResNet.h"

#include <algorithm>
#include <map>

#include "core/nn/BatchNorm.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::resnet {
namespace {

using nn::BatchNorm;
using nn::LowRankConv;
using nn::LowRankSpec;
using nn::Routing;

// Blocks per stage.
const std::map<int, std::array<int, 4>>& depths() {
  static const std::map<int, std::array<int, 4>> table{{18, {2, 2, 2, 2}}, {34, {3, 4, 6, 3}}, {50, {3, 4, 6, 3}}};
  return table;
}

bool bottlenecks(int depth) { return depth >= 50; }

void initialise(torch::Tensor& weight) { torch::nn::init::kaiming_normal_(weight, 0, torch::kFanOut, torch::kReLU); }

// What a block is made with.
struct Plan {
  std::int64_t in = 0, width = 0, out = 0, stride = 1;
};

// Convolutions with a norm after each, all but the last with ReLU, and the shortcut around them.
class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(const Plan& plan, bool bottleneck, std::size_t norms, const LowRankSpec& spec) {
    if (bottleneck) {
      add(plan.in, plan.width, 1, 1, norms, spec);
      add(plan.width, plan.width, 3, plan.stride, norms, spec);
      add(plan.width, plan.out, 1, 1, norms, spec);
    } else {
      add(plan.in, plan.width, 3, plan.stride, norms, spec);
      add(plan.width, plan.out, 3, 1, norms, spec);
    }
    if (plan.stride == 1 && plan.in == plan.out) return;
    m_shortcut = torch::nn::Conv2d(torch::nn::Conv2dOptions(plan.in, plan.out, 1).stride(plan.stride).bias(false));
    initialise(m_shortcut->weight);
    m_shortcutNorm = BatchNorm(plan.out, norms);
    torch::nn::ModuleList list;
    list->push_back(m_shortcut.ptr());
    list->push_back(m_shortcutNorm.ptr());
    register_module("downsample", list);
  }

  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) {
    auto y = x;
    for (std::size_t i = 0; i < m_convs.size(); ++i) {
      y = m_norms[i]->forward(m_convs[i]->forward(y, routing), routing);
      if (i + 1 < m_convs.size()) torch::relu_(y);
    }
    y = y + (m_shortcut.is_empty() ? x : m_shortcutNorm->forward(m_shortcut->forward(x), routing));
    return torch::relu_(y);
  }

 private:
  void add(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::size_t norms,
           const LowRankSpec& spec) {
    const auto number = std::to_string(m_convs.size() + 1);
    const nn::ConvShape shape{
        .dims = 2, .in = in, .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = false};
    m_convs.push_back(register_module("conv" + number, LowRankConv(shape, spec)));
    initialise(m_convs.back()->weight);
    m_norms.push_back(register_module("bn" + number, BatchNorm(out, norms)));
  }

  std::vector<LowRankConv> m_convs;
  std::vector<BatchNorm> m_norms;
  torch::nn::Conv2d m_shortcut{nullptr};
  BatchNorm m_shortcutNorm{nullptr};
};
TORCH_MODULE(Block);

class ResNet : public nn::Backbone {
 public:
  ResNet(const Options& options, const LowRankSpec& spec) : m_options(options) {
    const nn::ConvShape stem{.dims = 2,
                             .in = options.inputChannels,
                             .out = options.widths[0],
                             .kernel = 7,
                             .stride = 2,
                             .padding = 3,
                             .bias = false};
    m_stem = register_module("conv1", LowRankConv(stem, spec));
    initialise(m_stem->weight);
    m_stemNorm = register_module("bn1", BatchNorm(stem.out, options.normsPerTask));
    const auto& repeats = depths().at(options.depth);
    Plan plan{.in = stem.out};
    for (std::size_t s = 0; s < repeats.size(); ++s) {
      auto stage = register_module("layer" + std::to_string(s + 1), torch::nn::ModuleList());
      plan.width = options.widths[s];
      plan.out = plan.width * (bottlenecks(options.depth) ? 4 : 1);
      for (int i = 0; i < repeats[s]; ++i) {
        plan.stride = i == 0 && s > 0 ? 2 : 1;
        m_blocks.emplace_back(plan, bottlenecks(options.depth), options.normsPerTask, spec);
        stage->push_back(m_blocks.back().ptr());
        plan.in = plan.out;
      }
    }
    m_features = plan.out;
  }

  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) override {
    TORCH_CHECK(x.dim() == 4 && x.size(1) == m_options.inputChannels, "ResNet: input ", x.sizes(), " where (N, ",
                m_options.inputChannels, ", H, W) is wanted");
    auto y = m_stemNorm->forward(nn::channelsLast(m_stem->forward(x, routing)), routing);
    y = torch::max_pool2d(torch::relu_(y), 3, 2, 1);
    for (auto& block : m_blocks) y = block->forward(y, routing);
    return y.flatten(2).mean(2);
  }

  int dims() const override { return 2; }
  std::int64_t featureChannels() const override { return m_features; }
  std::int64_t inputChannels() const override { return m_options.inputChannels; }
  bool dense() const override { return false; }
  std::int64_t sizeMultiple() const override { return 1; }

 private:
  Options m_options;
  std::int64_t m_features = 0;
  LowRankConv m_stem{nullptr};
  BatchNorm m_stemNorm{nullptr};
  std::vector<Block> m_blocks;
};

}  // namespace

Result<int> depthOf(const std::string& preset) {
  for (const auto& [depth, repeats] : depths())
    if (preset == std::to_string(depth) || preset == "resnet" + std::to_string(depth)) return depth;
  return fail(ErrorCode::InvalidArgument, "ResNet has no preset \"" + preset + "\"", "choose its depth: 18, 34 or 50",
              "backbone.preset");
}

Result<std::shared_ptr<nn::Backbone>> make(const Options& options, const LowRankSpec& spec) {
  if (!depths().contains(options.depth)) return std::unexpected(depthOf(std::to_string(options.depth)).error());
  if (*std::ranges::min_element(options.widths) < 1)
    return fail(ErrorCode::InvalidArgument, "widths of a ResNet must be positive", "", "backbone.widths");
  if (options.inputChannels < 1) return fail(ErrorCode::InvalidArgument, "ResNet needs at least one input channel");
  try {
    return std::make_shared<ResNet>(options, spec);
  } catch (const std::exception& e) {
    return fail(ErrorCode::InvalidArgument, std::string("ResNet cannot be made: ") + e.what());
  }
}

}  // namespace lorkd::resnet
