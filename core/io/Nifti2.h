// NIfTI-2 files for a reader that knows only NIfTI-1. Inside this room only.
#pragma once

#include <filesystem>

#include "core/base/Error.h"

namespace lorkd::io {

/// A file that is there as long as this object. Only its owner may read it.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  explicit TemporaryFile(std::filesystem::path path) : m_path(std::move(path)) {}
  TemporaryFile(TemporaryFile&& other) noexcept { std::swap(m_path, other.m_path); }
  TemporaryFile& operator=(TemporaryFile&& other) noexcept {
    std::swap(m_path, other.m_path);
    return *this;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    if (!m_path.empty()) std::filesystem::remove(m_path, ignored);
  }
  /// Empty where there is none.
  const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
};

/// A NIfTI-1 copy (.nii) of a NIfTI-2 file, with its voxels or the header alone; none where the file is no NIfTI-2.
/// Errors: Unsupported (big endian, or an axis longer than NIfTI-1 knows), Format (cut off; of either version, a
/// rotation or an affine that is not finite), Io.
Result<TemporaryFile> asNifti1(const std::filesystem::path& file, bool withVoxels);

}  // namespace lorkd::io
