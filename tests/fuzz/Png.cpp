// PNG and GIF pictures. The checksums of PNG's chunks are set right first, since else no change of a byte would get
// past them.
#include "core/io/Png.cpp"

#include <itk_zlib.h>

#include <cstring>
#include <string>

#include "core/io/Gif.cpp"
#include "tests/fuzz/Scratch.h"

namespace {

std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }

void mendChecksums(std::string& bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at, 4);
    length = swapped(length);
    if (length > bytes.size() - at - 12) return;
    const auto sum = swapped(static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + at + 4), static_cast<uInt>(length + 4))));
    std::memcpy(bytes.data() + at + 8 + length, &sum, 4);
    at += 12 + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("\x89PNG")) mendChecksums(bytes);
  const auto file = fuzz::scratch("input.png", reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (io::isPng(file)) (void)io::readPng(file, 4096);
  if (io::isGif(file)) (void)io::readGif(file, 4096);
  return 0;
}
