// Pictures out of an .npz, which may be larger than the memory. Inside this room only.
#pragma once

#include <memory>

#include "core/io/Images2D.h"

namespace lorkd::io {

/// What the pictures of an array are like, and where each has its pixels.
struct PictureFrames {
  std::int64_t count = 0, width = 0, height = 0, channels = 1;
  std::int64_t slices = 0;                       ///< of each volume, whose middle one is the picture; else 0
  std::uint64_t apart = 0, first = 0, size = 0;  ///< bytes from an example to the next, before its picture, of that
};

/// Unpacks the arrays from front to back, each picture as it is asked for; asking for an earlier one begins anew.
class NpzPictures {
 public:
  NpzPictures();
  ~NpzPictures();
  NpzPictures(const NpzPictures&) = delete;
  NpzPictures& operator=(const NpzPictures&) = delete;
  /// Errors: Format, Mismatch (the archive has changed).
  Result<Picture> read(const LabelledPicture& example);
  /// Reads to the end of the array at hand, where its checksum is compared; to be called last. Errors: Format.
  Result<void> finish();

 private:
  struct Impl;
  Result<void> open(const std::filesystem::path& file, const std::string& split);
  std::unique_ptr<Impl> m_impl;
  std::filesystem::path m_file;
  std::string m_split;
};

}  // namespace lorkd::io
