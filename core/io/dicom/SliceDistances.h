// What the distances between the slices of a stack say: one protocol or several, missing slices, or no order at all.
// Inside this room only.
#pragma once

#include <cstddef>
#include <vector>

namespace lorkd::io {

/// Slices one after another at one distance.
struct SliceRow {
  std::size_t first = 0;   ///< position of its first slice in the stack
  std::size_t slices = 0;  ///< those that it adds: a row after another begins behind that one's last slice
  double distance = 0;     ///< mm, the mean
};

/// A distance much wider than those around it.
struct SliceGap {
  std::size_t after = 0;    ///< the slice before it
  double width = 0;         ///< mm
  std::size_t missing = 0;  ///< slices that would fit into it
  bool multiple = false;    ///< whether they fit exactly, within a tenth of the distance
};

struct SliceDistances {
  std::vector<SliceRow> rows;  ///< in order; empty where the slices follow no order
  std::vector<SliceGap> gaps;
};

/// Reads `distances` (mm, all above 0, at least one) of neighbouring slices. A row has at least four slices, unless it
/// is the only one.
SliceDistances readDistances(const std::vector<double>& distances);

}  // namespace lorkd::io
