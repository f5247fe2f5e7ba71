// Pictures that a table names, found on disk. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace lorkd::io {

/// Finds files below one folder, and nowhere else.
class PicturePlaces {
 public:
  explicit PicturePlaces(std::filesystem::path folder) : m_folder(std::move(folder)) {}

  /// The file that `name` means: a path relative to the folder, if need be without folders at its front or with an
  /// ending added; else the only picture below the folder that is called so. Nothing where there is none, or several.
  std::optional<std::filesystem::path> find(const std::string& name);
  /// Whether the name leads out of the folder.
  static bool leadsOut(const std::string& name);

 private:
  std::filesystem::path m_folder;
  bool m_listed = false;
  std::map<std::string, std::filesystem::path> m_byName;  // empty path where several are called so
};

}  // namespace lorkd::io
