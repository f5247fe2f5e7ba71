// Volume files that are of the patients of DICOM series beside them. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/data/Pairing.h"
#include "core/data/layout/People.h"

namespace lorkd::data {

/// The patients of the DICOM series of a source, as pairDicom() names them.
class DicomPeople {
 public:
  DicomPeople(const io::Scan& scan, const std::filesystem::path& folder, const Pseudonym& pseudonym);

  /// Whose of these volume files are theirs, by path below the source: those whose name, or a folder of it, holds the
  /// PatientID or is that of a folder of the patient's series; those in a folder of one patient's series, if names tell
  /// no people apart there or the folders beside it are of one patient each, too; and whatever names take for the same
  /// person's. What fits two patients is nobody's here.
  std::map<std::filesystem::path, std::string> of(const layout::NamedImages& images,
                                                  const layout::People& people) const;

 private:
  using Words = std::vector<std::string>;
  bool besideOthers(const std::filesystem::path& folder) const;
  std::string byName(const std::filesystem::path& image) const;
  std::string byFolder(const std::filesystem::path& image,
                       const std::map<std::filesystem::path, std::set<std::string>>& whoIn) const;

  std::map<Words, std::set<std::string>> m_called;                 ///< patients by words: of ids and of folders
  std::map<std::filesystem::path, std::set<std::string>> m_below;  ///< patients by folder
  std::map<std::filesystem::path, std::set<std::string>>
      m_besideOne;  ///< of the uppermost folders of one patient, by their parent
};

}  // namespace lorkd::data
