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

/// Whether at least half of `labels` lies in the box of `image`: then both may be of one space.
bool liesIn(const image::Geometry& labels, const image::Geometry& image);

/// The values that occur in a label map, ascending, background left out. Errors: those of io::readLabelMap.
Result<std::vector<std::uint16_t>> labelValues(const std::filesystem::path& labels);

/// What is known of values, in their order, without making a mask of each. Errors: those of io::segmentsFromLabels.
Result<std::vector<image::Label>> labelsOf(const std::vector<std::uint16_t>& values,
                                           const std::filesystem::path& names);

/// Clears the values whose names are not `wanted` (letter case does not count), so that no mask is made of them.
Result<void> keepNamed(image::LabelMap& labels, const std::filesystem::path& names,
                       const std::vector<std::string>& wanted);

}  // namespace lorkd::data
