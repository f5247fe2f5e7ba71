// What one file says of itself, in full. Inside this room only.
#pragma once

#include "core/io/SliceHeader.h"

namespace lorkd::io {

/// One of the four.
struct FileContent::Impl {
  std::filesystem::path file;
  std::vector<SliceHeader> slices;  ///< an image file's frames
  std::optional<Series> series;     ///< SEG, RTSTRUCT and what is of no use
  std::optional<LooseFile> loose;
  std::optional<Finding> rejected;
};

}  // namespace lorkd::io
