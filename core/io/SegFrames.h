// The header of a DICOM SEG: what its frames show and where they lie. Inside this room only.
#pragma once

#include <map>
#include <vector>

#include "core/image/Volume.h"
#include "core/io/Dicom.h"

namespace lorkd::io {

/// One plane of one segment. Directions are unit vectors; spacing in mm between columns (i) and between rows (j).
struct SegFrame {
  std::size_t segment = 0;  ///< position in SegHeader::segments
  image::Vec3 position{};
  std::array<image::Vec3, 2> orientation{};
  std::array<double, 2> spacing{};
};

struct SegHeader {
  int rows = 0, columns = 0;
  bool fractional = false;
  int maximum = 1;                       ///< the value that means "all of it" in a fractional SEG
  std::vector<image::Segment> segments;  ///< masks empty
  std::vector<SegFrame> frames;
  image::Geometry geometry;  ///< the smallest even grid that holds all frames; without voxels if there is none
};

/// Errors: Format, naming the attribute; Unsupported (label maps).
Result<SegHeader> readSegHeader(DcmDataset& dataset);

/// Series and instances that a SEG or RTSTRUCT belongs to.
struct References {
  std::vector<std::string> series, instances;
};
References readReferences(DcmDataset& dataset);

}  // namespace lorkd::io
