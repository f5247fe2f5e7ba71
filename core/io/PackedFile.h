// Files that may be packed by gzip, read from their beginning. Inside this room only.
#pragma once

#include <itk_zlib.h>

#include <cstddef>
#include <filesystem>
#include <memory>

namespace lorkd::io {

/// Reads plain files, too.
using PackedFile = std::unique_ptr<gzFile_s, decltype(&gzclose)>;

/// Null where the file cannot be opened.
PackedFile openPacked(const std::filesystem::path& file);

/// Up to `count` bytes; fewer at the end, or where the stream is damaged.
std::size_t readUpTo(gzFile_s& stream, char* to, std::size_t count);

}  // namespace lorkd::io
