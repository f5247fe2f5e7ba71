// The header of a DICOM SEG: what its frames show and where they lie. Inside this room only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/image/Volume.h"
#include "core/io/dicom/Dicom.h"

namespace lorkd::io {

/// Whether a SOP class is one of segmentations (PS3.4 annex B.5): Segmentation or Label Map Segmentation Storage.
bool isSegmentation(const std::string& sopClassUid);

/// One plane of one segment or, in a label map, of all. Directions are unit vectors; spacing in mm between columns (i)
/// and between rows (j).
struct SegFrame {
  std::size_t segment = 0;  ///< position in SegHeader::segments; in a label map without meaning
  image::Vec3 position{};
  std::array<image::Vec3, 2> orientation{};
  std::array<double, 2> spacing{};
};

/// Segmentation Type (PS3.3 section C.8.20.2.3).
enum class SegKind { Binary, Fractional, LabelMap };

struct SegHeader {
  int rows = 0, columns = 0;
  SegKind kind = SegKind::Binary;
  int maximum = 1;                       ///< the value that means "all of it" in a fractional SEG
  long background = 0;                   ///< the value that means "nothing" in a label map
  std::vector<image::Segment> segments;  ///< masks empty; without the background of a label map
  std::vector<SegFrame> frames;
  image::Geometry geometry;  ///< the smallest even grid that holds all frames; without voxels if there is none
};

/// Errors: Format, naming the attribute; Unsupported (other types of segmentation).
Result<SegHeader> readSegHeader(DcmDataset& dataset);

/// Series and instances that a SEG or RTSTRUCT belongs to.
struct References {
  std::vector<std::string> series, instances;
};
References readReferences(DcmDataset& dataset);

}  // namespace lorkd::io
