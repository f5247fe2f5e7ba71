#include "core/base/File.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace lorkd {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> ioError(const std::string& what, const fs::path& path) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC) hint = "the disk is full; free some space and try again";
  if (code == EACCES || code == EPERM || code == EROFS)
    hint = "check the permissions of this folder, or choose another";
  return fail(ErrorCode::Io, what + ": " + std::strerror(code), hint, path.string());
}

fs::path temporaryBeside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string tag =
      std::string(".").append(std::to_string(::getpid())).append("-").append(std::to_string(counter++)).append(".part");
  // The whole compound extension (".nii.gz") is kept, since libraries choose the format by it.
  const std::string name = path.filename().string();
  const auto dot = name.find('.', 1);
  const std::string stem = name.substr(0, dot);
  const std::string extension = dot == std::string::npos ? "" : name.substr(dot);
  return path.parent_path() / std::string(".").append(stem).append(tag).append(extension);
}

Result<void> flushToDisk(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ioError("cannot open the file just written", path);
  const int rc = ::fsync(fd);
  ::close(fd);
  if (rc != 0) return ioError("cannot flush to disk", path);
  return {};
}

Result<void> writeAll(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ioError("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::string> readFile(const fs::path& path, std::uintmax_t limit) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (!fs::exists(status)) return fail(ErrorCode::NotFound, "no such file", "check the path", path.string());
  if (fs::is_directory(status)) return fail(ErrorCode::Io, "is a folder, not a file", "", path.string());
  // A pipe or a device could block or never end.
  if (!fs::is_regular_file(status)) return fail(ErrorCode::Io, "is not an ordinary file", "", path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) return ioError("cannot open", path);
  // Read in blocks to the end: the size stated is 0 for some files and may grow meanwhile.
  std::string bytes;
  while (in && bytes.size() <= limit) {
    const auto before = bytes.size();
    const auto stated = fs::file_size(path, ec);
    bytes.resize(before + (!ec && before == 0 && stated <= limit ? stated + 1 : std::size_t(1) << 16));
    in.read(bytes.data() + before, static_cast<std::streamsize>(bytes.size() - before));
    bytes.resize(before + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return ioError("cannot read", path);
  if (bytes.size() > limit)
    return fail(ErrorCode::InvalidArgument, "the file is larger than " + std::to_string(limit) + " bytes",
                "is it the right file?", path.string());
  return bytes;
}

Result<void> writeAtomically(const fs::path& path, const std::function<Result<void>(const fs::path&)>& write) {
  std::error_code ec;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ec);
  if (ec) {
    errno = ec.value();
    return ioError("cannot make the folder", path.parent_path());
  }
  const fs::path temporary = temporaryBeside(path);
  Result<void> outcome;
  try {
    outcome = write(temporary);
  } catch (...) {
    fs::remove(temporary, ec);
    throw;
  }
  if (outcome) outcome = flushToDisk(temporary);
  if (!outcome) {
    fs::remove(temporary, ec);
    return outcome;
  }
  fs::rename(temporary, path, ec);
  if (ec) {
    errno = ec.value();
    auto error = ioError("cannot rename into place", path);
    fs::remove(temporary, ec);
    return error;
  }
  return {};
}

Result<void> writeFileAtomically(const fs::path& path, std::string_view bytes) {
  return writeAtomically(path, [&](const fs::path& temporary) -> Result<void> {
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return ioError("cannot create", path);
    auto outcome = writeAll(fd, bytes, path);
    if (::close(fd) != 0 && outcome) return ioError("cannot close", path);
    return outcome;
  });
}

Result<void> appendLine(const fs::path& path, std::string_view line) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return ioError("cannot open for appending", path);
  char last = '\n';
  struct stat info {};
  if (::fstat(fd, &info) == 0 && info.st_size > 0 && ::pread(fd, &last, 1, info.st_size - 1) != 1) last = '\n';
  std::string text;
  if (last != '\n') text += '\n';
  text.append(line) += '\n';
  auto outcome = writeAll(fd, text, path);
  if (::close(fd) != 0 && outcome) return ioError("cannot close", path);
  return outcome;
}

Result<void> makeWritableFolder(const fs::path& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) {
    errno = ec.value();
    return ioError("cannot make the folder", path);
  }
  const fs::path probe = temporaryBeside(path / "probe");
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return ioError("the folder cannot be written to", path);
  ::close(fd);
  fs::remove(probe, ec);
  return {};
}

}  // namespace lorkd
