// PNG by libpng itself: ITK 5.2 installs no error handler while it reads a PNG's header, so that a truncated file ends
// the program. Inside this room only.
#pragma once

#include "core/io/Images2D.h"

namespace lorkd::io {

/// Whether the file begins as a PNG does.
bool isPng(const std::filesystem::path& file);

/// Palettes, 1 to 16 bits a sample; alpha is dropped. Errors: Io, Format, Unsupported (a side longer than `maxSide`).
Result<Picture> readPng(const std::filesystem::path& file, std::int64_t maxSide);

}  // namespace lorkd::io
