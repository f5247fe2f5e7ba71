// Where voxels lie in the patient: LPS, millimetres.
#pragma once

#include <array>
#include <cstdint>

namespace lorkd::image {

using Vec3 = std::array<double, 3>;
using Mat3 = std::array<std::array<double, 3>, 3>;  ///< rows; columns of a direction matrix are the index axes in LPS

inline constexpr double kFarthest = 1e5;  ///< mm from the origin of patient space; nothing of a patient lies beyond

Vec3 minus(const Vec3& a, const Vec3& b);
double dot(const Vec3& a, const Vec3& b);
Vec3 cross(const Vec3& a, const Vec3& b);

/// A regular grid in patient space. Index (i, j, k): i fastest in memory (columns of a DICOM slice), k slowest.
struct Geometry {
  std::array<std::int64_t, 3> size{0, 0, 0};  ///< voxels along i, j, k
  Vec3 spacing{1, 1, 1};                      ///< mm between voxel centres
  Vec3 origin{0, 0, 0};                       ///< LPS mm of the centre of voxel (0, 0, 0)
  Mat3 direction{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  bool pixels = false;  ///< a picture whose size nobody has said: lengths are pixels of it, not mm

  std::int64_t voxels() const { return size[0] * size[1] * size[2]; }
  /// LPS mm of a continuous index.
  Vec3 indexToLps(const Vec3& index) const;
  /// Continuous index of an LPS position.
  Vec3 lpsToIndex(const Vec3& lps) const;
  /// Linear memory position of an index inside the grid.
  std::int64_t offset(std::int64_t i, std::int64_t j, std::int64_t k) const { return i + size[0] * (j + size[1] * k); }
  /// Same size, and every corner voxel within `tolerance` mm.
  bool sameGrid(const Geometry& other, double tolerance = 0.01) const;
  /// Determinant of direction: +1 right-handed.
  double handedness() const;
  /// Numbers that a grid of this program may have: no more than 2^20 voxels along an axis, spacing above 0 and up to
  /// 10 m, the origin within 100 m, axes that span a space. Headers may hold anything.
  bool plausible() const;
  bool operator==(const Geometry&) const = default;
};

}  // namespace lorkd::image
