#include "plugins/shufflenet/ShuffleNetV2.h"

#include <map>

#include "core/nn/BatchNorm.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::shufflenet {
namespace {

using nn::BatchNorm;
using nn::ConvShape;
using nn::LowRankConv;
using nn::LowRankSpec;
using nn::Routing;
using torch::nn::Conv2d;

struct Options {
  LowRankSpec spec;
  std::size_t norms = 0;  // sets of batch norms: 0 shared, else one a task
};

// Convolution, batch norm and perhaps ReLU in a row; children are numbered as in torchvision's Sequential.
class ChainImpl : public torch::nn::Module {
 public:
  explicit ChainImpl(const Options& options) : m_options(options) {}
  void adapted(const ConvShape& shape) {
    LowRankConv conv(shape, m_options.spec);
    add(conv.ptr(), [conv](const torch::Tensor& x, const Routing& r) mutable { return conv->forward(x, r); });
    norm(shape.out);
  }
  void depthwise(std::int64_t channels, std::int64_t stride) {
    Conv2d conv(torch::nn::Conv2dOptions(channels, channels, 3).stride(stride).padding(1).groups(channels).bias(false));
    add(conv.ptr(), [conv](const torch::Tensor& x, const Routing&) mutable { return conv->forward(x); });
    norm(channels);
  }
  void relu() {
    add(torch::nn::ReLU().ptr(), [](torch::Tensor x, const Routing&) { return torch::relu_(x); });
  }
  torch::Tensor forward(torch::Tensor x, const Routing& routing) {
    for (auto& step : m_steps) x = step(x, routing);
    return x;
  }

 private:
  using Step = std::function<torch::Tensor(const torch::Tensor&, const Routing&)>;
  void norm(std::int64_t channels) {
    BatchNorm norm(channels, m_options.norms);
    add(norm.ptr(), [norm](const torch::Tensor& x, const Routing& r) mutable { return norm->forward(x, r); });
  }
  void add(std::shared_ptr<torch::nn::Module> module, Step step) {
    register_module(std::to_string(m_steps.size()), std::move(module));
    m_steps.push_back(std::move(step));
  }
  Options m_options;
  std::vector<Step> m_steps;
};
TORCH_MODULE(Chain);

ConvShape pointwise(std::int64_t in, std::int64_t out) {
  return {.dims = 2, .in = in, .out = out, .kernel = 1, .padding = 0, .bias = false};
}

// Interleaves the channels of two groups, in the layout that x has.
torch::Tensor shuffle(const torch::Tensor& x) {
  const auto n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  if (x.suggest_memory_format() == at::MemoryFormat::ChannelsLast) {
    const auto pixels = x.permute({0, 2, 3, 1}).reshape({n, h, w, 2, c / 2});
    return pixels.transpose(3, 4).reshape({n, h, w, c}).permute({0, 3, 1, 2});
  }
  return x.view({n, 2, c / 2, h, w}).transpose(1, 2).reshape({n, c, h, w});
}

// Stride 1: half of the channels pass by. Stride 2: both branches see all channels.
class UnitImpl : public torch::nn::Module {
 public:
  UnitImpl(std::int64_t in, std::int64_t out, std::int64_t stride, const Options& options) : m_down(stride == 2) {
    const auto half = out / 2;
    branch1 = register_module("branch1", Chain(options));
    if (m_down) {
      branch1->depthwise(in, 2);
      branch1->adapted(pointwise(in, half));
      branch1->relu();
    }
    branch2 = register_module("branch2", Chain(options));
    branch2->adapted(pointwise(m_down ? in : half, half));
    branch2->relu();
    branch2->depthwise(half, stride);
    branch2->adapted(pointwise(half, half));
    branch2->relu();
  }
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) {
    if (m_down) return shuffle(torch::cat({branch1->forward(x, routing), branch2->forward(x, routing)}, 1));
    const auto halves = x.chunk(2, 1);
    return shuffle(torch::cat({halves[0], branch2->forward(halves[1], routing)}, 1));
  }

