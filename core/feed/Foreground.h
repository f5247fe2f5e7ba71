// Where the labelled voxels of a volume are, so that patches can be centred on them at no cost.
#pragma once

#include <cstdint>
#include <vector>

#include "core/feed/Labels.h"

namespace lorkd::feed {

/// Per class that is present: flat indices of labelled voxels, ascending; at most `foregroundLimit` of them, one drawn
/// from each of so many equal stretches of the class's voxels.
using Foreground = std::vector<std::vector<std::uint32_t>>;
inline constexpr std::size_t foregroundLimit = 2048;

/// The draw depends on `seed` alone.
Foreground findForeground(const Labels& labels, std::uint64_t seed);

}  // namespace lorkd::feed
