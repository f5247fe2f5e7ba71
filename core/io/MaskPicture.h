// Pictures that mark pixels of other pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::io {

/// A mask picture, read in both ways that it can be meant.
struct MaskPicture {
  std::int64_t width = 0, height = 0;
  bool lossy = false;                  ///< a JPEG: its values are near those that were meant
  bool coloured = false;               ///< some pixel is no grey
  std::vector<std::uint16_t> values;   ///< the grey value; of coloured ones 0 for black, else 1 + position in `colours`
  std::vector<std::uint32_t> colours;  ///< 0xrrggbb of all that occur but black, ascending
  std::vector<std::uint16_t> half;     ///< 1 where the pixel is at least half as bright as white, else 0
};

/// Reads it. A JPEG whose colours differ from grey by no more than its coding does is grey.
/// Errors: those of readPicture(); Unsupported (16 bits a sample, of which the lower would be lost; more than 256
/// colours).
Result<MaskPicture> readMaskPicture(const std::filesystem::path& file);

}  // namespace lorkd::io
