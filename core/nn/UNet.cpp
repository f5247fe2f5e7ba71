#include "core/nn/UNet.h"

#include <algorithm>
#include <map>

#include "core/nn/BatchNorm.h"
#include "core/nn/UpConvolution.h"

namespace lorkd::nn {
namespace {

const std::map<std::string, std::vector<std::int64_t>>& presets() {
  static const std::map<std::string, std::vector<std::int64_t>> table{{"tiny", {8, 16, 32}},
                                                                      {"small", {16, 32, 64, 128}},
                                                                      {"nano", {32, 64, 128, 256, 512}},
                                                                      {"pro", {64, 64, 128, 256, 512, 768}}};
  return table;
}

// Affine instance normalisation for 2D and 3D, eps 1e-5.
class InstanceNormImpl : public torch::nn::Module {
 public:
  explicit InstanceNormImpl(std::int64_t channels) {
    weight = register_parameter("weight", torch::ones({channels}));
    bias = register_parameter("bias", torch::zeros({channels}));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    // One group per channel is the same arithmetic, and LibTorch's group norm is two to three times faster on the CPU.
    return torch::group_norm(x.to(weight.scalar_type()), x.size(1), weight, bias, 1e-5);
  }
  torch::Tensor weight, bias;
};
TORCH_MODULE(InstanceNorm);

// conv, norm, LeakyReLU 0.01, twice. Norms are instance norms, or batch norms where the network is pooled.
class LevelImpl : public torch::nn::Module {
 public:
  LevelImpl(ConvShape shape, const LowRankSpec& spec, const UNetOptions& options) {
    for (const std::string number : {"0", "1"}) {
      m_convs.push_back(register_module("conv" + number, LowRankConv(shape, spec)));
      if (options.pooled)
        m_batchNorms.push_back(register_module("norm" + number, BatchNorm(shape.out, options.normsPerTask)));
      else
        m_norms.push_back(register_module("norm" + number, InstanceNorm(shape.out)));
      shape.in = shape.out;
      shape.stride = 1;
    }
  }
  torch::Tensor forward(torch::Tensor x, const Routing& routing) {
    for (std::size_t i = 0; i < m_convs.size(); ++i) {
      x = m_convs[i]->forward(x, routing);
      x = m_norms.empty() ? m_batchNorms[i]->forward(x, routing) : m_norms[i]->forward(x);
      torch::leaky_relu_(x, 0.01);
    }
    return x;
  }

 private:
  std::vector<LowRankConv> m_convs;
  std::vector<InstanceNorm> m_norms;
  std::vector<BatchNorm> m_batchNorms;
};
TORCH_MODULE(Level);

// Encoder level i > 0 starts with a stride-2 convolution; decoder level i takes [upsampled, skip i].
class UNet : public Backbone {
 public:
  UNet(const UNetOptions& options, const LowRankSpec& spec) : m_options(options) {
    const auto& widths = options.widths;
    auto encoder = register_module("encoder", torch::nn::ModuleList());
    ConvShape shape{.dims = options.dims, .in = options.inputChannels, .out = 0};
    for (std::size_t i = 0; i < widths.size(); ++i) {
      shape.out = widths[i];
      shape.stride = i == 0 ? 1 : 2;
      m_encoder.emplace_back(shape, spec, options);
      encoder->push_back(m_encoder.back().ptr());
      shape.in = shape.out;
    }
    if (options.pooled) return;
    auto up = register_module("up", torch::nn::ModuleList());
    auto decoder = register_module("decoder", torch::nn::ModuleList());
    // Numbered from the coarsest upward, in the order of the forward pass.
    for (std::size_t i = widths.size() - 1; i-- > 0;) {
      m_up.emplace_back(options.dims, widths[i + 1], widths[i]);
      up->push_back(m_up.back().ptr());
      m_decoder.emplace_back(ConvShape{.dims = options.dims, .in = 2 * widths[i], .out = widths[i], .decoder = true},
                             spec, options);
      decoder->push_back(m_decoder.back().ptr());
    }
  }

  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) override { return run(x, routing, nullptr); }
  torch::Tensor forwardLevels(const torch::Tensor& x, const Routing& routing,
                              std::vector<torch::Tensor>& coarser) override {
    return run(x, routing, &coarser);
  }
  // Decoder levels without the finest; the coarsest encoder level is none of them.
  std::vector<std::int64_t> coarserChannels() const override {
    const auto& widths = m_options.widths;
    if (!m_options.deepSupervision) return {};
    return {widths.begin() + 1, widths.end() - 1};
  }

