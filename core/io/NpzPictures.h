// Pictures out of an .npz, which may be larger than the memory. Inside this room only.
#pragma once

#include <memory>

#include "core/io/Images2D.h"

namespace lorkd::io {

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
