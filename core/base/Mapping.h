// Files mapped into memory, and what happens when one becomes shorter meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <string>

#include "core/base/Error.h"

namespace lorkd {

/// A file mapped for reading, unmapped when it dies. Whoever reads a page that the file no longer has gets the signal
/// SIGBUS: see watchMappings().
class Mapping {
 public:
  /// `fd` may be closed afterwards. Errors: Io.
  static Result<Mapping> of(int fd, std::size_t size, const std::filesystem::path& path);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping();
  const std::byte* data() const { return m_data; }
  std::size_t size() const { return m_size; }
  /// Gives the memory of what was read back to the system.
  void release() const;

  struct Known;

 private:
  Mapping() = default;
  const std::byte* m_data = nullptr;
  std::size_t m_size = 0;
  Known* m_known = nullptr;
};

/// What a process writes to a file when it has to end at once; kept ready, since nothing can be made then.
class LastWord {
 public:
  /// `file` is replaced by `before`, the name of the lost file (no folder) and `after`; see set().
  explicit LastWord(const std::filesystem::path& file);
  ~LastWord();
  LastWord(const LastWord&) = delete;
  LastWord& operator=(const LastWord&) = delete;
  /// The words from now on. From one thread at a time.
  void set(const std::string& before, const std::string& after);

  struct Text;

 private:
  Text* m_text;
};

/// From now on a process that reads a mapped file beyond its new end says which on stderr, writes every LastWord and
/// ends with exit code 1. Other causes of SIGBUS end it as before.
void watchMappings();

/// Whether the process is ending so: who writes files that a LastWord replaces holds still.
bool endingAtOnce();

}  // namespace lorkd
