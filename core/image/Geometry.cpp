#include "core/image/Geometry.h"

#include <cmath>

namespace lorkd::image {

Vec3 minus(const Vec3& a, const Vec3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

double dot(const Vec3& a, const Vec3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vec3 Geometry::indexToLps(const Vec3& index) const {
  Vec3 lps = origin;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) lps[r] += direction[r][c] * spacing[c] * index[c];
  return lps;
}

Vec3 Geometry::lpsToIndex(const Vec3& lps) const {
  // The adjugate, not the transpose: a sheared grid (gantry tilt) has no orthonormal directions.
  const double determinant = handedness();
  Vec3 index{};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t c1 = (c + 1) % 3, c2 = (c + 2) % 3;
    for (std::size_t r = 0; r < 3; ++r) {
      const std::size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3;
      const double cofactor = direction[r1][c1] * direction[r2][c2] - direction[r1][c2] * direction[r2][c1];
      index[c] += cofactor * (lps[r] - origin[r]);
    }
    index[c] /= determinant * spacing[c];
  }
  return index;
}

bool Geometry::sameGrid(const Geometry& other, double tolerance) const {
  if (size != other.size) return false;
  for (int corner = 0; corner < 8; ++corner) {
    Vec3 index{};
    for (std::size_t a = 0; a < 3; ++a) index[a] = (corner >> a & 1) ? static_cast<double>(size[a] - 1) : 0.0;
    const Vec3 mine = indexToLps(index), theirs = other.indexToLps(index);
    double squared = 0;
    for (std::size_t a = 0; a < 3; ++a) squared += (mine[a] - theirs[a]) * (mine[a] - theirs[a]);
    // Negated so that not-a-number counts as different.
    if (!(squared <= tolerance * tolerance)) return false;
  }
  return true;
}

bool Geometry::plausible() const {
  for (std::size_t a = 0; a < 3; ++a) {
    // Comparisons are false for not-a-number.
    if (size[a] < 1 || size[a] > (1 << 20) || !(spacing[a] > 1e-6 && spacing[a] <= 1e4)) return false;
    if (!(std::abs(origin[a]) <= kFarthest)) return false;
  }
  return std::abs(handedness()) > 1e-3;
}

double Geometry::handedness() const {
  const Mat3& d = direction;
  return d[0][0] * (d[1][1] * d[2][2] - d[1][2] * d[2][1]) - d[0][1] * (d[1][0] * d[2][2] - d[1][2] * d[2][0]) +
         d[0][2] * (d[1][0] * d[2][1] - d[1][1] * d[2][0]);
}

}  // namespace lorkd::image
