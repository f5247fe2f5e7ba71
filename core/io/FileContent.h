// What one file says of itself, in full. Inside this room only.
#pragma once

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// One of the four. Kept small: there are as many as files.
struct FileContent::Impl {
  std::filesystem::path file;       ///< empty where `slices` have it
  std::vector<SliceHeader> slices;  ///< an image file's frames
  std::unique_ptr<Series> series;   ///< SEG, RTSTRUCT and what is of no use
  std::unique_ptr<LooseFile> loose;
  std::unique_ptr<Finding> rejected;
  std::vector<std::string> listed;  ///< a DICOM directory's files; `rejected` is then what stands when all are there

  const std::filesystem::path& place() const { return slices.empty() ? file : slices.front().file; }
  /// Says where the file lies.
  void lies(std::filesystem::path where);
};

}  // namespace lorkd::io
