// How masks that a network learns from, and is judged by, say what is known.
#pragma once

#include <cstdint>

namespace lorkd {

/// Beside 1 (inside) and 0 (outside): whether the voxel belongs to the class is not known. It counts nowhere.
inline constexpr std::uint8_t notKnown = 255;

}  // namespace lorkd
