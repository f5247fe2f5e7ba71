// Moving images between grids (ITK).
#pragma once

#include <vector>

#include "core/image/Volume.h"

namespace lorkd::io {

/// The grid of given spacing that covers `source` with the same directions; voxel edges, not centres, coincide.
image::Geometry gridAtSpacing(const image::Geometry& source, const image::Vec3& spacing);

/// Linear interpolation; outside the source: its minimum value. Along axes where the target is coarser by a factor r,
/// the source is smoothed first by a Gaussian of sqrt((r^2 - 1) / (8 ln 2)) source voxels, so that fine structures do
/// not alias (Cardoso et al., Scale Factor Point Spread Function Matching, MICCAI 2015).
image::Volume resampleLinear(const image::Volume& source, const image::Geometry& target);

/// Where resampleLinear() is above `threshold`, which must not be below the source's minimum; 1 there, else 0. Only
/// what lies around values above it is moved.
image::Mask resampleAbove(const image::Volume& source, const image::Geometry& target, float threshold);

/// n + 1 where the n-th of `shares`, all of one grid, is the largest once interpolated, and larger than what their sum
/// lacks to 1; else 0.
image::LabelMap resampleLargest(const std::vector<image::Volume>& shares, const image::Geometry& target);

/// A mask as the share of each target voxel that it fills (linear), thresholded at 0.5.
image::Mask resampleMask(const image::Mask& source, const image::Geometry& target);

/// Nearest neighbour; outside: 0.
image::LabelMap resampleNearest(const image::LabelMap& source, const image::Geometry& target);

}  // namespace lorkd::io
