// The work of pairVolumes(), step by step. Internal to this room.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "core/data/Pairing.h"
#include "core/data/Sequences.h"
#include "core/data/SourceLayout.h"
#include "core/data/layout/AssignedImages.h"
#include "core/data/layout/LabelFolders.h"
#include "core/data/layout/Owners.h"
#include "core/data/layout/People.h"

namespace lorkd::data {

/// The work of pairVolumes(), step by step.
class VolumePairing {
 public:
  VolumePairing(const io::Scan& scan, std::string source, std::filesystem::path folder, const layout::Reading& reading,
                const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out)
      : m_scan(scan),
        m_source(std::move(source)),
        m_folder(std::move(folder)),
        m_reading(reading),
        m_pseudonym(pseudonym),
        m_remembered(remembered),
        m_out(out),
        m_tables(m_folder),
        m_sequences(remembered, out) {}

  /// Tells images from labels.
  void sortOut(const std::vector<io::LooseFile>& loose);
  /// Makes cases of the images; DICOM series may have label maps beside them, too.
  void addImages();
  Result<void> addLabels(Progress& progress, const CancelToken& cancel);
  /// Asks about images without labels that may be labels of others, and about labels that may be of others.
  Result<void> askAboutImages(Progress& progress, const CancelToken& cancel);

 private:
  /// Labels and, where they are the mask of one, the structure that they are called after.
  using Own = std::pair<const layout::VolumeEntry*, std::string>;

  std::map<std::string, std::vector<std::size_t>> seriesByFolder();
  /// Makes cases of the images that a rule or a reader names.
  void addAssigned();
  /// Makes a case of each marked volume of a sequence.
  void addSequences();
  void tellPeople();
  /// Finds the volumes of patients whose DICOM series are here, too.
  void joinDicomPeople(const layout::NamedImages& called);
  Case caseOf(std::vector<layout::Contrast>& channels);
  /// What masks are called after besides their own names.
  void nameMasks(std::map<std::size_t, std::vector<Own>>& labelsOfImage);
  /// Whether masks, each called after its structure, say more than a map beside them whose values nobody names.
  bool masksSayMore(const std::vector<Own>& own);
  /// Puts the channels first whose grid the labels have, if no label has that of the first.
  void turnToLabels(Case& c, const std::vector<Own>& own);
  void noteGrids();
  void leaveOut(const std::filesystem::path& file, const char* code, std::string message) {
    m_out.findings.emplace_back(file, io::Finding{io::Finding::Severity::Unusable, code, std::move(message)});
  }
  /// The folder may be moved, with its name, or be two sources at once.
  std::string placed(const std::filesystem::path& relative) const {
    return (m_folder.filename() / relative).generic_string();
  }

  const io::Scan& m_scan;
  std::string m_source;
  std::filesystem::path m_folder;
  const layout::Reading& m_reading;
  const Pseudonym& m_pseudonym;
  const Remembered& m_remembered;
  Pairing& m_out;
  layout::LabelTables m_tables;
  std::vector<layout::VolumeEntry> m_found, m_labels, m_labelSequences;
  Sequences m_sequences;
  std::map<std::filesystem::path, std::size_t> m_labelsIn;   ///< how many a folder has
  std::map<std::filesystem::path, layout::Name> m_names;     ///< as files are called, whatever a list says of them
  std::map<std::filesystem::path, image::Geometry> m_grids;  ///< of images, by their files
  std::set<std::filesystem::path> m_saidToBeImages;
  layout::Owners m_owners;
  std::vector<std::pair<const layout::VolumeEntry*, layout::Belonging>>
      m_frames;                                                        ///< labels of sequences, once a frame
  std::map<const layout::VolumeEntry*, layout::Belonging> m_assigned;  ///< labels whose image a rule or a reader names
  std::vector<std::pair<const layout::VolumeEntry*, std::size_t>> m_taken;  ///< labels, each with its case
  layout::People m_people;
  std::map<std::filesystem::path, std::string> m_dicomPeople;  ///< patients of images, by path
};

}  // namespace lorkd::data
