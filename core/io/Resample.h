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

/// Smooths as resampleLinear() does before it takes a source to `target`; in place.
void smooth(image::Volume& source, const image::Geometry& target);

/// How many voxels along axis `a` away a voxel may lie that smooth() mixes in to more than a millionth; 0 where it does
/// nothing along that axis.
std::int64_t smoothingReach(const image::Geometry& source, const image::Geometry& target, std::size_t a);

/// A mask as the share of each target voxel that it fills (linear), thresholded at 0.5.
image::Mask resampleMask(const image::Mask& source, const image::Geometry& target);

/// Nearest neighbour; outside: 0.
image::LabelMap resampleNearest(const image::LabelMap& source, const image::Geometry& target);

}  // namespace lorkd::io
