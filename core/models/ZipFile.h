// A zip archive that is read and not believed: what it claims is checked before anything is taken for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::models {

/// Entries of an archive at most; the largest models have some thousands.
inline constexpr std::uint64_t mostEntries = 100'000;

/// An open archive. From one thread at a time.
class ZipFile {
 public:
  struct Entry {
    std::string name;
    std::uint64_t index = 0;
    std::uint64_t size = 0, packed = 0;  ///< bytes
    bool stored = false;                 ///< not compressed
    bool folder = false;                 ///< the name ends in '/'
    bool special = false;                ///< by its attributes a link, a pipe or a device
  };
  /// Errors: NotFound, Io; Format: no archive, damaged, two entries of one name, sizes that cannot be; Unsupported:
  /// encrypted, packed otherwise than by deflate, more than mostEntries.
  static Result<ZipFile> open(const std::filesystem::path& path);

  const std::vector<Entry>& entries() const { return m_entries; }
  const Entry* find(const std::string& name) const;
  /// Gives the bytes of an entry to `take`, at most a MiB at a time: as many as it claims, or it is an error. Its
  /// checksum is compared at the end. Errors: Format, Io, those of `take`.
  Result<void> stream(const Entry& entry, const std::function<Result<void>(std::string_view)>& take) const;
  /// The whole entry. Errors: those of stream(); Unsupported where it is larger than `limit`.
  Result<std::string> read(const Entry& entry, std::uint64_t limit) const;
  const std::filesystem::path& path() const { return m_path; }

 private:
  struct Handle;
  std::filesystem::path m_path;
  std::shared_ptr<Handle> m_zip;
  std::vector<Entry> m_entries;
};

}  // namespace lorkd::models
