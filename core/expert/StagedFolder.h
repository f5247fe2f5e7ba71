// A folder that appears whole or not at all.
#pragma once

#include <filesystem>

#include "core/base/Error.h"

namespace lorkd::expert {

/// A temporary folder beside `target`; commit() moves it into place, and without that it vanishes with the object.
class StagedFolder {
 public:
  /// Errors: Io; InvalidArgument when `target` exists and is not a folder that holds `proof` (a foreign folder is never
  /// replaced; an empty one is).
  static Result<StagedFolder> create(const std::filesystem::path& target, const std::string& proof);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  const std::filesystem::path& path() const { return m_path; }
  /// Flushes every file to disk and exchanges the folder with what stood in its place. Errors: Io; the old one stays.
  Result<void> commit();

 private:
  StagedFolder() = default;
  std::filesystem::path m_target, m_path;
};

}  // namespace lorkd::expert
