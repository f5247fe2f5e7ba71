// Folders of pictures that are taken for classes and may hold the masks of the others. Inside this room only.
#pragma once

#include <optional>

#include "core/io/Images2D.h"

namespace lorkd::data {

/// Asks about classes of whose pictures the first eight hold eight values or fewer, as masks do, where those of another
/// class do not: "x/1.png" and "y/1.png" may be a picture and its mask. The finding is "class-folders", of severity
/// Consent. Reads one picture of each class, more where that may be a mask.
std::optional<io::Finding> classesMayBeMasks(const io::PictureSet& set);

}  // namespace lorkd::data
