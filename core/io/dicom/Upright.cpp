#include "core/io/dicom/Upright.h"

#include <algorithm>
#include <cmath>

namespace lorkd::io {
namespace {

double component(const image::Geometry& g, const image::Vec3& mm, std::size_t axis) {
  return mm[0] * g.direction[0][axis] + mm[1] * g.direction[1][axis] + mm[2] * g.direction[2][axis];
}

// Bilinear; within half a pixel of the edge the edge's own values hold. Not-a-number outside.
float sampled(const float* slice, std::int64_t columns, std::int64_t rows, double u, double v) {
  if (!(u > -0.5 && v > -0.5 && u < static_cast<double>(columns) - 0.5 && v < static_cast<double>(rows) - 0.5))
    return NAN;
  u = std::clamp(u, 0.0, static_cast<double>(columns - 1));
  v = std::clamp(v, 0.0, static_cast<double>(rows - 1));
  const auto i = static_cast<std::int64_t>(u), j = static_cast<std::int64_t>(v);
  const auto right = std::min(i + 1, columns - 1), below = std::min(j + 1, rows - 1);
  const double a = u - static_cast<double>(i), b = v - static_cast<double>(j);
  const auto at = [&](std::int64_t x, std::int64_t y) { return static_cast<double>(slice[x + columns * y]); };
  return static_cast<float>((1 - b) * ((1 - a) * at(i, j) + a * at(right, j)) +
                            b * ((1 - a) * at(i, below) + a * at(right, below)));
}

}  // namespace

image::Geometry uprightGrid(const image::Geometry& slice, const std::vector<image::Vec3>& origins) {
  std::vector<double> gaps;
  image::Vec3 low{}, high{};
  for (std::size_t n = 0; n < origins.size(); ++n) {
    const auto way = image::minus(origins[n], origins.front());
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], component(slice, way, axis));
      high[axis] = std::max(high[axis], component(slice, way, axis));
    }
    if (n > 0) gaps.push_back(component(slice, image::minus(origins[n], origins[n - 1]), 2));
  }
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>((gaps.size() - 1) / 2);
  std::ranges::nth_element(gaps, middle);
  const double usual = *middle, length = high[2];
  image::Geometry grid = slice;
  grid.origin = origins.front();
  // No grid has more planes; whoever checks it finds that it is too large.
  const double steps = std::clamp(std::round(length / usual), 1.0, static_cast<double>(1 << 20));
  grid.size[2] = static_cast<std::int64_t>(steps) + 1;
  grid.spacing[2] = length / steps;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    // A hair is taken off so that rounding does not add a pixel.
    const double before = std::min(std::ceil(-low[axis] / grid.spacing[axis] - 1e-3), 1e6);
    const double behind = std::min(std::ceil(high[axis] / grid.spacing[axis] - 1e-3), 1e6);
    grid.size[axis] += static_cast<std::int64_t>(before + behind);
    for (std::size_t r = 0; r < 3; ++r) grid.origin[r] -= before * grid.spacing[axis] * grid.direction[r][axis];
  }
  return grid;
}

Upright::Upright(const image::Geometry& grid, std::vector<image::Vec3> origins)
    : m_grid(grid), m_origins(std::move(origins)) {
  for (const auto& origin : m_origins) m_at.push_back(along(origin));
}

double Upright::along(const image::Vec3& lps) const { return component(m_grid, image::minus(lps, m_grid.origin), 2); }

image::Vec3 Upright::start(std::size_t slice) const {
  const auto way = image::minus(m_grid.origin, m_origins[slice]);
  return {component(m_grid, way, 0) / m_grid.spacing[0], component(m_grid, way, 1) / m_grid.spacing[1], 0};
}

std::size_t Upright::nearestSlice(const image::Vec3& lps) const {
  const double here = along(lps);
  const auto nearest = std::ranges::min_element(m_at, {}, [here](double at) { return std::abs(at - here); });
  return static_cast<std::size_t>(nearest - m_at.begin());
}

void Upright::push(const std::vector<float>& slice, std::int64_t columns, std::int64_t rows, std::vector<float>& out) {
  const auto above = m_given++;
  const auto below = above > 0 ? above - 1 : above;
  const bool last = m_given == m_origins.size();
  const auto from = start(below), to = start(above);
  const double gap = m_at[above] - m_at[below];
  for (; m_filled < m_grid.size[2]; ++m_filled) {
    const double here = static_cast<double>(m_filled) * m_grid.spacing[2];
    if (!last && here > m_at[above] + 1e-6 * m_grid.spacing[2]) break;
    const double share = gap > 0 ? std::clamp((here - m_at[below]) / gap, 0.0, 1.0) : 1.0;
    float* plane = out.data() + m_filled * m_grid.size[0] * m_grid.size[1];
    for (std::int64_t j = 0; j < m_grid.size[1]; ++j)
      for (std::int64_t i = 0; i < m_grid.size[0]; ++i) {
        const auto u = static_cast<double>(i), v = static_cast<double>(j);
        // A slice that adds nothing is not asked: at its own place a slice stands alone.
        const float left = share < 1 - 1e-6 ? sampled(m_below.data(), columns, rows, u + from[0], v + from[1]) : NAN;
        const float right = share > 1e-6 ? sampled(slice.data(), columns, rows, u + to[0], v + to[1]) : NAN;
        float value = NAN;
        if (!std::isnan(left) && !std::isnan(right))
          value = static_cast<float>((1 - share) * left + share * right);
        else if (!std::isnan(left))
          value = left;
        else if (!std::isnan(right))
          value = right;
        *plane++ = value;
      }
  }
  m_below = slice;
}

std::vector<std::uint8_t> Upright::nearest(const std::vector<std::uint8_t>& mask, std::int64_t columns,
                                           std::int64_t rows) const {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(m_grid.voxels()), 0);
  auto* to = out.data();
  for (std::int64_t k = 0; k < m_grid.size[2]; ++k) {
    const auto slice = nearestSlice(m_grid.indexToLps({0, 0, static_cast<double>(k)}));
    const auto* from = mask.data() + static_cast<std::int64_t>(slice) * columns * rows;
    const auto first = start(slice);
    for (std::int64_t j = 0; j < m_grid.size[1]; ++j)
      for (std::int64_t i = 0; i < m_grid.size[0]; ++i, ++to) {
        const auto u = std::llround(static_cast<double>(i) + first[0]),
                   v = std::llround(static_cast<double>(j) + first[1]);
        if (u >= 0 && v >= 0 && u < columns && v < rows) *to = from[u + columns * v];
      }
  }
  return out;
}

}  // namespace lorkd::io
