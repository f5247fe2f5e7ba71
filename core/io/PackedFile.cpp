#include "core/io/PackedFile.h"

#include <unistd.h>

#include <algorithm>

#include "core/io/OpenFile.h"

namespace lorkd::io {

PackedFile openPacked(const std::filesystem::path& file) {
  const int fd = openRegular(file);
  const gzFile stream = fd < 0 ? nullptr : gzdopen(fd, "rb");
  if (fd >= 0 && !stream) ::close(fd);
  return {stream, &gzclose};
}

std::size_t readUpTo(gzFile_s& stream, char* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(count - done, 1 << 24));
    const int n = gzread(&stream, to + done, part);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace lorkd::io
