// The archive of a model's folder, unpacked so that nothing leaves that folder and nothing grows beyond measure.
#pragma once

#include <filesystem>

#include "core/base/Error.h"
#include "core/base/Progress.h"

namespace lorkd::models {

/// Bytes that an archive may unpack to, and how many times more than it has itself: weights hardly shrink, and a bomb
/// grows a thousand times and more.
inline constexpr std::uint64_t mostUnpacked = std::uint64_t(64) << 30;
inline constexpr std::uint64_t mostGrowth = 100;

/// Unpacks a zip archive into the folder `target`, which must not be there yet. On failure and on cancel nothing is
/// left of it. Errors: those of ZipFile; InvalidArgument where the folder is there; Format, naming the entry: a name
/// that leads out of the folder ("..", absolute, with a drive or a backslash), is no name, or is a file's and a
/// folder's at once; links, pipes and devices; Unsupported: beyond the limits above; Io, also where the disk has no
/// room; Cancelled.
Result<void> unpack(const std::filesystem::path& archive, const std::filesystem::path& target, Progress& progress,
                    const CancelToken& cancel);

/// Whether a zip archive is that of a model's folder rather than a file of torch.save(). Errors: those of ZipFile.
Result<bool> isFolderArchive(const std::filesystem::path& path);

}  // namespace lorkd::models
