// Slices that are stacked unevenly, or aslant as under a tilted gantry, on an even and upright grid. Inside this room
// only.
#pragma once

#include <vector>

#include "core/image/Volume.h"

namespace lorkd::io {

/// The grid for slices that share `slice`'s size, spacing and directions (right-handed, at right angles) and begin at
/// `origins` (LPS mm of their first pixels, ordered along the normal, at least two): as fine along the normal as half
/// of the slices lie apart, widened by whole pixels so that it covers every slice.
image::Geometry uprightGrid(const image::Geometry& slice, const std::vector<image::Vec3>& origins);

/// Moves slices onto such a grid. `origins` are as for uprightGrid().
class Upright {
 public:
  Upright(const image::Geometry& grid, std::vector<image::Vec3> origins);

  /// Fills the planes of `out` (grid.size, i fastest) that lie between the last slice given and this one, by linear
  /// interpolation along the normal and within slices; slices of columns × rows come one by one in order. Where a
  /// voxel's two slices do not reach, it becomes not-a-number.
  void push(const std::vector<float>& slice, std::int64_t columns, std::int64_t rows, std::vector<float>& out);

  /// The same for a mask, nearest neighbour: `mask` holds all slices.
  std::vector<std::uint8_t> nearest(const std::vector<std::uint8_t>& mask, std::int64_t columns,
                                    std::int64_t rows) const;

  /// The slice, by number, that lies nearest to a position along the normal.
  std::size_t nearestSlice(const image::Vec3& lps) const;

 private:
  double along(const image::Vec3& lps) const;
  image::Vec3 start(std::size_t slice) const;  // of the grid's first pixel in this slice, in pixels

  image::Geometry m_grid;
  std::vector<image::Vec3> m_origins;
  std::vector<double> m_at;  // mm along the normal from the grid's origin
  std::vector<float> m_below;
  std::size_t m_given = 0;
  std::int64_t m_filled = 0;  // planes
};

}  // namespace lorkd::io
