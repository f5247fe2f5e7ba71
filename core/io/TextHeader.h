// The text at the head of an NRRD or a MetaImage, as far as it must be sound before ITK reads it. Inside this room
// only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::io {

inline constexpr const char* kVolumeHint = "check that the file is a complete NIfTI, NRRD or MetaImage";

/// Whether the file's name ends so, in any case.
bool isNamed(const std::filesystem::path& file, std::initializer_list<const char*> endings);

/// What such a header says of its voxels.
struct TextHeader {
  std::filesystem::path voxels;  ///< where they are: the file itself, or one beside it
  bool packed = false;           ///< they take less room there than in memory
  bool asText = false;    ///< of a MetaImage: they are written as numbers, which ITK reads as 0 from a wrong one on
  bool deflated = false;  ///< of a MetaImage: they are compressed, and ITK uses what it can make of damaged ones
  bool swapped = false;   ///< of a MetaImage: they are in the other byte order
  std::uint64_t begin = 0,
                packedBytes = 0;  ///< of a MetaImage: where they begin in that file; of deflated ones, how far
  double values = 0;              ///< how many numbers its sizes and channels make; 0 where it states none
};

/// Errors: Format (no header; a size, spacing, direction or place that is no number; shorter than it says), Unsupported
/// (voxels elsewhere than in one file beside it; dimensions).
Result<TextHeader> textHeader(const std::filesystem::path& file);

/// The voxels of a deflated MetaImage, `bytes` of them in numbers of `width` bytes, in this machine's byte order.
/// Errors: Format (damaged, or not so many), Io.
Result<std::vector<char>> inflatedVoxels(const TextHeader& header, std::size_t bytes, std::size_t width,
                                         const std::filesystem::path& file);

/// Whether the voxels of a MetaImage that are written as text are so many finite numbers. Errors: Format, Numeric.
Result<void> checkTextVoxels(const TextHeader& header, std::int64_t count, const std::filesystem::path& file);

}  // namespace lorkd::io
