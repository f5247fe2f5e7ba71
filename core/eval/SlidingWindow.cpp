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

using Index3 = std::array<std::int64_t, 3>;

torch::Tensor crop(const torch::Tensor& volume, const Index3& at, const Index3& size) {
  auto view = volume;
  for (std::size_t i = 0; i < 3; ++i) view = view.narrow(1 + static_cast<std::int64_t>(i), at[i], size[i]);
  return view;
}

/// The image, padded to the windows' size, and where the windows lie.
struct Layout {
  torch::Tensor padded;
  Index3 size{}, before{};  ///< of the image; voxels padded before it
  std::array<Axis, 3> axes;
  Index3 paddedSize() const { return {padded.size(1), padded.size(2), padded.size(3)}; }
};

Layout layOut(const torch::Tensor& image, const WindowOptions& options) {
  Layout out;
  Index3 after{};
  for (std::size_t i = 0; i < 3; ++i) {
    out.size[i] = image.size(static_cast<std::int64_t>(i) + 1);
    const auto missing = std::max<std::int64_t>(0, options.patch[i] - out.size[i]);
    out.before[i] = missing / 2;
    after[i] = missing - out.before[i];
    out.axes[i] = makeAxis(out.size[i] + missing, options.patch[i], options.overlap);
  }
  // Background is the darkest value there is in each channel (air), whatever the normalisation made of it.
  const auto& before = out.before;
  std::vector<torch::Tensor> channels;
  for (const auto& channel : image.to(torch::kFloat32).unbind(0))
    channels.push_back(torch::constant_pad_nd(channel, {before[2], after[2], before[1], after[1], before[0], after[0]},
                                              channel.min().item()));
  out.padded = channels.size() == 1 ? channels.front().unsqueeze(0) : torch::stack(channels);
  return out;
}

/// Sums of windows' outputs in a band of rows, as many slices as windows may still change.
class Slabs {
 public:
  /// Rows `first` to before `end` of the padded volume are the band's own.
  Slabs(const Layout& layout, const WindowOptions& options, std::int64_t first, std::int64_t end)
      : m_layout(layout), m_options(options), m_own{first, end} {
    const auto padded = layout.paddedSize();
    m_first = std::max<std::int64_t>(0, first - options.margin[1]);
    m_rows = std::min(padded[1], end + options.margin[1]) - m_first;
    m_slices = std::min(padded[0], options.patch[0] + 2 * options.margin[0]);
    const auto& axes = layout.axes;
    m_weight = outer(axes[0].window, axes[1].window, axes[2].window).to(layout.padded.device(), torch::kFloat32);
  }
  /// Whether a window that begins in this row changes the band.
  bool meets(std::int64_t row) const { return row < m_first + m_rows && row + m_options.patch[1] > m_first; }

  /// Adds the probabilities (C, d, h, w) of the window at `at`.
  void add(const torch::Tensor& out, const Index3& at) {
    const auto padded = m_layout.paddedSize();
    if (!m_sum.defined()) m_sum = torch::zeros({out.size(0), m_slices, m_rows, padded[2]}, m_layout.padded.options());
    const auto top = std::max(at[1], m_first), bottom = std::min(at[1] + m_options.patch[1], m_first + m_rows);
    const auto rows = [&](const torch::Tensor& t) { return t.narrow(-2, top - at[1], bottom - top); };
    crop(m_sum, {at[0] - m_base, top - m_first, at[2]}, {m_options.patch[0], bottom - top, m_options.patch[2]})
        .addcmul_(rows(out), rows(m_weight));
  }

  /// Called when nothing will be added to slices before `ready` any more.
  Result<void> finish(std::int64_t ready, const std::function<Result<void>(const WindowPart&)>& use) {
    if (ready <= m_ready) return {};
    // The windows form a grid and the Gaussian is separable, so the total weight is an outer product as well.
    const auto& axes = m_layout.axes;
    m_sum.narrow(1, m_ready - m_base, ready - m_ready)
        .div_(outer(axes[0].total.narrow(0, m_ready, ready - m_ready), axes[1].total.narrow(0, m_first, m_rows),
                    axes[2].total)
                  .to(m_sum.device(), torch::kFloat32));
    m_ready = ready;
    const auto depth = m_layout.paddedSize()[0];
    const auto end = ready == depth ? depth : ready - m_options.margin[0];
    if (end <= m_decided) return {};
    LORKD_CHECK(use(part(end)));
    m_decided = end;
    forget(std::max<std::int64_t>(0, m_decided - m_options.margin[0]));
    return {};
  }

