// Volumes that look like the same volume. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/data/Audit.h"

namespace lorkd::data {

/// What a volume is known again by, in other values, precisions, orders of the axes and, nearly, other grids: means of
/// 16 by 16 by 16 blocks along L, P and S, less those of their surroundings of four by four by four, in steps of a
/// thirtieth of their deviation, a byte each. Values count between `low` and `high`, so that a few bright voxels do not
/// say everything. Empty where an axis has fewer than 16 voxels, or nothing differs.
std::string sketchOf(const image::Volume& volume, double low, double high);

/// Correlation of two sketches, -1 to 1; 0 where one is empty.
double likeness(const std::string& a, const std::string& b);

/// Sketches that are this alike are taken for those of one volume. Of all pairs of 90 phantoms of the same region, the
/// most alike came to 0.93; phantoms rounded to 8 bits, with noise of 20 HU, or resampled to voxels of 1.3 times the
/// size, to 0.99 and more of themselves.
constexpr double kSameVolume = 0.98;

/// Adds what = "nearly" for each image that is so like another one's, of another person, and not known as a double yet;
/// beside one of another split if there is any, else beside the most alike. Flipped and cut copies are not found.
void findNearVolumes(const std::vector<AuditedImage>& images, std::vector<Double>& out);

}  // namespace lorkd::data
