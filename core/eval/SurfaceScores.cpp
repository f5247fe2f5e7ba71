#include "core/eval/SurfaceScores.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace lorkd::eval {
namespace {

using Index = std::array<std::int64_t, 3>;  ///< z, y, x

/// A part of a grid: `first` and the size along z, y, x.
struct Box {
  Index first{0, 0, 0}, size{0, 0, 0};
  std::int64_t voxels() const { return size[0] * size[1] * size[2]; }
  std::size_t offset(std::int64_t z, std::int64_t y, std::int64_t x) const {
    return static_cast<std::size_t>((z * size[1] + y) * size[2] + x);
  }
};

std::pair<torch::Tensor, torch::Tensor> checked(const torch::Tensor& prediction, const torch::Tensor& truth) {
  TORCH_CHECK(prediction.dim() == 3 && prediction.sizes() == truth.sizes(), "needs two masks (D, H, W) of one shape");
  return {prediction.to(torch::kCPU, torch::kBool).contiguous(), truth.to(torch::kCPU, torch::kBool).contiguous()};
}

/// The smallest box around the voxels of both masks; empty if there are none.
Box boxAround(const torch::Tensor& a, const torch::Tensor& b) {
  const auto width = a.size(2), height = a.size(1);
  Index low{a.size(0), height, width}, high{-1, -1, -1};
  for (const auto* mask : {&a, &b}) {
    const auto* row = mask->data_ptr<bool>();
    for (std::int64_t z = 0; z < a.size(0); ++z)
      for (std::int64_t y = 0; y < height; ++y, row += width) {
        const auto* first = std::find(row, row + width, true);
        if (first == row + width) continue;
        auto last = width - 1;
        while (!row[last]) --last;
        const Index from{z, y, first - row}, to{z, y, last};
        for (std::size_t d = 0; d < 3; ++d) low[d] = std::min(low[d], from[d]), high[d] = std::max(high[d], to[d]);
      }
  }
  Box box;
  if (high[0] < 0) return box;
  for (std::size_t d = 0; d < 3; ++d) box.first[d] = low[d], box.size[d] = high[d] - low[d] + 1;
  return box;
}

/// The voxels of a mask in a box that holds all of it.
std::vector<std::uint8_t> cut(const torch::Tensor& mask, const Box& box) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(box.voxels()));
  const auto* all = mask.data_ptr<bool>();
  for (std::int64_t z = 0; z < box.size[0]; ++z)
    for (std::int64_t y = 0; y < box.size[1]; ++y) {
      const auto row = ((z + box.first[0]) * mask.size(1) + y + box.first[1]) * mask.size(2) + box.first[2];
      std::copy_n(all + row, box.size[2], out.begin() + static_cast<std::ptrdiff_t>(box.offset(z, y, 0)));
    }
  return out;
}

/// Offsets of the voxels of which a face touches the outside; nothing of the mask lies outside the box.
std::vector<std::size_t> surfaceOf(const std::vector<std::uint8_t>& mask, const Box& box) {
  std::vector<std::size_t> out;
  const auto [depth, height, width] = box.size;
  const std::array step{box.offset(1, 0, 0), box.offset(0, 1, 0), std::size_t(1)};
  for (std::int64_t z = 0; z < depth; ++z)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const auto at = box.offset(z, y, x);
        if (!mask[at]) continue;
        const bool edge = z == 0 || y == 0 || x == 0 || z == depth - 1 || y == height - 1 || x == width - 1;
        const auto inside = [&](std::size_t s) { return mask[at - s] && mask[at + s]; };
        if (edge || !inside(step[0]) || !inside(step[1]) || !inside(step[2])) out.push_back(at);
      }
  return out;
}

/// The distance transform of a line (Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012): the lower envelope of
/// parabolas over the values f, min over p of f(p) + (x - p)², x and p in mm.
class Envelope {
 public:
  Envelope(std::int64_t n, double spacing)
      : m_spacing(spacing), m_parabolas(static_cast<std::size_t>(n)), m_count(static_cast<std::size_t>(n)) {}

