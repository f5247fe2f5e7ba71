#include "core/io/OpenFile.h"

#include <unistd.h>

#include <algorithm>

#include "core/base/File.h"

namespace lorkd::io {

int openRegular(const std::filesystem::path& file) {
  auto opened = openToRead(file);
  return opened ? opened->release() : -1;
}

std::unique_ptr<std::FILE, int (*)(std::FILE*)> openStream(const std::filesystem::path& file) {
  const int fd = openRegular(file);
  std::FILE* stream = fd < 0 ? nullptr : ::fdopen(fd, "rb");
  if (fd >= 0 && !stream) ::close(fd);
  return {stream, &std::fclose};
}

std::string readingFault(const std::filesystem::path& file, std::size_t most) {
  const auto opened = openToRead(file);
  if (!opened) return opened.error().message;
  std::string block(std::size_t(1) << 16, '\0');
  for (std::size_t at = 0; at < most;) {
    const auto got = readAt(opened->get(), at, block.data(), std::min(block.size(), most - at), file);
    if (!got) return got.error().message;
    if (*got == 0) break;
    at += *got;
  }
  return {};
}

}  // namespace lorkd::io
