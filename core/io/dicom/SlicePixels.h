// The pixels of single slices, one after the other. Inside this room only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// The error that a slice's file is not as it should be: `what`.
std::unexpected<Error> damaged(const std::filesystem::path& file, const std::string& what);

/// Decodes slices; frames of one file open and parse it once.
class SlicePixels {
 public:
  /// Header of a slice, read anew: files may have changed since a scan. Errors: those of dicom::load; Format where the
  /// file is truncated or has no such frame; Unsupported (codec).
  Result<SliceHeader> header(const std::filesystem::path& file, int frame);
  /// Values of the slice whose header was read last, rescaled as the header says, row by row; padding as told at
  /// readSeries(). Errors: Unsupported, Format.
  Result<std::vector<float>> pixels();
  /// The same as they are stored, neither rescaled nor padding replaced. Errors: Unsupported, Format.
  Result<std::vector<float>> stored();
  /// The data set of the file read last.
  DcmDataset& dataset() const { return m_loaded->dataset(); }

 private:
  std::optional<dicom::Loaded> m_loaded;
  std::vector<SliceHeader> m_frames;
  std::size_t m_frame = 0;
};

}  // namespace lorkd::io
