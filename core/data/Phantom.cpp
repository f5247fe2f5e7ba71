#include "core/data/Phantom.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/Random.h"
#include "core/data/Anatomy.h"

namespace lorkd::data {

using image::Vec3;

namespace {

constexpr double airHu = -1000, noiseHu = 12;
constexpr int sub = 3;  // samples per voxel along each axis; odd, so that no voxel is exactly half inside

/// A solid in the index space of a grid: unit coordinates = matrix·index + offset, and the box that holds it.
struct IndexedSolid {
  image::Mat3 matrix{};
  Vec3 offset{}, low{}, high{};
  int power = 2;
  bool flatEnds = false;
  std::uint8_t part = 0;
};

IndexedSolid onGrid(const Solid& s, const image::Geometry& g) {
  IndexedSolid out;
  out.power = s.power;
  out.flatEnds = s.flatEnds;
  const Vec3 centre = g.lpsToIndex(s.centre);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Vec3 reach{};
    for (std::size_t own = 0; own < 3; ++own) {
      double along = 0;
      for (std::size_t row = 0; row < 3; ++row) along += g.direction[row][axis] * s.axes[row][own];
      out.matrix[own][axis] = along * g.spacing[axis] / s.half[own];
      reach[own] = std::abs(along) * s.half[own] / g.spacing[axis];
    }
    // The exact extent of an ellipsoid; a box around anything squarer or with flat ends.
    const bool round = s.power == 2;
    const double across = round ? std::hypot(reach[0], reach[1]) : reach[0] + reach[1];
    const double extent = round && !s.flatEnds ? std::hypot(across, reach[2]) : across + reach[2];
    out.low[axis] = centre[axis] - extent;
    out.high[axis] = centre[axis] + extent;
  }
  for (std::size_t own = 0; own < 3; ++own)
    for (std::size_t axis = 0; axis < 3; ++axis) out.offset[own] -= out.matrix[own][axis] * centre[axis];
  return out;
}

/// Position of fine sample n in voxel units, and the fine samples whose positions lie in [low, high].
double samplePosition(std::int64_t n) { return (static_cast<double>(n) + 0.5) / sub - 0.5; }
std::pair<std::int64_t, std::int64_t> samplesIn(double low, double high, std::int64_t voxels) {
  const double first = std::ceil((low + 0.5) * sub - 0.5), end = std::floor((high + 0.5) * sub - 0.5) + 1;
  const double most = static_cast<double>(voxels * sub);
  return {static_cast<std::int64_t>(std::clamp(first, 0.0, most)),
          static_cast<std::int64_t>(std::clamp(end, 0.0, most))};
}

/// Marks the samples of one fine slice that lie in the solid.
void drawSlice(const IndexedSolid& s, std::int64_t fineK, const image::Geometry& g, std::uint8_t* slice) {
  const auto [j0, j1] = samplesIn(s.low[1], s.high[1], g.size[1]);
  const auto [i0, i1] = samplesIn(s.low[0], s.high[0], g.size[0]);
  const double k = samplePosition(fineK);
  for (auto j = j0; j < j1; ++j) {
    float unit[3], step[3];
    for (std::size_t own = 0; own < 3; ++own) {
      unit[own] = static_cast<float>(s.matrix[own][0] * samplePosition(i0) + s.matrix[own][1] * samplePosition(j) +
                                     s.matrix[own][2] * k + s.offset[own]);
      step[own] = static_cast<float>(s.matrix[own][0] / sub);
    }
    std::uint8_t* row = slice + j * g.size[0] * sub;
    const auto inside = [&](std::int64_t i) {
      const auto n = static_cast<float>(i - i0);
      return insideUnit(unit[0] + n * step[0], unit[1] + n * step[1], unit[2] + n * step[2], s.power, s.flatEnds);
    };
    // The shapes are convex: only their two ends on a row need looking for.
    auto first = i0, last = i1 - 1;
    for (std::size_t own = 0; own < 3 && first <= last; ++own) {  // the box |u|, |v|, |w| <= 1 first
      if (std::abs(step[own]) < 1e-6f) {
        if (std::abs(unit[own]) > 1.001f) last = first - 1;
        continue;
      }
      const float a = (-1 - unit[own]) / step[own], b = (1 - unit[own]) / step[own];
      const float most = static_cast<float>(i1 - i0);
      first = std::max(first, i0 + static_cast<std::int64_t>(std::clamp(std::min(a, b), 0.0f, most)));
      last = std::min(last, i0 + static_cast<std::int64_t>(std::clamp(std::max(a, b) + 1, -1.0f, most)));
    }
    while (first <= last && !inside(first)) ++first;
    while (last > first && !inside(last)) --last;
    if (first <= last) std::fill(row + first, row + last + 1, s.part);
  }
}

}  // namespace

std::string toString(Region region) {
  return region == Region::Head ? "head" : region == Region::Thorax ? "thorax" : "abdomen";
}

