#include "core/io/JpegMarkers.h"

namespace lorkd::io {

JpegMarkers jpegMarkers(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
  const auto number = [&](std::size_t at) { return byte(at) << 8 | byte(at + 1); };
  JpegMarkers out;
  bool inScan = false;
  // Decoders pass over what stands before a marker, and in a scan 0xff before anything below 0x80 is data.
  for (std::size_t at = 2; (at = bytes.find('\xff', at)) != bytes.npos && at + 1 < bytes.size();) {
    const auto marker = byte(at + 1);
    if (marker == 0xff) {
      ++at;
      continue;
    }
    const bool alone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (alone || (inScan && marker < 0x80)) {
      at += 2;
      continue;
    }
    if (marker == 0xd9) {
      out.whole = out.scans > 0;
      return out;
    }
    if (at + 4 > bytes.size()) break;
    const std::size_t length = number(at + 2);
    const bool frame = (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
                       marker == 0xf7;  // of JPEG-LS
    if (frame && out.width == 0 && at + 9 <= bytes.size()) {
      out.height = number(at + 5);
      out.width = number(at + 7);
    }
    inScan = marker == 0xda;
    out.scans += inScan;
    at += 2 + length;
  }
  return out;
}

}  // namespace lorkd::io