 private:
  /// What is ready, without padding; its own slices end before `end`.
  WindowPart part(std::int64_t end) const {
    WindowPart out;
    const Index3 low{m_base, m_first, 0}, high{m_ready, m_first + m_rows, m_layout.paddedSize()[2]};
    const Index3 from{m_decided, m_own[0], 0}, to{end, m_own[1], high[2]};
    Index3 at{}, size{};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& before = m_layout.before[i];
      const auto inside = [&](std::int64_t n) { return std::clamp<std::int64_t>(n - before, 0, m_layout.size[i]); };
      out.low[i] = inside(low[i]), out.from[i] = inside(from[i]), out.to[i] = inside(to[i]);
      at[i] = out.low[i] + before - low[i];
      size[i] = inside(high[i]) - out.low[i];
    }
    out.probabilities = crop(m_sum, at, size);
    return out;
  }

  /// Drops the slices before `base`.
  void forget(std::int64_t base) {
    const auto by = base - m_base;
    for (std::int64_t i = 0; i + by < m_slices && by > 0; ++i) m_sum.select(1, i).copy_(m_sum.select(1, i + by));
    const auto free = std::min(by, m_slices);
    m_sum.narrow(1, m_slices - free, free).zero_();
    m_base = base;
  }

  const Layout& m_layout;
  const WindowOptions& m_options;
  std::array<std::int64_t, 2> m_own;
  std::int64_t m_first = 0, m_rows = 0, m_slices = 0;
  std::int64_t m_base = 0;     ///< the first slice that is held
  std::int64_t m_ready = 0;    ///< before it all are final
  std::int64_t m_decided = 0;  ///< before it all were given away
  torch::Tensor m_weight, m_sum;
};

constexpr std::size_t kOutputs = std::size_t(1) << 28;  // bytes of windows' outputs at a time

std::size_t bytesOf(const WindowOptions& options, std::int64_t slices, std::int64_t rows, std::int64_t columns) {
  return sizeof(float) * static_cast<std::size_t>(options.classes * slices * rows * columns);
}

/// How many rows a band may have of its own.
std::int64_t bandRows(const Layout& layout, const WindowOptions& options) {
  const auto padded = layout.paddedSize();
  const auto slices = std::min(padded[0], options.patch[0] + 2 * options.margin[0]);
  if (bytesOf(options, slices, padded[1], padded[2]) <= options.memory) return padded[1];
  const auto rows = static_cast<std::int64_t>(options.memory / bytesOf(options, slices, 1, padded[2]));
  return std::max<std::int64_t>(options.patch[1] / 2 + 1, rows - 2 * options.margin[1]);
}

/// The windows that change a band, by slice, row and column.
std::vector<Index3> windowsOf(const Layout& layout, const Slabs& slabs) {
  std::vector<Index3> out;
  for (const auto d : layout.axes[0].starts)
    for (const auto h : layout.axes[1].starts)
      if (slabs.meets(h))
        for (const auto w : layout.axes[2].starts) out.push_back({d, h, w});
  return out;
}

}  // namespace

Result<void> slidingWindow(const torch::Tensor& image, const WindowOptions& options,
                           const std::function<torch::Tensor(const torch::Tensor&)>& forward,
                           const std::function<Result<void>(const WindowPart&)>& use, const CancelToken& cancel) {
  if (image.dim() != 4 || image.numel() == 0)
    return fail(ErrorCode::InvalidArgument, "the image must be a volume of shape (channels, D, H, W)");
  const auto& patch = options.patch;
  if (options.batch < 1 || !(options.overlap >= 0 && options.overlap < 1) ||
      std::ranges::any_of(patch, [](auto p) { return p < 1; }))
    return fail(ErrorCode::InvalidArgument, "window sizes and batch must be positive, the overlap in [0, 1)");
  torch::NoGradGuard noGrad;
  try {
    const auto layout = layOut(image, options);
    const auto outputs = std::max<std::size_t>(1, bytesOf(options, patch[0], patch[1], patch[2]));
    const auto batch = std::clamp<std::size_t>(kOutputs / outputs, 1, static_cast<std::size_t>(options.batch));
    const auto height = layout.paddedSize()[1], band = bandRows(layout, options);
    for (std::int64_t row = 0; row < height; row += band) {
      Slabs slabs(layout, options, row, std::min(height, row + band));
      const auto windows = windowsOf(layout, slabs);
      for (std::size_t first = 0; first < windows.size(); first += batch) {
        if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "inference was stopped");
        const auto last = std::min(windows.size(), first + batch);
        std::vector<torch::Tensor> patches;
        for (auto i = first; i < last; ++i) patches.push_back(crop(layout.padded, windows[i], patch));
        const auto logits = forward(torch::stack(patches)).to(image.device());
        const auto count = static_cast<std::int64_t>(last - first);
        const bool fits = logits.dim() == 5 && logits.size(0) == count && logits.size(2) == patch[0] &&
                          logits.size(3) == patch[1] && logits.size(4) == patch[2] &&
                          (options.classes == 0 || logits.size(1) == options.classes);
        if (!fits)
          return fail(ErrorCode::Mismatch, "the network's output does not have the window's size",
                      "choose a patch that is a multiple of the network's stride");
        for (auto i = first; i < last; ++i) {
          const auto own = logits.narrow(0, static_cast<std::int64_t>(i - first), 1).to(torch::kFloat32);
          LORKD_CHECK(slabs.finish(windows[i][0], use));
          slabs.add((options.exclusive ? exclusive(own) : torch::sigmoid(own))[0], windows[i]);
        }
      }
      LORKD_CHECK(slabs.finish(layout.paddedSize()[0], use));
    }
    return {};
  } catch (const std::exception& e) {
    return thrown(e, "inference");
  }
}

}  // namespace lorkd::eval
