// NIfTI files as far as ITK's reader does not do: their second version, pairs, and their voxels, which that reader
// changes where they are not finite and makes up where they are missing. Inside this room only.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
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
  TemporaryFile copy;                ///< of what is no NIfTI-1 in one file, its header as one of that (.nii)
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
  bool oriented = true;           ///< false: it does not say where right and left are, and the place is a customary one
};

/// A NIfTI-1 header and four bytes that say that no extension follows.
using NiftiHead = std::array<char, 352>;
/// A number of a NIfTI-1 header, of either byte order.
template <class T>
T headerValue(const char* header, std::size_t at) {
  std::int32_t size = 0;
  std::memcpy(&size, header, 4);
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), header + at, sizeof(T));
  if (size != 348) std::ranges::reverse(bytes);
  return std::bit_cast<T>(bytes);
}

/// The header as a file, for a reader that knows NIfTI-1 in one file alone. Errors: Io.
Result<TemporaryFile> headerCopy(const NiftiHead& head);

/// Of a .hdr it is that of a pair, whose voxels lie in another file (NiftiPair.h). Errors: Unsupported (NIfTI-2 in
/// big-endian order or as a pair, or with an axis longer than NIfTI-1 knows), Format (no header, cut off, an axis
/// without voxels or whose voxels are not apart, voxels that begin inside the header, or a rotation, affine or scale
/// that is not finite), Io.
Result<NiftiFile> niftiFile(const std::filesystem::path& file);

/// Where voxels lie behind the header, in bytes: what is passed over, what is read, what the file holds behind it.
struct NiftiPart {
  std::int64_t before = 0, bytes = 0, behind = 0;
};
/// The stored voxels of a part, in this machine's byte order; a packed file is read to its checksum. Errors: Format
/// (damaged, or less or far more there than the header says), Io. `file` is the one that the voxels lie in.
Result<std::vector<char>> niftiVoxels(const std::filesystem::path& file, const NiftiFile& header,
                                      const NiftiPart& part);

}  // namespace lorkd::io
