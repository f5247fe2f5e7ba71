#include "core/io/NiftiPlace.h"

#include <algorithm>
#include <cmath>

namespace lorkd::io {
namespace {

image::Vec3 column(const NiftiFile& header, std::size_t a) {
  // NIfTI counts towards right and front, we count towards left and back.
  return {-header.sform[0][a] * header.unit, -header.sform[1][a] * header.unit, header.sform[2][a] * header.unit};
}

/// Where the axes lead, a voxel far. Of one slice the third is often left empty.
std::array<image::Vec3, 3> axesOf(const NiftiFile& header) {
  std::array<image::Vec3, 3> axes{column(header, 0), column(header, 1), column(header, 2)};
  if (header.slices == 1 && image::dot(axes[2], axes[2]) == 0) axes[2] = image::cross(axes[0], axes[1]);
  return axes;
}

/// The place by the rotation, in the words of nifti1.h (method 2), with the spacing of `grid`.
image::Geometry byQuaternion(const NiftiFile& header, image::Geometry grid) {
  const auto [b, c, d, x, y, z] = header.qform;
  const double a = std::sqrt(std::max(0.0, 1 - b * b - c * c - d * d));
  const double rows[3][3]{{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
                          {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
                          {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b}};
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t n = 0; n < 3; ++n)
      grid.direction[row][n] = (row < 2 ? -1 : 1) * (n == 2 ? header.qfac : 1) * rows[row][n];
  grid.origin = {-x * header.unit, -y * header.unit, z * header.unit};
  return grid;
}

double farthest(const image::Geometry& a, const image::Geometry& b) {
  double most = 0;
  for (int corner = 0; corner < 8; ++corner) {
    image::Vec3 index{};
    for (std::size_t n = 0; n < 3; ++n) index[n] = (corner >> n & 1) != 0 ? static_cast<double>(a.size[n] - 1) : 0.0;
    const auto x = a.indexToLps(index), y = b.indexToLps(index);
    most = std::max(most, std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]));
  }
  return most;
}

}  // namespace

Result<void> checkAffine(const NiftiFile& header, const std::filesystem::path& file) {
  if (header.sformCode <= 0) return {};
  const auto axes = axesOf(header);
  for (const auto& axis : axes)
    if (!(image::dot(axis, axis) > 0))
      return fail(ErrorCode::Format, "the header's affine (sform) is flat: an axis has no length",
                  "mend its sform, or set its code to 0 so that the qform is taken", file.string());
  constexpr double kSquare = 2e-3;  // of the cosine: what programs leave when they round affines
  for (const auto& [a, b] : {std::pair{0, 1}, {0, 2}, {1, 2}}) {
    const auto &x = axes[static_cast<std::size_t>(a)], &y = axes[static_cast<std::size_t>(b)];
    if (std::abs(image::dot(x, y)) > kSquare * std::sqrt(image::dot(x, x) * image::dot(y, y)))
      return fail(ErrorCode::Unsupported, "the header's affine (sform) is sheared: its axes are not at right angles",
                  "resample the image to a grid with right angles", file.string());
  }
  return {};
}

image::Geometry placeOf(const NiftiFile& header, const image::Geometry& byRotation, double& apart,
                        std::optional<image::Geometry>& other) {
  apart = 0;
  other.reset();
  auto rotated = byRotation;
  for (auto& x : rotated.origin) x *= header.unit;  // ITK's reader converts the spacing alone
  if (header.sformCode <= 0) return rotated;
  auto out = rotated;
  out.origin = column(header, 3);
  const auto axes = axesOf(header);
  for (std::size_t a = 0; a < 3; ++a) {
    const double length = std::sqrt(image::dot(axes[a], axes[a]));
    if (a < 2 || header.slices > 1) out.spacing[a] = length;
    for (std::size_t b = 0; b < 3; ++b) out.direction[b][a] = axes[a][b] / length;
  }
  if (header.qformCode > 0) {
    other = byQuaternion(header, rotated);
    apart = farthest(out, *other);
  }
  return out;
}

}  // namespace lorkd::io