std::vector<std::string> organs(Region region) {
  if (region == Region::Head) return {"skull", "brain", "ventricles", "eyes"};
  if (region == Region::Thorax) return {"lungs", "heart", "aorta", "vertebrae"};
  return {"liver", "spleen", "kidneys", "stomach", "vertebrae"};
}

Phantom makePhantom(Region region, int patient, const PhantomOptions& options) {
  const Anatomy anatomy = makeAnatomy(region, patient, options);
  const image::Geometry& g = anatomy.grid;
  std::vector<IndexedSolid> solids;
  std::vector<float> hu{airHu};
  std::vector<int> organOf{-1};
  for (const auto& part : anatomy.parts) {
    for (const auto& solid : part.solids) {
      solids.push_back(onGrid(solid, g));
      solids.back().part = static_cast<std::uint8_t>(hu.size());
    }
    hu.push_back(static_cast<float>(part.hu));
    organOf.push_back(part.organ);
  }

  Phantom out{region, image::Volume(g), {g, {}}};
  out.volume.modality = "CT";
  out.volume.unit = "HU";
  out.volume.windowCenter = 40;
  out.volume.windowWidth = region == Region::Head ? 120 : 400;
  const auto names = organs(region);
  for (const auto& name : names) {
    const auto style = organStyle(name);
    out.truth.segments.push_back({{name, style.color, {"SCT", style.code, style.meaning}},
                                  std::vector<std::uint8_t>(static_cast<std::size_t>(g.voxels()), 0)});
  }

  const std::int64_t fineRow = g.size[0] * sub, fineSlice = fineRow * g.size[1] * sub;
  std::vector<std::uint8_t> fine(static_cast<std::size_t>(fineSlice * sub));
  for (std::int64_t k = 0; k < g.size[2]; ++k) {
    std::fill(fine.begin(), fine.end(), std::uint8_t(0));
    for (const auto& solid : solids) {
      const auto [first, end] = samplesIn(solid.low[2], solid.high[2], g.size[2]);
      for (auto n = std::max(first, k * sub); n < std::min(end, (k + 1) * sub); ++n)
        drawSlice(solid, n, g, fine.data() + (n - k * sub) * fineSlice);
    }
    Random noise(options.seed, {static_cast<std::uint64_t>(region), static_cast<std::uint64_t>(patient), 11,
                                static_cast<std::uint64_t>(k), options.tilted});
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) {
        float sum = 0;
        std::array<int, 8> covered{};
        for (std::int64_t c = 0; c < sub; ++c)
          for (std::int64_t b = 0; b < sub; ++b)
            for (std::int64_t a = 0; a < sub; ++a) {
              const auto part = fine[static_cast<std::size_t>(c * fineSlice + (j * sub + b) * fineRow + i * sub + a)];
              sum += hu[part];
              if (organOf[part] >= 0) ++covered[static_cast<std::size_t>(organOf[part])];
            }
        const double value = sum / (sub * sub * sub) + noiseHu * noise.normal();
        out.volume.at(i, j, k) = static_cast<float>(std::round(std::clamp(value, -1024.0, 3071.0)));
        for (std::size_t organ = 0; organ < names.size(); ++organ)
          if (2 * covered[organ] > sub * sub * sub)
            out.truth.segments[organ].mask[static_cast<std::size_t>(g.offset(i, j, k))] = 1;
      }
  }
  return out;
}

double analyticVolume(Region region, int patient, const PhantomOptions& options, const std::string& organ) {
  const Anatomy anatomy = makeAnatomy(region, patient, options);
  const auto names = organs(region);
  const int wanted = static_cast<int>(std::find(names.begin(), names.end(), organ) - names.begin());
  std::vector<std::pair<const Solid*, int>> drawn;
  for (const auto& part : anatomy.parts)
    for (const auto& solid : part.solids) drawn.emplace_back(&solid, part.organ);

  double total = 0;
  Random random(1);
  for (auto own = drawn.begin(); own != drawn.end(); ++own) {
    if (own->second != wanted) continue;
    const Solid& s = *own->first;
    const auto box = onGrid(s, anatomy.grid);
    for (std::size_t axis = 0; axis < 3; ++axis)
      if (box.low[axis] < -0.5 || box.high[axis] > static_cast<double>(anatomy.grid.size[axis]) - 0.5) return 0;
    // Overlap has no closed form for turned superquadrics; points spread through the solid find it.
    for (int n = 0; n < 4000; ++n) {
      const Vec3 unit{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)};
      Vec3 point = s.centre;
      for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t a = 0; a < 3; ++a) point[row] += s.axes[row][a] * s.half[a] * unit[a];
      if (s.contains(point) &&
          std::any_of(own + 1, drawn.end(), [&](auto& other) { return other.first->contains(point); }))
        return 0;
    }
    total += s.volume();
  }
  return total;
}

}  // namespace lorkd::data
