// DICOM RT Structure Sets: contours, and how they fill voxels. Inside this room only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/image/Volume.h"
#include "core/io/dicom/Dicom.h"

namespace lorkd::io {

/// A region of interest (PS3.3 section C.8.8.5 and C.8.8.6).
struct Roi {
  image::Segment segment;                          ///< name, colour and code; mask empty
  std::vector<std::vector<image::Vec3>> contours;  ///< closed and planar, LPS mm
  std::string frameOfReferenceUid;
  std::size_t closed = 0;        ///< contours that enclose something, read or not
  std::optional<Error> fault{};  ///< why its points could not be read
};

/// The regions that make labels: those with closed contours, in the frame of reference of the data set (or, where it
/// names none, of its first region), in the order of StructureSetROISequence. `left` takes the names of the others.
struct Rois {
  std::vector<Roi> rois;
  std::string frameOfReferenceUid;
  std::vector<std::string> left;
};
/// Takes one contour of a region. What it returns becomes the region's fault.
using ContourSink = std::function<Result<void>(Roi& roi, std::vector<image::Vec3> contour)>;
/// Points are read of the regions that `wants` accepts by name, contour by contour; none where it is empty. A fault in
/// them is the region's alone. Errors: Format, naming the attribute.
Result<Rois> readRois(DcmDataset& dataset, const std::function<bool(const std::string&)>& wants,
                      const ContourSink& sink);
/// The same; the contours are kept in Roi::contours.
Result<Rois> readRois(DcmDataset& dataset, const std::function<bool(const std::string&)>& wants);

/// The voxels of `grid` whose centres lie inside. Contours on one plane combine by the even-odd rule, so that holes and
/// keyholes come out as drawn. A slice takes the contours of the plane nearest to it within half a slice; where there
/// is none, but planes lie on both sides and no more than three slices apart, those of the nearer one. Errors: Mismatch
/// where contours do not lie parallel to the slices.
Result<std::vector<std::uint8_t>> fillContours(const Roi& roi, const image::Geometry& grid);

}  // namespace lorkd::io
