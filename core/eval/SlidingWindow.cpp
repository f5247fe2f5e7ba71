#include "core/eval/SlidingWindow.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/Guard.h"

namespace lorkd::eval {
namespace {

/// First voxels of the windows along an axis: equal steps, the last one shifted inward so that it ends with the axis.
std::vector<std::int64_t> starts(std::int64_t size, std::int64_t patch, double overlap) {
  const auto step = std::max<std::int64_t>(1, std::llround(static_cast<double>(patch) * (1.0 - overlap)));
  std::vector<std::int64_t> out;
  for (std::int64_t s = 0; s + patch < size; s += step) out.push_back(s);
  out.push_back(size - patch);
  return out;
}

/// exp(-d²/2σ²) around the centre of a window, σ = size/8: at least e^-8 on an axis, so no voxel has weight 0.
torch::Tensor gaussian(std::int64_t size) {
  const double centre = 0.5 * static_cast<double>(size - 1), sigma = static_cast<double>(size) / 8.0;
  return torch::exp(-0.5 * ((torch::arange(size, torch::kFloat64) - centre) / sigma).square());
}

struct Axis {
  std::vector<std::int64_t> starts;
  torch::Tensor window;  ///< (patch) weights of one window
  torch::Tensor total;   ///< (size) their sum over all windows
};

Axis makeAxis(std::int64_t size, std::int64_t patch, double overlap) {
  Axis axis{starts(size, patch, overlap), gaussian(patch), torch::zeros(size, torch::kFloat64)};
  for (auto s : axis.starts) axis.total.narrow(0, s, patch).add_(axis.window);
  return axis;
}

/// Outer product (d, h, w) of three vectors.
torch::Tensor outer(const torch::Tensor& d, const torch::Tensor& h, const torch::Tensor& w) {
  return d.view({-1, 1, 1}) * h.view({1, -1, 1}) * w.view({1, 1, -1});
}

/// Softmax over the classes and a background of logit 0, without the background.
torch::Tensor exclusive(const torch::Tensor& logits) {
  return torch::softmax(torch::cat({torch::zeros_like(logits.slice(1, 0, 1)), logits}, 1), 1).slice(1, 1);
}

torch::Tensor crop(const torch::Tensor& volume, const std::array<std::int64_t, 3>& at,
                   const std::array<std::int64_t, 3>& size) {
  auto view = volume;
  for (int i = 0; i < 3; ++i) view = view.narrow(1 + i, at[i], size[i]);
  return view;
}

}  // namespace

Result<torch::Tensor> slidingWindow(const torch::Tensor& image, const WindowOptions& options,
                                    const std::function<torch::Tensor(const torch::Tensor&)>& forward,
                                    const CancelToken& cancel) {
  if (image.dim() != 4 || image.numel() == 0)
    return fail(ErrorCode::InvalidArgument, "the image must be a volume of shape (channels, D, H, W)");
  if (options.batch < 1 || !(options.overlap >= 0 && options.overlap < 1) ||
      std::ranges::any_of(options.patch, [](auto p) { return p < 1; }))
    return fail(ErrorCode::InvalidArgument, "window sizes and batch must be positive, the overlap in [0, 1)");
  torch::NoGradGuard noGrad;
  try {
    const auto& patch = options.patch;
    std::array<std::int64_t, 3> size{image.size(1), image.size(2), image.size(3)}, before{}, after{};
    for (int i = 0; i < 3; ++i) {
      const auto missing = std::max<std::int64_t>(0, patch[i] - size[i]);
      before[i] = missing / 2;
      after[i] = missing - before[i];
    }
    // Background is the darkest value there is in each channel (air), whatever the normalisation made of it.
    std::vector<torch::Tensor> channels;
    for (const auto& channel : image.to(torch::kFloat32).unbind(0))
      channels.push_back(torch::constant_pad_nd(
          channel, {before[2], after[2], before[1], after[1], before[0], after[0]}, channel.min().item()));
    const auto padded = channels.size() == 1 ? channels.front().unsqueeze(0) : torch::stack(channels);

    std::array<Axis, 3> axes;
    for (int i = 0; i < 3; ++i) axes[i] = makeAxis(padded.size(1 + i), patch[i], options.overlap);
    const auto weight = outer(axes[0].window, axes[1].window, axes[2].window).to(image.device(), torch::kFloat32);

    std::vector<std::array<std::int64_t, 3>> windows;
    for (auto d : axes[0].starts)
      for (auto h : axes[1].starts)
        for (auto w : axes[2].starts) windows.push_back({d, h, w});

    torch::Tensor sum;
    for (std::size_t first = 0; first < windows.size(); first += static_cast<std::size_t>(options.batch)) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "inference was stopped");
      const auto last = std::min(windows.size(), first + static_cast<std::size_t>(options.batch));
      std::vector<torch::Tensor> patches;
      for (auto i = first; i < last; ++i) patches.push_back(crop(padded, windows[i], patch));
      const auto logits = forward(torch::stack(patches)).to(image.device(), torch::kFloat32);
      const auto out = options.exclusive ? exclusive(logits) : torch::sigmoid(logits);
      const bool fits = out.dim() == 5 && out.size(0) == static_cast<std::int64_t>(last - first) &&
                        out.size(2) == patch[0] && out.size(3) == patch[1] && out.size(4) == patch[2];
      if (!fits)
        return fail(ErrorCode::Mismatch, "the network's output does not have the window's size",
                    "choose a patch that is a multiple of the network's stride");
      if (!sum.defined())
        sum = torch::zeros({out.size(1), padded.size(1), padded.size(2), padded.size(3)}, padded.options());
      for (auto i = first; i < last; ++i)
        crop(sum, windows[i], patch).addcmul_(out[static_cast<std::int64_t>(i - first)], weight);
    }
    // The windows form a grid and the Gaussian is separable, so the total weight is an outer product as well.
    sum.div_(outer(axes[0].total, axes[1].total, axes[2].total).to(image.device(), torch::kFloat32));
    return crop(sum, before, size).contiguous();
  } catch (const std::exception& e) {
    return thrown(e, "inference");
  }
}

}  // namespace lorkd::eval
