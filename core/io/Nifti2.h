// NIfTI files as far as ITK's reader does not do: their second version, and their voxels, which that reader changes
// where they are not finite and makes up where they are missing. Inside this room only.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

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

/// What the header of a NIfTI file says of its voxels.
struct NiftiFile {
  TemporaryFile copy;                ///< of a NIfTI-2 file, its header as one of NIfTI-1 (.nii)
  std::int16_t datatype = 0;         ///< by the numbers of nifti1.h
  int voxelBytes = 0;                ///< of one voxel; 0: of no type that is known
  bool swapped = false;              ///< the file is of the other byte order
  std::int64_t offset = 0;           ///< where the voxels begin
  double slope = 1, intercept = 0;   ///< what a stored value is multiplied by, and what is added then
  int slices = 1;                    ///< voxels along the third axis
  int qformCode = 0, sformCode = 0;  ///< above 0: the header places the image by a rotation, by an affine
  std::array<std::array<double, 4>, 3>
      sform{};                    ///< rows of the affine, in the header's unit, towards right, front, top
  std::array<double, 6> qform{};  ///< quaternion b, c, d and offset towards right, front, top
  double qfac = 1;                ///< -1: the third axis of the rotation is reversed
  double unit = 1;                ///< mm in the header's unit of length
};

/// Errors: Unsupported (NIfTI-2 in big-endian order, or with an axis longer than NIfTI-1 knows; voxels in another
/// file), Format (no header, cut off, an axis without voxels or whose voxels are not apart, voxels that begin inside
/// the header, or a rotation, affine or scale that is not finite), Io.
Result<NiftiFile> niftiFile(const std::filesystem::path& file);

/// Where voxels lie behind the header, in bytes: what is passed over, what is read, what the file holds behind it.
struct NiftiPart {
  std::int64_t before = 0, bytes = 0, behind = 0;
};
/// The stored voxels of a part, in this machine's byte order; a packed file is read to its checksum. Errors: Format
/// (damaged, or less or far more there than the header says), Io.
Result<std::vector<char>> niftiVoxels(const std::filesystem::path& file, const NiftiFile& header,
                                      const NiftiPart& part);

}  // namespace lorkd::io
