// DICOM pictures of one frame as they are meant to be seen. Inside this room only.
#pragma once

#include "core/io/Images2D.h"

namespace lorkd::io {

/// Greys or RGB in 8 bits, as told at readPicture(). Errors: those of dicom::load; Format (truncated, damaged),
/// Unsupported (no pixels, several frames, a codec, a side longer than `maxSide`).
Result<Picture> readDicomPicture(const std::filesystem::path& file, std::int64_t maxSide);

}  // namespace lorkd::io
