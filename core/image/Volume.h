// Images and masks on a grid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/image/Geometry.h"
#include "core/image/Label.h"

namespace lorkd::image {

/// Voxels of one type on a grid, i fastest.
template <class T>
struct Grid {
  Geometry geometry;
  std::vector<T> voxels;

  Grid() = default;
  explicit Grid(const Geometry& g, T value = T()) : geometry(g), voxels(static_cast<std::size_t>(g.voxels()), value) {}
  T& at(std::int64_t i, std::int64_t j, std::int64_t k) {
    return voxels[static_cast<std::size_t>(geometry.offset(i, j, k))];
  }
  T at(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return voxels[static_cast<std::size_t>(geometry.offset(i, j, k))];
  }
};

/// A scalar image; CT in HU, rescale already applied.
struct Volume : Grid<float> {
  using Grid::Grid;
  std::string modality;     ///< "CT", "MR", ... or empty
  std::string unit;         ///< "HU" for CT, DICOM's word for PET ("BQML", ...), else empty
  double windowCenter = 0;  ///< first DICOM window; width 0 if there is none
  double windowWidth = 0;
};

/// 1 inside, 0 outside.
using Mask = Grid<std::uint8_t>;

/// Integer labels; 0 is background. Cannot hold overlaps: see SegmentSet.
using LabelMap = Grid<std::uint16_t>;

/// One structure on the grid of its set.
struct Segment : Label {
  std::vector<std::uint8_t> mask{};  ///< geometry.voxels() values, 0 or 1
};

/// Structures on one grid; they may overlap.
struct SegmentSet {
  Geometry geometry;
  std::vector<Segment> segments;
  const Segment* find(const std::string& name) const;
};

}  // namespace lorkd::image
