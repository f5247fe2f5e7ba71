#include "core/io/OpenFile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lorkd::io {

int openRegular(const std::filesystem::path& file) {
  // Without O_NONBLOCK the open itself waits for a pipe's other end.
  const int fd = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode))) return fd;
  ::close(fd);
  errno = EINVAL;
  return -1;
}

std::unique_ptr<std::FILE, int (*)(std::FILE*)> openStream(const std::filesystem::path& file) {
  const int fd = openRegular(file);
  std::FILE* stream = fd < 0 ? nullptr : ::fdopen(fd, "rb");
  if (fd >= 0 && !stream) ::close(fd);
  return {stream, &std::fclose};
}

std::string readingFault(const std::filesystem::path& file, std::size_t most) {
  const int fd = openRegular(file);
  if (fd < 0) return std::strerror(errno);
  std::string block(std::size_t(1) << 16, '\0'), fault;
  for (std::size_t at = 0; at < most;) {
    const auto n = ::pread(fd, block.data(), std::min(block.size(), most - at), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fault = std::strerror(errno);
    if (n <= 0) break;
    at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return fault;
}

}  // namespace lorkd::io
