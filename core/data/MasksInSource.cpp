#include <algorithm>
#include <numeric>

#include "core/data/Prepare.h"
#include "core/io/Resample.h"

namespace lorkd::data {

namespace {

/// Which voxels of `source` lie inside `grid`, to its outermost voxels' borders: interpolation puts something outside
/// its input, but nothing was predicted there.
std::vector<bool> inside(const image::Geometry& source, const image::Geometry& grid) {
  std::vector<bool> out(static_cast<std::size_t>(source.voxels()));
  std::size_t n = 0;
  for (std::int64_t k = 0; k < source.size[2]; ++k)
    for (std::int64_t j = 0; j < source.size[1]; ++j)
      for (std::int64_t i = 0; i < source.size[0]; ++i, ++n) {
        const auto at = grid.lpsToIndex(
            source.indexToLps({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}));
        bool in = true;
        for (std::size_t a = 0; a < 3; ++a)
          in = in && at[a] >= -0.5 - 1e-6 && at[a] <= static_cast<double>(grid.size[a]) - 0.5 + 1e-6;
        out[n] = in;
      }
  return out;
}

}  // namespace

Result<std::vector<image::Mask>> masksInSource(const std::vector<image::Volume>& probabilities,
                                               const image::Geometry& source, double threshold) {
  if (probabilities.empty()) return fail(ErrorCode::InvalidArgument, "there is no class to map back");
  const auto& grid = probabilities.front().geometry;
  const auto predicted = inside(source, grid);
  std::vector<image::Mask> out;
  for (const auto& probability : probabilities) {
    if (!probability.geometry.sameGrid(grid))
      return fail(ErrorCode::InvalidArgument, "the classes lie on different grids");
    const auto there = io::resampleLinear(probability, source);
    auto& mask = out.emplace_back(source);
    for (std::size_t n = 0; n < mask.voxels.size(); ++n)
      mask.voxels[n] = predicted[n] && there.voxels[n] > static_cast<float>(threshold);
  }
  return out;
}

image::LabelMap labelMap(const std::vector<image::Mask>& masks) {
  if (masks.empty()) return {};
  std::vector<std::size_t> order(masks.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::ptrdiff_t> count;
  for (const auto& mask : masks) count.push_back(std::ranges::count(mask.voxels, 1));
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t c) { return count[c]; });
  image::LabelMap out(masks.front().geometry);
  for (const auto c : order)
    for (std::size_t n = 0; n < out.voxels.size(); ++n)
      if (masks[c].voxels[n]) out.voxels[n] = static_cast<std::uint16_t>(c + 1);
  return out;
}

}  // namespace lorkd::data
