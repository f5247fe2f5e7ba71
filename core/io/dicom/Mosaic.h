// Siemens mosaics: the slices of a volume as tiles of one picture, row by row, in a square of tiles. How their places
// follow from the header: nibabel's documentation, "Siemens mosaic format". Inside this room only.
#pragma once

#include <vector>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// Whether the header calls the picture a mosaic. Enhanced MR keeps its slices as frames, whatever it calls them.
bool isMosaic(const SeriesHeader& header);

/// The slices of a mosaic: `frame` is the tile, sizes are those of a tile, and `tiles` says how many lie side by side.
/// Where Siemens' own header is missing or contradicts the picture, the picture itself with `tiles` -1.
std::vector<SliceHeader> tilesOf(const dicom::Loaded& loaded, const SliceHeader& picture);

/// The header of the picture that a tile is cut from.
SliceHeader pictureOf(const SliceHeader& tile);

/// The values of a tile, out of those of its picture.
std::vector<float> cutTile(const std::vector<float>& picture, const SliceHeader& tile);

}  // namespace lorkd::io
