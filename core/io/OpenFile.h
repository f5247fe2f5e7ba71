// Files opened for reading so that nobody waits: a pipe in place of a file would never end. For this room and pacs.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace lorkd::io {

/// A descriptor of an ordinary file, or -1 with errno: EINVAL where it is a pipe, a socket, a device or a folder.
int openRegular(const std::filesystem::path& file);

/// The same as a stream; null where it cannot be opened.
std::unique_ptr<std::FILE, int (*)(std::FILE*)> openStream(const std::filesystem::path& file);

/// Why the first `most` bytes of a file cannot be read; empty when they can. Readers of formats do not tell a disk that
/// fails from a damaged file.
std::string readingFault(const std::filesystem::path& file, std::size_t most);

}  // namespace lorkd::io
