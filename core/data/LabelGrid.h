// Label maps: their grid and the names of their values.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::data {

/// Same grid for labels: corners within a twentieth of the smallest voxel side, since programs round affines.
bool sameLabelGrid(const image::Geometry& labels, const image::Geometry& image);

/// Whether the voxels are the same ones, in another order: axes exchanged or turned.
bool sameVoxels(const image::Geometry& labels, const image::Geometry& image);

/// Whether at least half of `labels` lies in the box of `image`: then both may be of one space.
bool liesIn(const image::Geometry& labels, const image::Geometry& image);

/// By layer of a label file, the values that occur there, ascending, background left out.
using LayerValues = std::vector<std::vector<std::uint16_t>>;

/// Errors: those of io::readLabelLayers.
Result<LayerValues> labelValues(const std::filesystem::path& labels);

/// What is known of values, in their order, each name once. Errors: those of io::segmentsFromLabels.
Result<std::vector<image::Label>> labelsOf(const LayerValues& values, const std::filesystem::path& names);

}  // namespace lorkd::data
