#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/data/PossibleLabels.h"
#include "core/data/SourceLayout.h"
#include "core/data/TakeLabels.h"
#include "core/data/WhoseLabels.h"
#include "core/data/layout/AssignedImages.h"
#include "core/data/layout/LabelFolders.h"
#include "core/data/layout/Listed.h"
#include "core/data/layout/NamedMasks.h"
#include "core/data/layout/Owners.h"
#include "core/data/layout/People.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

using layout::Role;
using layout::VolumeEntry;
using Finding = io::Finding;

/// Whether the file cannot be used; one of several volumes can where they are channels.
bool unusable(const io::LooseFile& loose) {
  return std::ranges::any_of(loose.findings, [](const auto& f) {
    return f.severity == Finding::Severity::Unusable && f.code != "several-volumes";
  });
}

/// Whether a list, the file's own name or that of its folder says what it is. A folder above that holds masks, too, as
/// "scans/7/t1.nii.gz" and "scans/7/wmh.nii.gz", tells none from the others.
bool saidNearby(const VolumeEntry& volume) {
  const auto& path = volume.relative;
  return volume.name.listed ||
         (volume.name.told && layout::nameOf(path.parent_path().filename() / path.filename(), {}).told);
}

/// The work of pairVolumes(), step by step.
class VolumePairing {
 public:
  VolumePairing(std::string source, fs::path folder, const layout::Reading& reading, const Pseudonym& pseudonym,
                const Remembered& remembered, Pairing& out)
      : m_source(std::move(source)),
        m_folder(std::move(folder)),
        m_reading(reading),
        m_pseudonym(pseudonym),
        m_remembered(remembered),
        m_out(out),
        m_tables(m_folder) {}

  /// Tells images from labels.
  void sortOut(const std::vector<io::LooseFile>& loose);
  /// Makes cases of the images; DICOM series may have label maps beside them, too.
  void addImages();
  Result<void> addLabels(Progress& progress, const CancelToken& cancel);
  /// Asks about images without labels that may be labels of others, and about labels that may be of others.
  Result<void> askAboutImages(Progress& progress, const CancelToken& cancel);

 private:
  /// Labels and, where they are the mask of one, the structure that they are called after.
  using Own = std::pair<const VolumeEntry*, std::string>;

  std::map<std::string, std::vector<std::size_t>> seriesByFolder();
  /// Makes cases of the images that a rule or a reader names.
  void addAssigned();
  void tellPeople();
  Case caseOf(std::vector<layout::Contrast>& channels);
  /// What masks are called after besides their own names.
  void nameMasks(std::map<std::size_t, std::vector<Own>>& labelsOfImage);
  /// Whether masks, each called after its structure, say more than a map beside them whose values nobody names.
  bool masksSayMore(const std::vector<Own>& own);
  /// Puts the channels first whose grid the labels have, if no label has that of the first.
  void turnToLabels(Case& c, const std::vector<Own>& own);
  void noteGrids();
  void leaveOut(const fs::path& file, const char* code, std::string message) {
    m_out.findings.emplace_back(file, Finding{Finding::Severity::Unusable, code, std::move(message)});
  }
  /// The folder may be moved, with its name, or be two sources at once.
  std::string placed(const fs::path& relative) const { return (m_folder.filename() / relative).generic_string(); }

  std::string m_source;
  fs::path m_folder;
  const layout::Reading& m_reading;
  const Pseudonym& m_pseudonym;
  const Remembered& m_remembered;
  Pairing& m_out;
  layout::LabelTables m_tables;
  std::vector<VolumeEntry> m_found, m_labels;
  std::map<fs::path, std::size_t> m_labelsIn;   ///< how many a folder has
  std::map<fs::path, layout::Name> m_names;     ///< as files are called, whatever a list says of them
  std::map<fs::path, image::Geometry> m_grids;  ///< of images, by their files
  std::set<fs::path> m_saidToBeImages;
  layout::Owners m_owners;
  std::map<const VolumeEntry*, layout::Belonging> m_assigned;       ///< labels whose image a rule or a reader names
  std::vector<std::pair<const VolumeEntry*, std::size_t>> m_taken;  ///< labels, each with its case
  layout::People m_people;
};

