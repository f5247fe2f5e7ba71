// GIF pictures, by giflib: neither ITK nor DCMTK reads them, and the masks of DRIVE are such. Inside this room only.
#pragma once

#include <array>

#include "core/io/Images2D.h"

namespace lorkd::io {

/// Whether the file begins as a GIF does.
bool isGif(const std::filesystem::path& file);

/// Width and height, by the header. Errors: Format.
Result<std::array<std::int64_t, 2>> gifSize(const std::filesystem::path& file, std::int64_t maxSide);

/// Of one channel where all of its palette is grey. Transparency is dropped, as that of PNG. Errors: Io; Format;
/// Unsupported (several frames, a frame smaller than the picture, a side longer than `maxSide`, more samples than
/// Limits.h says).
Result<Picture> readGif(const std::filesystem::path& file, std::int64_t maxSide);

}  // namespace lorkd::io
