// How the three standard planes of a grid are laid on the screen.
#pragma once

#include <array>
#include <string>

#include "core/image/Geometry.h"

namespace lorkd::scene {

enum class Plane { Axial, Sagittal, Coronal };

/// One plane of a grid as a radiologist expects it: patient's right on screen left, anterior up (axial), superior up
/// (sagittal, coronal). Slices follow the grid's own axes, the nearest to the patient's: an oblique or tilted
/// acquisition is shown in its own slices, unresampled, and the letters say where they point.
///
/// Plane coordinates (x, y) are millimetres along screen right and screen up, zero at voxel (0, 0, 0).
struct SliceFrame {
  int right = 0, up = 1, through = 2;              ///< index axes along screen right, screen up and across slices
  int rightSign = 1, upSign = 1, throughSign = 1;  ///< +1: index grows to the right, upward, towards L, P or S
  image::Geometry geometry;

  static SliceFrame of(const image::Geometry& geometry, Plane plane);

  /// Number of slices.
  std::int64_t slices() const { return geometry.size[static_cast<std::size_t>(through)]; }
  /// Nearest slice to an LPS position, clamped to the grid.
  std::int64_t sliceOf(const image::Vec3& lps) const;
  /// Plane coordinates of an LPS position.
  std::array<double, 2> toPlane(const image::Vec3& lps) const;
  /// LPS position of plane coordinates on a slice.
  image::Vec3 toLps(const std::array<double, 2>& plane, std::int64_t slice) const;
  /// `lps` moved along the slice axis onto the middle of `slice`.
  image::Vec3 onSlice(const image::Vec3& lps, std::int64_t slice) const;
  /// {left, right, bottom, top} of the image in plane coordinates, outer voxel edges.
  std::array<double, 4> bounds() const;
  /// Anatomical letters of screen left, right, bottom and top; oblique directions get up to three, largest first.
  std::array<std::string, 4> letters() const;
};

/// "L", "RA", "SPL"...: the patient directions a vector points to, largest first; parts below `share` are left out.
std::string directionLetters(const image::Vec3& lps, double share = 0.1);

}  // namespace lorkd::scene
