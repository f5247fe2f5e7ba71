// DICOM RT Structure Sets: contours, and how they fill voxels. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/image/Volume.h"
#include "core/io/Dicom.h"

namespace lorkd::io {

/// A region of interest (PS3.3 section C.8.8.5 and C.8.8.6).
struct Roi {
  image::Segment segment;                          ///< name, colour and code; mask empty
  std::vector<std::vector<image::Vec3>> contours;  ///< closed and planar, LPS mm
  std::string frameOfReferenceUid;
  int ignored = 0;  ///< contours that enclose nothing: points and open lines
};

/// Regions in the order of StructureSetROISequence. Without `withContours` only what describes them.
/// Errors: Format, naming the attribute and the region.
Result<std::vector<Roi>> readRois(DcmDataset& dataset, bool withContours);

/// The voxels of `grid` whose centres lie inside. Contours on one plane combine by the even-odd rule, so that holes and
/// keyholes come out as drawn. A slice takes the contours of the plane nearest to it, as far as half of the distance
/// between planes, or of slices where these lie wider apart.
/// Errors: Mismatch where contours do not lie parallel to the slices.
Result<std::vector<std::uint8_t>> fillContours(const Roi& roi, const image::Geometry& grid);

}  // namespace lorkd::io
