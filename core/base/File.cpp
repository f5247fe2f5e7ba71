#include "core/base/File.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace lorkd {
namespace fs = std::filesystem;
namespace {

Result<void> flushToDisk(int fd, const fs::path& path) {
  if (::fsync(fd) != 0) return ioError("cannot flush to disk", path);
  return {};
}

Result<void> writeAll(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;  // what cannot be written and is no other error
    if (n <= 0) return ioError("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<void> closeChecked(FileHandle file, const fs::path& path) {
  if (::close(file.release()) != 0) return ioError("cannot close", path);
  return {};
}

/// Fills a temporary beside `path` and gives it the name; without that it is removed.
Result<void> replace(const fs::path& path, const UseFile& fill) {
  std::error_code ec;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ec);
  if (ec) {
    errno = ec.value();
    return ioError("cannot make the folder", path.parent_path());
  }
  struct Temporary {
    fs::path path;
    ~Temporary() {
      if (!path.empty()) ::unlink(path.c_str());
    }
  } temporary{temporaryBeside(path)};
  LORKD_CHECK(fill(temporary.path));
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) return ioError("cannot rename into place", path);
  temporary.path.clear();
  return {};
}

Result<void> appendOnce(int fd, std::string_view line, const fs::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return ioError("cannot append", path);
  char last = '\n';
  if (info.st_size > 0 && ::pread(fd, &last, 1, info.st_size - 1) != 1) last = '\n';
  std::string text;
  if (last != '\n') text += '\n';
  text.append(line) += '\n';
  auto outcome = writeAll(fd, text, path);
  // A part of the line would stand in the way of the next one.
  if (!outcome && ::ftruncate(fd, info.st_size) != 0) return outcome;
  return outcome;
}

}  // namespace

std::unexpected<Error> ioError(const std::string& what, const fs::path& path) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "the disk is full; free some space and try again";
  if (code == EACCES || code == EPERM || code == EROFS)
    hint = "check the permissions of this folder, or choose another";
  return fail(ErrorCode::Io, what + ": " + std::strerror(code), hint, path.string());
}

FileHandle::~FileHandle() {
  if (m_fd >= 0) ::close(m_fd);
}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(m_fd, other.m_fd);
  return *this;
}

Result<FileHandle> openToRead(const fs::path& path) {
  // Without O_NONBLOCK a pipe would be waited for here.
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorCode::NotFound, "no such file", "check the path", path.string());
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return ioError("cannot open", path);
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::Io, "is a folder, not a file", "", path.string());
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::Io, "is not an ordinary file", "remove what stands there in its place", path.string());
  return file;
}

Result<std::size_t> readAt(int fd, std::uintmax_t at, char* bytes, std::size_t size, const fs::path& path) {
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(fd, bytes + got, size - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ioError("cannot read", path);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

Result<std::string> readFile(const fs::path& path, std::uintmax_t limit) {
  LORKD_TRY(file, openToRead(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ioError("cannot read", path);
  // Read in blocks to the end: the size stated is 0 for some files and may grow meanwhile.
  std::string bytes;
  const auto stated = static_cast<std::uintmax_t>(info.st_size);
  for (std::size_t block = stated <= limit ? stated + 1 : std::size_t(1) << 16; bytes.size() <= limit;
       block = std::size_t(1) << 16) {
    const auto before = bytes.size();
    bytes.resize(before + block);
    LORKD_TRY(got, readAt(file.get(), before, bytes.data() + before, block, path));
    bytes.resize(before + got);
    if (got < block) break;
  }
  if (bytes.size() > limit)
    return fail(ErrorCode::InvalidArgument, "the file is larger than " + std::to_string(limit) + " bytes",
                "is it the right file?", path.string());
  return bytes;
}

Result<void> FileSink::write(std::string_view bytes) {
  LORKD_CHECK(writeAll(m_fd, bytes, m_path));
  m_size += bytes.size();
  return {};
}

Result<void> FileSink::rewrite(std::uintmax_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;
    if (n <= 0) return ioError("cannot write", m_path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uintmax_t>(n);
  }
  return {};
}

Result<void> writeStreamed(const fs::path& path, const std::function<Result<void>(FileSink&)>& write) {
  return replace(path, [&](const fs::path& temporary) -> Result<void> {
    FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return ioError("cannot create", path);
    FileSink sink(file.get(), path);
    LORKD_CHECK(write(sink));
    LORKD_CHECK(flushToDisk(file.get(), path));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ioError("cannot check what was written", path);
    if (static_cast<std::uintmax_t>(info.st_size) != sink.size())
      return fail(ErrorCode::Io, "the file is not as long as what was written", "check the disk", path.string());
    return closeChecked(std::move(file), path);
  });
}

Result<void> writeFileAtomically(const fs::path& path, std::string_view bytes) {
  return writeStreamed(path, [&](FileSink& sink) { return sink.write(bytes); });
}

Result<void> writeAtomically(const fs::path& path, const UseFile& write, const UseFile& verify) {
  return replace(path, [&](const fs::path& temporary) -> Result<void> {
    LORKD_CHECK(write(temporary));
    {
      const FileHandle file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
      if (file.get() < 0) return ioError("cannot open the file just written", path);
      LORKD_CHECK(flushToDisk(file.get(), path));
    }
    auto verified = verify(temporary);
    if (verified) return {};
    // Of a library that says nothing the most likely reason is not known for certain, but can be looked at.
    std::error_code ec;
    const auto space = fs::space(temporary.parent_path().empty() ? fs::path(".") : temporary.parent_path(), ec);
    auto& error = verified.error();
    error.code = ErrorCode::Io;
    error.message = "the file could not be written whole: " + error.message;
    error.hint = !ec && space.available < (1 << 20) ? "the disk is full; free some space and try again"
                                                    : "check the disk and try again";
    error.context = path.string();
    return verified;
  });
}

Result<void> appendLine(const fs::path& path, std::string_view line) {
  constexpr int tries = 4;
  Result<void> outcome;
  for (int n = 0; n < tries; ++n) {
    if (n > 0) std::this_thread::sleep_for(std::chrono::milliseconds(n == 1 ? 1 : 50));
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
      outcome = ioError("cannot open for appending", path);
      continue;
    }
    if (!S_ISREG(info.st_mode)) return fail(ErrorCode::Io, "is not an ordinary file", "", path.string());
    outcome = appendOnce(file.get(), line, path);
    if (outcome) outcome = closeChecked(std::move(file), path);
    if (outcome) return {};
  }
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
  const FileHandle file(::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (file.get() < 0) return ioError("the folder cannot be written to", path);
  ::unlink(probe.c_str());
  return {};
}

}  // namespace lorkd
