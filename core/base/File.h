// Files that are never half-written, and bytes read whole.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/Error.h"

namespace lorkd {

/// An open file, closed when it dies.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : m_fd(fd) {}
  FileHandle(FileHandle&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  int get() const { return m_fd; }
  /// Gives the descriptor away, to be closed by the caller.
  int release() { return std::exchange(m_fd, -1); }

 private:
  int m_fd = -1;
};

/// Opens an ordinary file for reading; a pipe or a device could block or never end, and is refused without waiting for
/// it. Errors: NotFound, Io.
Result<FileHandle> openToRead(const std::filesystem::path& path);

/// Fills `bytes` from byte `at` of an open file as far as the file goes; returns how many were read. Errors: Io.
Result<std::size_t> readAt(int fd, std::uintmax_t at, char* bytes, std::size_t size, const std::filesystem::path& path);

/// The whole file as bytes. Errors: NotFound, Io (also for pipes and devices); InvalidArgument if it is larger than
/// `limit` bytes.
Result<std::string> readFile(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t(1) << 32);

/// Where the bytes of a file that is being written go; every write is checked.
class FileSink {
 public:
  FileSink(int fd, std::filesystem::path path) : m_fd(fd), m_path(std::move(path)) {}
  /// Appends. Errors: Io.
  Result<void> write(std::string_view bytes);
  /// Replaces bytes written before. Errors: Io.
  Result<void> rewrite(std::uintmax_t at, std::string_view bytes);
  std::uintmax_t size() const { return m_size; }

 private:
  int m_fd;
  std::filesystem::path m_path;  ///< for messages
  std::uintmax_t m_size = 0;
};

/// Writes a temporary beside `path`, flushes it to disk, compares its length with what was written and renames it over
/// `path`. Parent folders are made. On failure `path` is as it was and the temporary is gone. Errors: Io, those of
/// `write`.
Result<void> writeStreamed(const std::filesystem::path& path, const std::function<Result<void>(FileSink&)>& write);

/// The same for bytes that are there already.
Result<void> writeFileAtomically(const std::filesystem::path& path, std::string_view bytes);

using UseFile = std::function<Result<void>(const std::filesystem::path&)>;
/// The same for libraries that want a path: `write(temporary)` fills it. A library's word that it has written all is
/// not taken: `verify(temporary)` reads the file back before it gets its name. The temporary keeps the extension of
/// `path`, since many libraries choose the format by it.
Result<void> writeAtomically(const std::filesystem::path& path, const UseFile& write, const UseFile& verify);

/// Appends one line (a newline is added) in one write call, so that concurrent readers see whole lines or a torn last
/// one. A torn last line left by a crash is closed first, so that it spoils no other. What fails is taken back and
/// tried again, for a tenth of a second. Errors: Io.
Result<void> appendLine(const std::filesystem::path& path, std::string_view line);

/// Makes the folder and its parents, and checks that a file can be made in it. Errors: Io, with the reason.
Result<void> makeWritableFolder(const std::filesystem::path& path);

/// A name for a temporary file or folder beside `path`; it tells which process of which machine works on it. The first
/// one of a process in a folder clears it, see clearAbandoned(): so whoever does a killed process's work again leaves
/// nothing of it behind.
std::filesystem::path temporaryBeside(const std::filesystem::path& path);

/// Removes temporaries directly in `folder` whose process is gone; those of other machines once they are a day old.
void clearAbandoned(const std::filesystem::path& folder);

/// A name that people gave, as the name of a file or folder: no separator, no control character, no leading dot, not
/// empty, at most 120 bytes. A name that has to be changed ends in some digits of its digest, so that two names never
/// become one.
std::string fileNameOf(const std::string& name);

/// What `errno` says, with a hint where the disk is full or the folder refuses. `what` was being done to `path`.
std::unexpected<Error> ioError(const std::string& what, const std::filesystem::path& path);

}  // namespace lorkd
