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

Result<MasksInSource> MasksInSource::of(std::vector<image::Volume> probabilities, const image::Geometry& source,
                                        double threshold, bool exclusive) {
  if (probabilities.empty()) return fail(ErrorCode::InvalidArgument, "there is no class to map back");
  const auto& grid = probabilities.front().geometry;
  for (const auto& probability : probabilities)
    if (!probability.geometry.sameGrid(grid))
      return fail(ErrorCode::InvalidArgument, "the classes lie on different grids");
  MasksInSource out;
  out.m_inside = inside(source, grid);
  out.m_classes = probabilities.size();
  if (exclusive)
    out.m_labels = io::resampleLargest(probabilities, source);
  else
    out.m_probabilities = std::move(probabilities);
  out.m_source = source;
  out.m_threshold = static_cast<float>(threshold);
  return out;
}

image::Mask MasksInSource::mask(std::size_t cls) const {
  image::Mask out(m_source);
  if (m_probabilities.empty())
    std::ranges::transform(m_labels.voxels, out.voxels.begin(), [&](auto value) { return value == cls + 1; });
  else
    out = io::resampleAbove(m_probabilities.at(cls), m_source, m_threshold);
  for (std::size_t n = 0; n < out.voxels.size(); ++n)
    if (out.voxels[n] != 0 && !m_inside[n]) out.voxels[n] = 0;
  return out;
}

void LabelPainter::add(const image::Mask& mask) {
  if (m_masks.empty()) m_geometry = mask.geometry;
  auto& bits = m_masks.emplace_back(mask.voxels.size());
  std::ptrdiff_t count = 0;
  for (std::size_t n = 0; n < bits.size(); ++n)
    if (mask.voxels[n] != 0) bits[n] = true, ++count;
  m_counts.push_back(count);
}

image::LabelMap LabelPainter::paint() const {
  if (m_masks.empty()) return {};
  std::vector<std::size_t> order(m_masks.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t c) { return m_counts[c]; });
  image::LabelMap out(m_geometry);
  for (const auto c : order)
    for (std::size_t n = 0; n < out.voxels.size(); ++n)
      if (m_masks[c][n]) out.voxels[n] = static_cast<std::uint16_t>(c + 1);
  return out;
}

}  // namespace lorkd::data
