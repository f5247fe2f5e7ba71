// The input of a target as a file, for readers that take a path. The driver starts targets in a folder of their own.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace lorkd::fuzz {

/// `data` as the file `name` of the current folder.
inline std::filesystem::path scratch(const char* name, const std::uint8_t* data, std::size_t size) {
  std::FILE* out = std::fopen(name, "wb");
  if (!out || std::fwrite(data, 1, size, out) != size || std::fclose(out) != 0) std::abort();
  return name;
}

}  // namespace lorkd::fuzz