void VolumePairing::sortOut(const std::vector<io::LooseFile>& all) {
  std::vector<fs::path> places;
  for (const auto& loose : all)
    if (loose.kind == "volume" && !unusable(loose)) places.push_back(loose.file.lexically_relative(m_folder));
  const auto channels = layout::channelStems(places);
  const auto folders = layout::labelFolders(places, channels);
  std::set<fs::path> mixed;  // folders with files that call themselves labels: there, others that say image are images
  for (const auto& place : places) {
    const auto& name = m_names.emplace(place, layout::nameOf(place, channels, folders)).first->second;
    if (name.callsItselfLabels) mixed.insert(place.parent_path());
  }
  const auto listed = m_reading.assignment ? decltype(m_names)() : layout::listedNames(m_folder, places, m_names);
  for (const auto& loose : all) {
    if (loose.kind != "volume" || unusable(loose)) continue;
    const auto relative = loose.file.lexically_relative(m_folder);
    const auto said = listed.find(relative);
    VolumeEntry volume{&loose, relative, said == listed.end() ? m_names.at(relative) : said->second};
    auto& role = volume.name.role;
    if (volume.name.callsItselfImage && mixed.contains(relative.parent_path())) role = Role::Image;
    if (io::namesItsLabels(loose.file)) role = Role::Labels;
    if (m_reading.labels.contains(relative.generic_string())) role = Role::Labels;
    if (m_reading.assignment) {
      const auto ruled = m_reading.assignment->find(relative.generic_string());
      if (ruled == m_reading.assignment->end() || ruled->second.use == layout::Assigned::Use::None) continue;
      role = ruled->second.use == layout::Assigned::Use::Image ? Role::Image : Role::Labels;
    }
    if (role == Role::Part)
      leaveOut(loose.file, "part-of-annotation", "a piece of an annotation, which the labels beside it hold whole");
    else if (role == Role::Prediction)
      leaveOut(loose.file, "prediction",
               "named as what a network has predicted: taken neither for an image nor for its labels; if it is to be "
               "learnt from, say so by a pattern in data.sources.NAME.layout.labels");
    else if (role == Role::Image) {
      for (const auto& f : loose.findings)
        if (f.severity != Finding::Severity::Unusable) m_out.findings.emplace_back(loose.file, f);
      if (saidNearby(volume)) m_saidToBeImages.insert(loose.file);
      m_found.push_back(std::move(volume));
    } else if (!layout::severalVolumes(loose))  // else its finding says so
      ++m_labelsIn[relative.parent_path()], m_labels.push_back(std::move(volume));
  }
}

Case VolumePairing::caseOf(std::vector<layout::Contrast>& channels) {
  const auto& first = *channels.front().volume;
  Case c;
  c.id = "case-" + m_pseudonym(m_source + "\n" + placed(first.relative));
  const auto& patient = m_people.patients.at(first.relative);
  c.patient = "patient-" + m_pseudonym(patient.starts_with("sub-") ? patient : placed(patient));
  c.kind = "volume";
  c.geometry = first.loose->geometry;
  c.modality = channels.front().channel.modality;
  for (auto& [volume, channel] : channels) {
    const auto& file = volume->loose->file;
    if (c.imageFiles.empty() || c.imageFiles.back() != file) c.imageFiles.push_back(file);
    channel.file = static_cast<int>(c.imageFiles.size()) - 1;
    if (channel.part >= 0) m_out.understood.insert(file);
    m_grids[file] = volume->loose->geometry;
    if (!channel.name.empty()) c.channels.push_back(channel);
    askOf(c, *volume->loose);
  }
  return c;
}

/// The cases of DICOM by their folders; where the plan itself names images, only those that it names stay.
std::map<std::string, std::vector<std::size_t>> VolumePairing::seriesByFolder() {
  const auto folderOf = [&](const Case& c) {
    return c.imageFiles.front().parent_path().lexically_relative(m_folder).generic_string() + "/";
  };
  const bool ruled = isRuled(m_reading);
  std::erase_if(m_out.cases, [&](const Case& c) {  // that they are left out is told of their folders
    return ruled && c.kind == "dicom" && !c.imageFiles.empty() && !m_reading.assignment->contains(folderOf(c));
  });
  std::map<std::string, std::vector<std::size_t>> out;
  for (std::size_t n = 0; n < m_out.cases.size(); ++n)
    if (m_out.cases[n].kind == "dicom" && !m_out.cases[n].imageFiles.empty())
      out[folderOf(m_out.cases[n])].push_back(n);
  return out;
}