  /// In place, on values `stride` apart. Infinite ones are no parabola.
  void apply(float* line, std::size_t stride) {
    std::size_t used = 0;
    for (std::size_t q = 0; q < m_count; ++q) {
      const double f = line[q * stride], x = static_cast<double>(q) * m_spacing;
      if (!std::isfinite(f)) continue;
      double from = -std::numeric_limits<double>::infinity();
      while (used > 0) {
        const auto& last = m_parabolas[used - 1];
        const double crossing = (f + x * x - last.value - last.place * last.place) / (2 * (x - last.place));
        if (crossing > last.from) {
          from = crossing;
          break;
        }
        --used;
      }
      m_parabolas[used++] = {x, f, from};
    }
    if (used == 0) return;
    std::size_t own = 0;
    for (std::size_t q = 0; q < m_count; ++q) {
      const double x = static_cast<double>(q) * m_spacing;
      while (own + 1 < used && m_parabolas[own + 1].from < x) ++own;
      const auto& [place, value, from] = m_parabolas[own];
      line[q * stride] = static_cast<float>(value + (x - place) * (x - place));
    }
  }

 private:
  struct Parabola {
    double place = 0, value = 0, from = 0;
  };
  double m_spacing;
  std::vector<Parabola> m_parabolas;
  std::size_t m_count;
};

/// mm² from each voxel of a box to the nearest of `surface`, which is not empty. `spacing` of x, y, z.
std::vector<float> squaredDistances(const std::vector<std::size_t>& surface, const Box& box,
                                    const std::array<double, 3>& spacing) {
  std::vector<float> out(static_cast<std::size_t>(box.voxels()), std::numeric_limits<float>::infinity());
  for (const auto at : surface) out[at] = 0;
  const auto [depth, height, width] = box.size;
  const auto lines = [&](std::int64_t count, std::int64_t length, double mm, std::size_t stride, auto start) {
    at::parallel_for(0, count, 64, [&](std::int64_t from, std::int64_t to) {
      Envelope envelope(length, mm);
      for (std::int64_t n = from; n < to; ++n) envelope.apply(out.data() + start(n), stride);
    });
  };
  lines(depth * height, width, spacing[0], 1, [&](std::int64_t n) { return box.offset(0, n, 0); });
  lines(depth * width, height, spacing[1], box.offset(0, 1, 0),
        [&](std::int64_t n) { return box.offset(n / width, 0, n % width); });
  lines(height * width, depth, spacing[2], box.offset(1, 0, 0), [&](std::int64_t n) { return box.offset(0, 0, n); });
  return out;
}

/// Distances in mm from the voxels of one surface to another, neither of them empty.
std::vector<double> distances(const std::vector<std::size_t>& from, const std::vector<std::size_t>& to, const Box& box,
                              const std::array<double, 3>& spacing) {
  const auto squared = squaredDistances(to, box, spacing);
  std::vector<double> out;
  out.reserve(from.size());
  for (const auto at : from) out.push_back(std::sqrt(static_cast<double>(squared[at])));
  return out;
}

/// Linear interpolation between order statistics; reorders the values, of which there is one at least.
double percentile(std::vector<double>& values, double percent) {
  const double at = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(at);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)];
  if (values.begin() + below + 1 == values.end()) return low;
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (at - static_cast<double>(below)) * (high - low);
}

/// Numbers from 1 for the voxels of each component (26 neighbours), 0 outside; and how many components there are.
std::pair<std::vector<std::int32_t>, std::int32_t> components(const std::vector<std::uint8_t>& mask, const Box& box) {
  std::vector<std::int32_t> out(mask.size(), 0);
  std::int32_t count = 0;
  std::vector<std::size_t> open;
  const auto row = static_cast<std::size_t>(box.size[2]), plane = row * static_cast<std::size_t>(box.size[1]);
  const auto range = [](std::int64_t at, std::int64_t size) {
    return std::pair(std::max<std::int64_t>(0, at - 1), std::min(size - 1, at + 1));
  };
  for (std::size_t seed = 0; seed < mask.size(); ++seed) {
    if (!mask[seed] || out[seed]) continue;
    out[seed] = ++count;
    open.push_back(seed);
    while (!open.empty()) {
      const auto at = open.back();
      open.pop_back();
      const auto [z0, z1] = range(static_cast<std::int64_t>(at / plane), box.size[0]);
      const auto [y0, y1] = range(static_cast<std::int64_t>(at % plane / row), box.size[1]);
      const auto [x0, x1] = range(static_cast<std::int64_t>(at % row), box.size[2]);
      for (auto z = z0; z <= z1; ++z)
        for (auto y = y0; y <= y1; ++y)
          for (auto x = x0; x <= x1; ++x)
            if (const auto next = box.offset(z, y, x); mask[next] && !out[next]) {
              out[next] = count;
              open.push_back(next);
            }
    }
  }
  return {std::move(out), count};
}

}  // namespace

