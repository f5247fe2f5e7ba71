#include "core/io/OpenFile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

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

}  // namespace lorkd::io