void VolumePairing::addAssigned() {
  const auto series = seriesByFolder();
  for (auto& image : layout::assignedImages(m_reading, m_found, m_labels, m_tables, m_folder, m_out)) {
    if (!image.folder.empty()) {
      const auto there = series.find(image.folder);
      const bool one = there != series.end() && there->second.size() == 1;
      for (const auto& [label, structure] : image.labels)
        if (one)
          m_assigned[label] = {there->second.front(), structure};
        else
          leaveOut(label->loose->file, "unpaired-label",
                   "the folder " + image.folder + " holds no image in DICOM, or several");
      continue;
    }
    for (const auto& [label, structure] : image.labels) m_assigned[label] = {m_out.cases.size(), structure};
    auto& c = m_out.cases.emplace_back(caseOf(image.channels));
    c.split = image.split;
    if (!image.patient.empty())
      c.patient = "patient-" + m_pseudonym(image.patient.starts_with("sub-") ? image.patient : placed(image.patient));
  }
}

void VolumePairing::tellPeople() {
  std::vector<std::pair<fs::path, layout::Name>> called;
  for (const auto& image : m_found) called.emplace_back(image.relative, m_names.at(image.relative));
  m_people = layout::peopleOf(called);
  const auto& joined = m_people.joined;
  if (!joined || m_reading.assignment || !m_reading.patients.empty()) return;
  m_out.findings.emplace_back(m_folder,
                              Finding{Finding::Severity::Note, "patients-by-name",
                                      "by their names, images are taken for those of one person, for example " +
                                          joined->first.generic_string() + " and " + joined->second.generic_string() +
                                          "; if they are not, data.sources.NAME.layout.patients can say so"});
}

void VolumePairing::addImages() {
  tellPeople();
  if (m_reading.assignment) return addAssigned();
  for (std::size_t n = 0; n < m_out.cases.size(); ++n) {
    if (m_out.cases[n].kind != "dicom" || m_out.cases[n].imageFiles.empty()) continue;
    const auto relative = m_out.cases[n].imageFiles.front().lexically_relative(m_folder);
    auto place = layout::nameOf(relative, {}).place;
    m_owners.add({n, place, relative.parent_path(), {}, {}, m_out.cases[n].geometry});
    if (place.empty()) continue;
    // A file is called like the folder of the series, in words.
    const auto words = layout::wordsOf(place.back());
    place.pop_back();
    place.insert(place.end(), words.begin(), words.end());
    m_owners.alsoCalled(place);
  }
  for (auto& channels : layout::imagesOf(m_found, m_labels, m_tables)) {
    const auto& first = *channels.front().volume;
    m_owners.add({m_out.cases.size(), first.key(), first.relative.parent_path(), layout::stemOf(first.relative),
                  layout::contrastsIn(first.name), first.loose->geometry});
    m_out.cases.push_back(caseOf(channels));
  }
}

void VolumePairing::nameMasks(std::map<std::size_t, std::vector<Own>>& labelsOfImage) {
  std::vector<layout::MasksOfImage> images;
  for (auto& [item, labels] : labelsOfImage) {
    auto& image = images.emplace_back();
    for (const auto& file : m_out.cases[item].imageFiles)
      if (const auto known = m_names.find(file.lexically_relative(m_folder)); known != m_names.end())
        for (auto& word : layout::contrastsIn(known->second)) image.contrasts.insert(std::move(word));
    image.image = m_out.cases[item].imageFiles.front().lexically_relative(m_folder);
    for (auto& [label, structure] : labels) image.masks.emplace_back(label, &structure);
  }
  layout::nameByFolders(images);
  layout::nameByContrasts(images);
}

bool VolumePairing::masksSayMore(const std::vector<Own>& own) {
  std::set<std::string> structures;
  for (const auto& [label, structure] : own) {
    if (!structure.empty()) {
      structures.insert(structure);
      continue;
    }
    const auto table = m_tables.of(label->loose->file, label->relative);
    if (!table || !table->file.empty() || !table->declared.empty()) return false;
  }
  return structures.size() > 1;
}

void VolumePairing::turnToLabels(Case& c, const std::vector<Own>& own) {
  if (c.channels.size() < 2 || c.channels.size() != c.imageFiles.size()) return;
  const auto liesOn = [&](const Channel& channel) {
    const auto& grid = m_grids.at(c.imageFiles[static_cast<std::size_t>(channel.file)]);
    return std::ranges::all_of(own, [&](const Own& o) { return sameLabelGrid(o.first->loose->geometry, grid); });
  };
  if (liesOn(c.channels.front()) || std::ranges::none_of(c.channels, liesOn)) return;
  std::ranges::stable_partition(c.channels, liesOn);
  std::vector<fs::path> files;
  for (auto& channel : c.channels) {
    files.push_back(c.imageFiles[static_cast<std::size_t>(channel.file)]);
    channel.file = static_cast<int>(files.size()) - 1;
  }
  c.imageFiles = std::move(files);
  c.geometry = m_grids.at(c.imageFiles.front());
  c.modality = c.channels.front().modality;
}

