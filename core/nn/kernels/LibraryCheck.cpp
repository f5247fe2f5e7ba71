#include "core/nn/kernels/LibraryCheck.h"

#include <array>

namespace lorkd::nn {
namespace {

using torch::Tensor;

struct Layer {
  std::int64_t samples, in, out, size, kernel, stride;
  int dims;
};

// Channels that fill whole vectors and ones that do not, in a plane and in space.
constexpr std::array<Layer, 6> layers{{{4, 8, 8, 8, 3, 1, 2},
                                       {6, 5, 7, 9, 3, 1, 2},
                                       {4, 16, 24, 8, 3, 2, 2},
                                       {4, 8, 16, 6, 1, 1, 2},
                                       {2, 8, 8, 6, 3, 1, 3},
                                       {2, 1, 5, 7, 3, 1, 3}}};

bool differ(const Tensor& single, const Tensor& reference) {
  const double distance = (single.to(torch::kDouble) - reference).norm().item<double>();
  return !(distance <= 1e-3 * reference.norm().item<double>());  // not a number differs, too
}

std::string nameOf(const Layer& layer) {
  std::string kernel = std::to_string(layer.kernel);
  for (int axis = 1; axis < layer.dims; ++axis) kernel += "x" + std::to_string(layer.kernel);
  return kernel + " convolution of " + std::to_string(layer.in) + " to " + std::to_string(layer.out) + " channels";
}

}  // namespace

std::string disagreement(const Convolve& convolve) {
  const torch::AutoGradMode gradients(true);
  // Numbers of its own: what is drawn elsewhere stays as it is without this check.
  auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
  for (const auto& layer : layers) {
    std::vector<std::int64_t> sizes{layer.samples, layer.in}, kernel{layer.out, layer.in};
    sizes.insert(sizes.end(), static_cast<std::size_t>(layer.dims), layer.size);
    kernel.insert(kernel.end(), static_cast<std::size_t>(layer.dims), layer.kernel);
    auto geometry = ConvGeometry::uniform(layer.dims, layer.stride, layer.kernel / 2);
    const auto x = at::randn(sizes, generator).requires_grad_(), w = at::randn(kernel, generator).requires_grad_();
    const auto xd = x.detach().to(torch::kDouble).requires_grad_(), wd = w.detach().to(torch::kDouble).requires_grad_();
    const auto y = convolve(x, w, geometry), yd = stockConvolution(xd, wd, {}, geometry);
    if (differ(y.detach(), yd.detach())) return nameOf(layer) + ": output";
    const auto found = torch::autograd::grad({y.square().sum()}, {x, w});
    const auto expected = torch::autograd::grad({yd.square().sum()}, {xd, wd});
    if (differ(found[0], expected[0])) return nameOf(layer) + ": gradient of the input";
    if (differ(found[1], expected[1])) return nameOf(layer) + ": gradient of the weight";
  }
  return {};
}

Result<std::string> rightAfter(const Convolve& convolve, const std::function<void()>& remedy) {
  auto wrong = disagreement(convolve);
  if (wrong.empty()) return wrong;
  remedy();
  if (const auto still = disagreement(convolve); !still.empty())
    return fail(ErrorCode::Numeric,
                "LibTorch computes wrong values on this machine's processor, with oneDNN and without it: " + still,
                "build against another LibTorch; nothing that this one computes can be trusted");
  return wrong;
}

const Result<std::string>& switchWrongKernelsOff() {
  static const auto result = rightAfter(
      [](const Tensor& x, const Tensor& weight, const ConvGeometry& g) { return stockConvolution(x, weight, {}, g); },
      [] { at::globalContext().setUserEnabledMkldnn(false); });
  return result;
}

}  // namespace lorkd::nn
