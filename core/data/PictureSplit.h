// Which part of a run each picture of a set belongs to. Inside this room only.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/CaseList.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

/// Split of every example: what the set says, unless the plan ignores that, else drawn in the plan's shares, by class
/// where pictures have one label each. Pictures of a patient who is in a split by the set's own word follow there.
std::vector<Split> splitsOf(const io::PictureSet& set, const plan::Split& options, std::uint64_t seed);

}  // namespace lorkd::data