void VolumePairing::noteGrids() {
  for (const auto& c : m_out.cases)
    for (const auto& channel : c.kind == "volume" ? c.channels : std::vector<Channel>()) {
      const auto& file = c.imageFiles[static_cast<std::size_t>(channel.file)];
      if (sameLabelGrid(m_grids.at(file), c.geometry)) continue;
      m_out.findings.emplace_back(
          file, Finding{Finding::Severity::Note, "channel-grid",
                        "the channel '" + channel.name + "' lies on another grid than '" + c.channels.front().name +
                            "' beside it, and is brought to that one"});
    }
}

Result<void> VolumePairing::addLabels(Progress& progress, const CancelToken& cancel) {
  std::map<std::size_t, std::vector<Own>> labelsOfImage;
  for (const auto& label : m_labels) {
    if (m_reading.assignment) {
      // Of those without an image it has been told why.
      if (const auto said = m_assigned.find(&label); said != m_assigned.end())
        labelsOfImage[said->second.item].emplace_back(&label, said->second.structure);
      continue;
    }
    auto owner = m_owners.of(label, m_labelsIn[label.relative.parent_path()]);
    if (const auto ruled = m_reading.labels.find(label.relative.generic_string());
        owner && ruled != m_reading.labels.end() && !ruled->second.structure.empty())
      owner->structure = ruled->second.structure;
    if (owner)
      labelsOfImage[owner->item].emplace_back(&label, owner->structure);
    else
      leaveOut(label.loose->file, "unpaired-label", m_owners.whyNot(label));
  }
  const bool byNames = !m_reading.assignment;  // else all has been said
  if (byNames) nameMasks(labelsOfImage);
  std::int64_t done = 0;
  for (auto& [at, own] : labelsOfImage) {
    auto& c = m_out.cases[at];
    // A map of all structures says more than masks of some, if its values are named; what a name calls final is the
    // answer.
    const bool masksFirst = byNames && masksSayMore(own);
    const auto order = [&](const Own& entry) {
      return std::pair(entry.second.empty() == masksFirst ? 1 : 0, -entry.first->name.preference);
    };
    std::ranges::stable_sort(own, {}, order);
    if (byNames && c.labelFiles.empty()) turnToLabels(c, own);
    const bool segmented = !c.labelFiles.empty();  // a DICOM image's own segmentations name it
    std::map<std::string, int> best;               // preference of what has been taken, by structure
    for (const auto& entry : own) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
      progress.report("labels", done++, static_cast<std::int64_t>(m_labels.size()));
      const bool mapFirst = own.front().second.empty(), other = entry.second.empty() != mapFirst;
      const auto known = best.find(entry.second);
      const bool behind = known != best.end() && known->second > entry.first->name.preference;
      if (segmented || (byNames && !c.labelFiles.empty() && (other || behind))) {
        leaveOut(entry.first->loose->file, "second-label",
                 "the image already has the labels " + c.labelFiles.front().string());
        continue;
      }
      const auto before = c.labelFiles.size();
      LabelTaking(m_tables, m_remembered, m_out).take(c, *entry.first, entry.second);
      if (c.labelFiles.size() == before) continue;
      best.emplace(entry.second, entry.first->name.preference);
      m_taken.emplace_back(entry.first, at);
    }
  }
  noteGrids();
  return {};
}

Result<void> VolumePairing::askAboutImages(Progress& progress, const CancelToken& cancel) {
  if (m_reading.assignment) return {};
  LORKD_CHECK(askPossibleLabels(m_folder, m_saidToBeImages, m_remembered, m_out, progress, cancel));
  askWhoseLabels(m_owners, m_taken, m_out);
  return {};
}

}  // namespace

void chooseNiftiPlace(std::vector<io::LooseFile>& files, const std::string& choice) {
  if (choice == "ask") return;
  for (auto& loose : files) {
    for (auto& f : loose.findings)
      if (f.code == "two-places")
        f = {Finding::Severity::Note, f.code, "sform and qform place the image apart; the plan takes the " + choice};
    if (loose.byRotation && choice == "qform") std::swap(loose.geometry, *loose.byRotation);
  }
}

Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const fs::path& folder,
                         const layout::Reading& reading, const Pseudonym& pseudonym, const Remembered& remembered,
                         Pairing& out, Progress& progress, const CancelToken& cancel) {
  VolumePairing pairing(source, folder, reading, pseudonym, remembered, out);
  pairing.sortOut(scan.loose);
  pairing.addImages();
  LORKD_CHECK(pairing.addLabels(progress, cancel));
  return pairing.askAboutImages(progress, cancel);
}

}  // namespace lorkd::data