 private:
  bool m_down;
  Chain branch1{nullptr}, branch2{nullptr};
};
TORCH_MODULE(Unit);

class ShuffleNetV2 : public nn::Backbone {
 public:
  ShuffleNetV2(const Widths& widths, std::int64_t inputChannels, const Options& options)
      : m_widths(widths), m_inputChannels(inputChannels) {
    m_stem = register_module("conv1", Chain(options));
    m_stem->adapted({.dims = 2, .in = inputChannels, .out = widths[0], .kernel = 3, .stride = 2, .bias = false});
    m_stem->relu();
    constexpr std::array repeats{4, 8, 4};
    for (std::size_t s = 0; s < repeats.size(); ++s) {
      auto stage = register_module("stage" + std::to_string(s + 2), torch::nn::ModuleList());
      for (int i = 0; i < repeats[s]; ++i) {
        m_units.emplace_back(i == 0 ? widths[s] : widths[s + 1], widths[s + 1], i == 0 ? 2 : 1, options);
        stage->push_back(m_units.back().ptr());
      }
    }
    m_last = register_module("conv5", Chain(options));
    m_last->adapted(pointwise(widths[3], widths[4]));
    m_last->relu();
  }
  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) override {
    TORCH_CHECK(x.dim() == 4 && x.size(1) == m_inputChannels, "ShuffleNetV2: input ", x.sizes(), " where (N, ",
                m_inputChannels, ", H, W) is wanted");
    auto y = torch::max_pool2d(nn::channelsLast(m_stem->forward(x, routing)), 3, 2, 1);
    for (auto& unit : m_units) y = unit->forward(y, routing);
    return m_last->forward(y, routing).flatten(2).mean(2);
  }
  int dims() const override { return 2; }
  std::int64_t featureChannels() const override { return m_widths[4]; }
  std::int64_t inputChannels() const override { return m_inputChannels; }
  bool dense() const override { return false; }
  std::int64_t sizeMultiple() const override { return 1; }

 private:
  Widths m_widths;
  std::int64_t m_inputChannels;
  Chain m_stem{nullptr}, m_last{nullptr};
  std::vector<Unit> m_units;
};

}  // namespace

Result<Widths> widths(const std::string& preset) {
  static const std::map<std::string, Widths> presets{{"tiny", {24, 48, 96, 192, 1024}},
                                                     {"small", {24, 116, 232, 464, 1024}},
                                                     {"medium", {24, 176, 352, 704, 1024}},
                                                     {"large", {24, 244, 488, 976, 2048}}};
  if (const auto found = presets.find(preset); found != presets.end()) return found->second;
  return fail(ErrorCode::InvalidArgument, "ShuffleNetV2 has no preset \"" + preset + "\"",
              "choose one of: tiny (0.5×), small (1.0×), medium (1.5×), large (2.0×)", "backbone.preset");
}

Result<std::shared_ptr<nn::Backbone>> make(const Widths& widths, std::int64_t inputChannels, const LowRankSpec& spec,
                                           std::size_t normsPerTask) {
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (widths[i] < 1 || (i >= 1 && i <= 3 && widths[i] % 2 != 0))
      return fail(ErrorCode::InvalidArgument, "ShuffleNetV2 cannot have " + std::to_string(widths[i]) + " channels",
                  "widths must be positive, and those of the three stages even", "backbone.widths");
  if (inputChannels < 1) return fail(ErrorCode::InvalidArgument, "ShuffleNetV2 needs at least one input channel");
  try {
    return std::make_shared<ShuffleNetV2>(widths, inputChannels, Options{spec, normsPerTask});
  } catch (const std::exception& e) {
    return fail(ErrorCode::InvalidArgument, std::string("ShuffleNetV2 cannot be made: ") + e.what());
  }
}

}  // namespace lorkd::shufflenet