  int dims() const override { return m_options.dims; }
  std::int64_t featureChannels() const override {
    return m_options.pooled ? m_options.widths.back() : m_options.widths.front();
  }
  std::int64_t inputChannels() const override { return m_options.inputChannels; }
  bool dense() const override { return !m_options.pooled; }
  std::int64_t sizeMultiple() const override { return std::int64_t(1) << (m_options.widths.size() - 1); }

 private:
  torch::Tensor run(const torch::Tensor& x, const Routing& routing, std::vector<torch::Tensor>* coarser) {
    check(x);
    std::vector<torch::Tensor> skips{x};
    for (auto& level : m_encoder) skips.push_back(level->forward(skips.back(), routing));
    auto y = skips.back();
    if (m_options.pooled) return y.flatten(2).mean(2);
    for (std::size_t i = 0; i < m_decoder.size(); ++i) {
      skips.pop_back();
      y = m_decoder[i]->forward(torch::cat({m_up[i]->forward(y), skips.back()}, 1), routing);
      if (coarser && i + 1 < m_decoder.size()) coarser->insert(coarser->begin(), y);
    }
    return y;
  }

  void check(const torch::Tensor& x) const {
    TORCH_CHECK(x.dim() == m_options.dims + 2 && x.size(1) == m_options.inputChannels, "U-Net: input ", x.sizes(),
                " where (N, ", m_options.inputChannels, ", …) with ", m_options.dims, " axes is wanted");
    std::int64_t coarsest = 1;
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) {
      TORCH_CHECK(x.size(axis) % sizeMultiple() == 0, "U-Net: every size must be a multiple of ", sizeMultiple(),
                  ", but the input is ", x.sizes());
      coarsest *= x.size(axis) / sizeMultiple();
    }
    TORCH_CHECK(coarsest > 1, "U-Net: input ", x.sizes(),
                " leaves one voxel at the coarsest level, which cannot be normalised; take a larger patch");
  }

  UNetOptions m_options;
  std::vector<Level> m_encoder, m_decoder;
  std::vector<UpConvolution> m_up;
};

}  // namespace

Result<std::vector<std::int64_t>> unetWidths(const std::string& preset) {
  if (const auto found = presets().find(preset); found != presets().end()) return found->second;
  std::string known;
  for (const auto& [name, widths] : presets()) known += (known.empty() ? "" : ", ") + name;
  return fail(ErrorCode::InvalidArgument, "U-Net has no preset \"" + preset + "\"", "choose one of: " + known);
}

Result<std::shared_ptr<Backbone>> makeUNet(const UNetOptions& options, const LowRankSpec& spec) {
  if (options.dims != 2 && options.dims != 3)
    return fail(ErrorCode::InvalidArgument, "a U-Net has 2 or 3 axes, not " + std::to_string(options.dims));
  if (options.widths.size() < 2 || options.widths.size() > 10)
    return fail(ErrorCode::InvalidArgument,
                "a U-Net needs 2 to 10 levels, but " + std::to_string(options.widths.size()) + " widths are given",
                "for example 16, 32, 64");
  if (options.inputChannels < 1 || *std::min_element(options.widths.begin(), options.widths.end()) < 1)
    return fail(ErrorCode::InvalidArgument, "channels and widths of a U-Net must be positive");
  try {
    return std::make_shared<UNet>(options, spec);
  } catch (const std::exception& e) {
    return fail(ErrorCode::InvalidArgument, std::string("the U-Net cannot be made: ") + e.what());
  }
}

}  // namespace lorkd::nn