SurfaceScores surfaceScores(const torch::Tensor& prediction, const torch::Tensor& truth,
                            const std::array<double, 3>& spacing, double tolerance) {
  const auto [p, t] = checked(prediction, truth);
  for (const double mm : spacing) TORCH_CHECK(std::isfinite(mm) && mm > 0, "needs a spacing above 0");
  SurfaceScores out;
  const auto count = [](const torch::Tensor& mask) { return mask.count_nonzero().item<std::int64_t>(); };
  const auto found = count(p), there = count(t);
  out.volumeDifference = static_cast<double>(found - there) * spacing[0] * spacing[1] * spacing[2] / 1000;
  if (there == 0) return out;
  if (found == 0) {
    out.nsd = 0;
    out.missed = true;
    return out;
  }
  const auto box = boxAround(p, t);
  const auto ofPrediction = surfaceOf(cut(p, box), box), ofTruth = surfaceOf(cut(t, box), box);
  std::int64_t near = 0;
  double farthest = 0;
  // Numbers of a header and of the transform are rounded: 2.0000001 mm are within 2 mm.
  const double within = tolerance * (1 + 1e-6);
  for (const auto& [from, to] : {std::pair{&ofPrediction, &ofTruth}, {&ofTruth, &ofPrediction}}) {
    auto mm = distances(*from, *to, box, spacing);
    near += std::ranges::count_if(mm, [&](double d) { return d <= within; });
    farthest = std::max(farthest, percentile(mm, 95));
  }
  out.nsd = static_cast<double>(near) / static_cast<double>(ofPrediction.size() + ofTruth.size());
  out.hd95 = farthest;
  return out;
}

std::optional<double> LesionScores::sensitivity() const {
  if (lesions == 0) return std::nullopt;
  return static_cast<double>(found) / static_cast<double>(lesions);
}

std::optional<double> LesionScores::f1() const {
  const auto all = lesions + found + falsePositives;  // 2 found + not found + false positives
  if (all == 0) return std::nullopt;
  return 2.0 * static_cast<double>(found) / static_cast<double>(all);
}

LesionScores lesionScores(const torch::Tensor& prediction, const torch::Tensor& truth, const LesionRule& rule) {
  const auto [p, t] = checked(prediction, truth);
  const auto box = boxAround(p, t);
  const auto [predicted, predictedCount] = components(cut(p, box), box);
  const auto [lesion, lesionCount] = components(cut(t, box), box);
  std::vector<double> predictedSize(static_cast<std::size_t>(predictedCount) + 1);
  std::vector<double> lesionSize(static_cast<std::size_t>(lesionCount) + 1);
  std::map<std::pair<std::size_t, std::size_t>, double> common;  // voxels of a predicted one and a lesion
  for (std::size_t v = 0; v < lesion.size(); ++v) {
    const auto a = static_cast<std::size_t>(predicted[v]), b = static_cast<std::size_t>(lesion[v]);
    ++predictedSize[a], ++lesionSize[b];
    if (a > 0 && b > 0) ++common[{a, b}];
  }
  std::vector<bool> hit(predictedSize.size()), found(lesionSize.size());
  for (const auto& [pair, voxels] : common) {
    const auto [a, b] = pair;
    if (voxels / (predictedSize[a] + lesionSize[b] - voxels) >= rule.overlap) hit[a] = found[b] = true;
  }
  LesionScores out;
  for (std::size_t b = 1; b < found.size(); ++b)
    if (lesionSize[b] >= rule.smallest) ++out.lesions, out.found += found[b];
  for (std::size_t a = 1; a < hit.size(); ++a) out.falsePositives += !hit[a] && predictedSize[a] >= rule.smallest;
  return out;
}

}  // namespace lorkd::eval
