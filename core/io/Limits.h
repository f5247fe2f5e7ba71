// What readers take at most. Each looks before it takes memory for what a file claims, and says the limit in its error;
// all lie far above what such files hold in practice. Inside this room only.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/Error.h"

namespace lorkd::io {

/// Voxels of a volume: 1024 slices of 1024 by 1024.
inline constexpr std::int64_t kMostVoxels = std::int64_t(1) << 30;
/// Layers of a segmentation whose segments overlap.
inline constexpr unsigned kMostLayers = 256;
/// Volumes in one file.
inline constexpr double kMostVolumes = 65536;
/// Pixels times channels of a picture or of a DICOM slice: 16384 by 16384 in grey.
inline constexpr std::int64_t kMostSamples = std::int64_t(1) << 28;
/// Pixels along a side of a picture.
inline constexpr std::int64_t kMostSide = 32768;
/// Pictures of a set.
inline constexpr std::int64_t kMostPictures = std::int64_t(1) << 22;
/// Labels of all pictures of an archive, and the names of its classes: of its label columns together.
inline constexpr std::uint64_t kMostLabels = std::uint64_t(1) << 25;
inline constexpr std::int64_t kMostClassNames = std::int64_t(1) << 16;
/// Scans of a JPEG, each of which costs as much as a whole picture; progressive ones have about ten. libtiff takes as
/// many.
inline constexpr int kMostScans = 100;
/// Bytes of a table, and its cells.
inline constexpr std::uintmax_t kMostTableBytes = std::uintmax_t(1) << 28;
inline constexpr std::size_t kMostCells = std::size_t(1) << 23;
/// Bytes of a DICOM data set that is deflated as a whole, packed and unpacked: such a one can only be read at once.
inline constexpr std::uintmax_t kMostDeflated = std::uintmax_t(1) << 29;
/// Bytes behind the voxels of a packed NIfTI file, where nothing belongs.
inline constexpr std::int64_t kMostBehind = std::int64_t(1) << 24;
/// Bytes of all masks of one file.
inline constexpr double kMostMaskBytes = 64.0 * (1ull << 30);

/// A number with its thousands apart: "1,073,741,824".
std::string grouped(std::int64_t number);

/// Whether the machine and the process's own limit have room for `bytes` more: what does not fit is an error before it
/// is taken, since the system would end some program for it. Errors: Unsupported, one of wantsMemory() (base/Guard.h).
Result<void> roomFor(double bytes, const std::filesystem::path& file);

}  // namespace lorkd::io
