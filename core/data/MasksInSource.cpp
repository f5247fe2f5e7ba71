#include "core/data/MasksInSource.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/io/Resample.h"

namespace lorkd::data {
namespace {

/// Voxels of the source along an axis of the grid, `first` to before `end`.
struct Stretch {
  std::int64_t first = 0, end = 0;
  std::int64_t size() const { return end - first; }
};

float mixed(float low, float high, float share) { return low + (high - low) * share; }

}  // namespace

/// What a part decides, by axis of the grid.
struct MasksInSource::Decided {
  std::array<Stretch, 3> where;
};

MasksInSource::MasksInSource(std::size_t classes, const image::Geometry& grid, const image::Geometry& source,
                             double threshold, bool exclusive)
    : m_classes(classes),
      m_grid(grid),
      m_source(source),
      m_threshold(static_cast<float>(threshold)),
      m_exclusive(exclusive) {
  if (exclusive)
    m_labels = image::LabelMap(source);
  else
    m_masks.assign(classes, std::vector<bool>(static_cast<std::size_t>(source.voxels())));
  const auto zero = grid.lpsToIndex(source.indexToLps({0, 0, 0}));
  for (std::size_t b = 0; b < 3; ++b) {
    image::Vec3 one{};
    one[b] = 1;
    const auto step = image::minus(grid.lpsToIndex(source.indexToLps(one)), zero);
    const auto a = static_cast<std::size_t>(std::ranges::max_element(step, {}, [](double x) { return std::abs(x); }) -
                                            step.begin());
    m_stride[a] = b == 0 ? 1 : b == 1 ? source.size[0] : source.size[0] * source.size[1];
    const auto last = static_cast<double>(grid.size[a] - 1);
    m_places[a].clear();
    for (std::int64_t i = 0; i < source.size[b]; ++i) {
      auto at = zero[a] + static_cast<double>(i) * step[a];
      if (const double whole = std::round(at); std::abs(at - whole) < 1e-6) at = whole;
      // Interpolation puts something outside its input, but nothing was predicted there.
      const bool inside = at >= -0.5 - 1e-6 && at <= last + 0.5 + 1e-6;
      at = std::clamp(at, 0.0, last);
      const auto low = static_cast<std::int64_t>(at);
      m_places[a].push_back(
          {low, std::min(low + 1, grid.size[a] - 1), static_cast<float>(at - std::floor(at)), inside});
    }
  }
}

std::array<std::int64_t, 3> MasksInSource::margin() const {
  std::array<std::int64_t, 3> out{};
  for (std::size_t a = 0; a < 3; ++a) out[a] = 1 + io::smoothingReach(m_grid, m_source, a);
  return out;
}

template <class Use>
void MasksInSource::interpolate(const float* values, const ProbabilityPart& part, const Decided& decided, float least,
                                const Use& use) const {
  const auto& [columns, rows, slices] = decided.where;
  const auto width = part.size[0];
  // Most classes are far from most rows.
  std::vector<float> largest(static_cast<std::size_t>(part.size[1] * part.size[2]));
  for (std::size_t row = 0; row < largest.size(); ++row) {
    const auto* from = values + static_cast<std::int64_t>(row) * width;
    largest[row] = *std::max_element(from, from + width);
  }
  const auto rowOf = [&](std::int64_t j, std::int64_t k) { return (k - part.low[2]) * part.size[1] + j - part.low[1]; };
  std::vector<float> row(static_cast<std::size_t>(width));
  std::size_t n = 0;
  for (auto k = slices.first; k < slices.end; ++k)
    for (auto j = rows.first; j < rows.end; ++j, n += static_cast<std::size_t>(columns.size())) {
      const auto &z = m_places[2][static_cast<std::size_t>(k)], &y = m_places[1][static_cast<std::size_t>(j)];
      const std::array around{rowOf(y.low, z.low), rowOf(y.high, z.low), rowOf(y.low, z.high), rowOf(y.high, z.high)};
      if (std::ranges::all_of(around, [&](auto r) { return largest[static_cast<std::size_t>(r)] <= least; })) continue;
      std::array<const float*, 4> from{};
      std::ranges::transform(around, from.begin(), [&](auto r) { return values + r * width; });
      for (std::size_t x = 0; x < row.size(); ++x)
        row[x] = mixed(mixed(from[0][x], from[1][x], y.share), mixed(from[2][x], from[3][x], y.share), z.share);
      const auto* start = row.data() - part.low[0];
      for (auto i = columns.first; i < columns.end; ++i) {
        const auto& x = m_places[0][static_cast<std::size_t>(i)];
        use(n + static_cast<std::size_t>(i - columns.first), i * m_stride[0] + j * m_stride[1] + k * m_stride[2],
            mixed(start[x.low], start[x.high], x.share));
      }
    }
}

void MasksInSource::add(const ProbabilityPart& part) {
  Decided decided;
  std::size_t voxels = 1;
  bool smoothed = false;
  for (std::size_t a = 0; a < 3; ++a) {
    auto& [first, end] = decided.where[a];
    const auto& places = m_places[a];
    const auto here = [&](const Place& p) { return p.inside && p.low >= part.from[a] && p.low < part.to[a]; };
    first = std::ranges::find_if(places, here) - places.begin();
    end = std::find_if_not(places.begin() + first, places.end(), here) - places.begin();
    voxels *= static_cast<std::size_t>(end - first);
    smoothed = smoothed || io::smoothingReach(m_grid, m_source, a) > 0;
  }
  if (voxels == 0) return;
  image::Volume copy;
  const auto ready = [&](const float* values) {
    if (!smoothed) return values;
    copy.geometry = m_grid;
    copy.geometry.size = part.size;
    copy.voxels.assign(values, values + copy.geometry.voxels());
    io::smooth(copy, m_source);
    return static_cast<const float*>(copy.voxels.data());
  };
  if (!m_exclusive) {
    for (std::size_t c = 0; c < m_classes; ++c)
      interpolate(ready(part.classes.at(c)), part, decided, m_threshold,
                  [&](std::size_t, std::int64_t at, float value) {
                    if (value > m_threshold) m_masks[c][static_cast<std::size_t>(at)] = true;
                  });
    return;
  }
  std::vector<float> rest(static_cast<std::size_t>(part.size[0] * part.size[1] * part.size[2]), 1.0f);
  for (const auto* values : part.classes)
    std::transform(rest.begin(), rest.end(), values, rest.begin(), std::minus<>());
  std::vector<float> best(voxels);
  interpolate(ready(rest.data()), part, decided, -std::numeric_limits<float>::infinity(),
              [&](std::size_t n, std::int64_t, float value) { best[n] = value; });
  // The largest of n + 1 shares of 1 is not smaller than their mean.
  const float least = 0.99f / static_cast<float>(m_classes + 1);
  for (std::size_t c = 0; c < m_classes; ++c)
    interpolate(ready(part.classes.at(c)), part, decided, least, [&](std::size_t n, std::int64_t at, float value) {
      if (value <= best[n]) return;
      best[n] = value;
      m_labels.voxels[static_cast<std::size_t>(at)] = static_cast<std::uint16_t>(c + 1);
    });
}

image::Mask MasksInSource::mask(std::size_t cls) const {
  image::Mask out(m_source);
  if (m_exclusive)
    std::ranges::transform(m_labels.voxels, out.voxels.begin(), [&](auto value) { return value == cls + 1; });
  else
    std::ranges::copy(m_masks.at(cls), out.voxels.begin());
  return out;
}

image::LabelMap MasksInSource::paint() const {
  if (m_exclusive) return m_labels;
  std::vector<std::ptrdiff_t> counts;
  for (const auto& mask : m_masks) counts.push_back(std::ranges::count(mask, true));
  std::vector<std::size_t> order(m_masks.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t c) { return counts[c]; });
  image::LabelMap out(m_source);
  for (const auto c : order)
    for (std::size_t n = 0; n < out.voxels.size() && counts[c] > 0; ++n)
      if (m_masks[c][n]) out.voxels[n] = static_cast<std::uint16_t>(c + 1);
  return out;
}

}  // namespace lorkd::data
