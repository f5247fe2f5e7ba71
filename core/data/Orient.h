// Axes put in the order L, P, S without touching a value.
#pragma once

#include <array>
#include <cmath>

#include "core/image/Volume.h"

namespace lorkd::data {

/// How the axes of a grid are to be reordered: new axis a is old axis `axis[a]`, run backwards where `flip[a]`.
struct Orientation {
  std::array<std::size_t, 3> axis{0, 1, 2};
  std::array<bool, 3> flip{};
};

/// The order and senses that bring i, j, k closest to L, P, S (largest sum of cosines).
inline Orientation closestToLps(const image::Geometry& g) {
  constexpr std::array<std::array<std::size_t, 3>, 6> orders{
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  Orientation best;
  double most = -1;
  for (const auto& order : orders) {
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) sum += std::abs(g.direction[a][order[a]]);
    if (sum <= most + 1e-9) continue;
    most = sum;
    best.axis = order;
  }
  for (std::size_t a = 0; a < 3; ++a) best.flip[a] = g.direction[a][best.axis[a]] < 0;
  return best;
}

/// The same voxels at the same places in the patient, axes reordered.
inline image::Geometry reoriented(const image::Geometry& g, const Orientation& o) {
  image::Geometry out;
  out.pixels = g.pixels;
  image::Vec3 first{};
  for (std::size_t a = 0; a < 3; ++a) {
    const auto old = o.axis[a];
    out.size[a] = g.size[old];
    out.spacing[a] = g.spacing[old];
    for (std::size_t row = 0; row < 3; ++row) out.direction[row][a] = (o.flip[a] ? -1 : 1) * g.direction[row][old];
    first[old] = o.flip[a] ? static_cast<double>(g.size[old] - 1) : 0;
  }
  out.origin = g.indexToLps(first);
  return out;
}

template <class T>
image::Grid<T> reoriented(const image::Grid<T>& in, const Orientation& o) {
  image::Grid<T> out(reoriented(in.geometry, o));
  const std::array<std::int64_t, 3> stride{1, in.geometry.size[0], in.geometry.size[0] * in.geometry.size[1]};
  std::array<std::int64_t, 3> step{};
  std::int64_t start = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const auto old = o.axis[a];
    step[a] = o.flip[a] ? -stride[old] : stride[old];
    if (o.flip[a]) start += (in.geometry.size[old] - 1) * stride[old];
  }
  std::size_t to = 0;
  for (std::int64_t k = 0; k < out.geometry.size[2]; ++k)
    for (std::int64_t j = 0; j < out.geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < out.geometry.size[0]; ++i)
        out.voxels[to++] = in.voxels[static_cast<std::size_t>(start + i * step[0] + j * step[1] + k * step[2])];
  return out;
}

}  // namespace lorkd::data
