// Files opened for reading so that nobody waits: a pipe in place of a file would never end. For this room and pacs.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>

namespace lorkd::io {

/// A descriptor of an ordinary file, or -1 with errno: EINVAL where it is a pipe, a socket, a device or a folder.
int openRegular(const std::filesystem::path& file);

/// The same as a stream; null where it cannot be opened.
std::unique_ptr<std::FILE, int (*)(std::FILE*)> openStream(const std::filesystem::path& file);

}  // namespace lorkd::io
