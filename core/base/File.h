// Files that are never half-written, and bytes read whole.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/Error.h"

namespace lorkd {

/// The whole file as bytes. Errors: NotFound, Io (also for pipes and devices); InvalidArgument if it is larger than
/// `limit` bytes.
Result<std::string> readFile(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t(1) << 32);

/// Writes `bytes` to a temporary beside `path`, flushes it to disk and renames it over `path`.
/// Parent folders are made. On failure `path` is as it was and the temporary is gone.
Result<void> writeFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// The same for writers that need a path: `write(temporary)` fills it; it is then flushed and renamed.
/// The temporary keeps the extension of `path`, since many libraries choose the format by it.
Result<void> writeAtomically(const std::filesystem::path& path,
                             const std::function<Result<void>(const std::filesystem::path& temporary)>& write);

/// Appends one line (a newline is added) in one write call, so that concurrent readers see whole lines or a torn last
/// one. A torn last line left by a crash is closed first, so that it spoils no other.
Result<void> appendLine(const std::filesystem::path& path, std::string_view line);

/// Makes the folder and its parents, and checks that a file can be made in it. Errors: Io, with the reason.
Result<void> makeWritableFolder(const std::filesystem::path& path);

}  // namespace lorkd
