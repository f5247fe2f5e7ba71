// Turned and scaled patches, sampled straight from the volume: what turns into a patch's corners comes from around it.
#pragma once

#include "core/feed/Patch.h"

namespace lorkd::feed {

/// As cutPatch, with augmentation.angle and augmentation.zoom: voxel o of the patch shows the source at
/// c + R(−angle)·(o − m)/zoom, m the patch's middle and c where it lies in the source. Values are linear between
/// voxels; outside the source (half a voxel beyond its last centres) they are `fill`.
void warpPatch(const float* source, const Size3& size, const Size3& start, const Size3& patch, float fill,
               const Augmentation& augmentation, float* out);

}  // namespace lorkd::feed
