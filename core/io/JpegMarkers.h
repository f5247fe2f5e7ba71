// What the markers of a JPEG say (ITU-T T.81 annex B; those of JPEG-LS, T.87, are alike), before anything is decoded.
// Inside this room only.
#pragma once

#include <cstdint>
#include <string_view>

namespace lorkd::io {

struct JpegMarkers {
  std::int64_t width = 0, height = 0;  ///< by its first frame header; 0 where it has none
  int scans = 0;
  bool whole = false;  ///< its end is marked, behind a scan
};

/// `bytes` begin with the marker of a start. Goes on to the first end, or as far as there are bytes; decodes nothing.
JpegMarkers jpegMarkers(std::string_view bytes);

}  // namespace lorkd::io
