// What a network is to answer in a patch: a mask a class, made of a volume's labels for that patch alone.
#pragma once

#include "core/feed/Labels.h"
#include "core/feed/Patch.h"

namespace lorkd::feed {

/// Writes `labels.classes()` masks of the patch of `patch` voxels that starts at `start`, one after the other: 1
/// inside, 0 outside, or not known (base/Truth.h). They move as cutPatch() and warpPatch() move the image with the same
/// augmentation: turned or scaled ones are 1 where the share of the class, linear between voxels, is at least half; not
/// known where that of voxels of which nothing is known is; else 0. Outside the volume they are 0.
void cutTargets(const Labels& labels, const Size3& start, const Size3& patch, const Augmentation& augmentation,
                std::uint8_t* out);

}  // namespace lorkd::feed
