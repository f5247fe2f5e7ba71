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

/// What the header of a NIfTI file says that a reader of NIfTI-1 does not.
struct NiftiFile {
  TemporaryFile copy;  ///< in NIfTI-1 (.nii), of a NIfTI-2 file, with its voxels or the header alone
  int voxelBytes = 0;  ///< of a voxel as it lies in the file, where ITK tells of the type after rescaling; 0: unknown
};

/// Errors: Unsupported (big endian, or an axis longer than NIfTI-1 knows), Format (cut off; of either version, a
/// rotation or an affine that is not finite), Io.
Result<NiftiFile> asNifti1(const std::filesystem::path& file, bool withVoxels);

}  // namespace lorkd::io
