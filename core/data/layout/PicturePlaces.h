// Pictures that a table names, found on disk. Inside this room only.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::data::layout {

/// What stands beside a name and may tell which of several files is meant.
struct PictureHints {
  std::filesystem::path beside;           ///< the table's folder
  const std::vector<std::string>* words;  ///< of the same row: a patient's folder, say
  std::string split;                      ///< what the table's own name says
};

/// Finds files below one folder, and nowhere else.
class PicturePlaces {
 public:
  /// Lists the folder once. Errors: those of io::listFolder().
  static Result<PicturePlaces> open(const std::filesystem::path& root);
  /// These alone, which are taken for pictures without being looked at; each has a name of its own.
  static PicturePlaces of(const std::filesystem::path& root, const std::vector<std::string>& names);

  /// The file that `name` means: with or without its ending, in whatever letters, with all of its folders or, as an
  /// archive's own folder is often lost, with the last of them. Folders of the name that are there must hold the file.
  /// Of several files those that agree with more of the hints count; masks only where nothing else is called so.
  /// Nothing where there is none, or several.
  std::optional<std::filesystem::path> find(const std::string& name, const PictureHints& hints) const;
  /// The files below the folder that `name` means, by all of its folders or, as those of an archive are often lost, by
  /// the last of them; in the table's folder or the root. Nothing where there is none.
  std::vector<std::filesystem::path> below(const std::string& name, const PictureHints& hints) const;
  /// Whether the name leads out of the folder.
  static bool leadsOut(const std::string& name);
  /// Whether the file is a picture. Each is looked at once.
  bool isPicture(const std::filesystem::path& file) const;
  /// How many pictures there are by their names; those of DICOM, which may have any, count as far as they end so.
  std::size_t pictures() const { return m_pictures; }
  const std::filesystem::path& root() const { return m_root; }

 private:
  struct File {
    std::filesystem::path relative;
    std::vector<std::string> folders;  ///< lower case, from the root on
  };
  /// How well a file agrees with a name and what stands beside it; `same` of their folders are the same, from the last.
  std::array<std::size_t, 5> agreement(const File& file, const std::filesystem::path& name, std::size_t same,
                                       const PictureHints& hints) const;

  std::filesystem::path m_root;
  std::vector<File> m_files;  ///< sorted by path
  std::multimap<std::string, std::size_t> m_byName;
  std::map<std::string, bool> m_folders;  ///< names of all folders, lower case
  std::size_t m_pictures = 0;
  mutable std::map<std::filesystem::path, bool> m_kinds;
};

}  // namespace lorkd::data::layout
