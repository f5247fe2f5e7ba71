#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/data/SourceLayout.h"
#include "core/data/TakeLabels.h"
#include "core/data/layout/AssignedImages.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

using layout::Role;
using layout::VolumeEntry;
using Finding = io::Finding;
using Words = std::vector<std::string>;

/// An image that labels may belong to: a volume file, or a DICOM series. Where both lie is a path below the source.
struct Image {
  std::size_t item;  ///< position among the cases
  Words key;
  fs::path folder, stem;
};

/// Labels on their way to an image: a map of values, or the mask of one structure.
struct Belonging {
  std::size_t image = 0;
  std::string structure;
};

/// Whether the file cannot be used; one of several volumes can where they are channels.
bool unusable(const io::LooseFile& loose) {
  return std::ranges::any_of(loose.findings, [](const auto& f) {
    return f.severity == Finding::Severity::Unusable && f.code != "several-volumes";
  });
}

bool endsWith(const Words& words, const Words& ending) {
  return !ending.empty() && words.size() >= ending.size() && std::equal(ending.rbegin(), ending.rend(), words.rbegin());
}

/// Images by what labels are compared with.
class Images {
 public:
  std::vector<Image> all;

  void add(Image image) {
    const auto number = all.size();
    m_byKey[image.key].push_back(number);
    if (!image.key.empty()) m_byLast[image.key.back()].push_back(number);
    for (auto folder = image.folder;; folder = folder.parent_path()) {
      m_below[folder].push_back(number);
      if (folder.empty() || folder == folder.parent_path()) break;
    }
    all.push_back(std::move(image));
  }

  /// The image that a label file belongs to by its name; nothing where that is not clear.
  std::optional<Belonging> ownerOf(const VolumeEntry& label, std::size_t labelsInFolder) const {
    const auto folder = label.relative.parent_path();
    const auto stem = layout::stemOf(label.relative);
    const auto key = label.key();
    // Of those whose names say the same, the one that is called just so: amos_0001 is no channel of amos.
    if (const auto same = m_byKey.find(key); same != m_byKey.end()) {
      std::vector<std::size_t> called;
      for (const auto n : same->second)
        if (all[n].stem == stem) called.push_back(n);
      if (called.size() == 1) return Belonging{called.front(), {}};
      if (same->second.size() == 1) return Belonging{same->second.front(), {}};
      // Else of its folder, if there is one.
      std::erase_if(called = same->second, [&](std::size_t n) { return all[n].folder != folder; });
      return called.size() == 1 ? std::optional(Belonging{called.front(), {}}) : std::nullopt;
    }
    // Masks of one structure each, called after it: below the image's folder, or after the image's own name.
    for (auto size = key.size() - 1; size > 0 && size < key.size(); --size) {
      const auto begun = m_byKey.find(Words(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(size)));
      if (begun == m_byKey.end()) continue;
      const auto more = key.size() - size;
      if (begun->second.size() != 1 || more > label.name.spelled.size()) break;
      std::string structure;
      for (auto n = label.name.spelled.size() - more; n < label.name.spelled.size(); ++n)
        structure += (structure.empty() ? "" : "_") + label.name.spelled[n];
      if (std::ranges::all_of(structure, [](unsigned char c) { return std::isdigit(c) || c == '_'; })) break;
      return Belonging{begun->second.front(), structure};
    }
    // Elsewhere in the source, by the end of its name.
    if (!key.empty())
      if (const auto last = m_byLast.find(key.back()); last != m_byLast.end()) {
        std::vector<std::size_t> fitting;
        for (const auto n : last->second)
          if (endsWith(all[n].key, label.name.stem) || endsWith(key, all[n].key)) fitting.push_back(n);
        if (fitting.size() == 1) return Belonging{fitting.front(), {}};
      }
    // The only image and the only label file of a folder, or of the folder above a series.
    const auto below = m_below.find(folder);
    if (labelsInFolder == 1 && below != m_below.end() && below->second.size() == 1)
      return Belonging{below->second.front(), {}};
    return std::nullopt;
  }

 private:
  std::map<Words, std::vector<std::size_t>> m_byKey;
  std::map<std::string, std::vector<std::size_t>> m_byLast;
  std::map<fs::path, std::vector<std::size_t>> m_below;
};

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

 private:
  /// Labels and, where they are the mask of one, the structure that they are called after.
  using Own = std::pair<const VolumeEntry*, std::string>;

  std::map<std::string, std::vector<std::size_t>> seriesByFolder();
  /// Makes cases of the images that a rule or a reader names.
  void addAssigned();
  Case caseOf(std::vector<layout::Contrast>& channels);
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
  std::map<fs::path, std::size_t> m_labelsIn;  ///< how many a folder has
  Images m_images;
  std::map<const VolumeEntry*, Belonging> m_assigned;  ///< labels whose image a rule or a reader names
};

void VolumePairing::sortOut(const std::vector<io::LooseFile>& all) {
  std::vector<fs::path> places;
  for (const auto& loose : all)
    if (loose.kind == "volume" && !unusable(loose)) places.push_back(loose.file.lexically_relative(m_folder));
  const auto channels = layout::channelStems(places);
  std::set<fs::path> mixed;  // folders with files that call themselves labels: there, others that say image are images
  for (const auto& place : places)
    if (layout::nameOf(place, channels).callsItselfLabels) mixed.insert(place.parent_path());
  for (const auto& loose : all) {
    if (loose.kind != "volume" || unusable(loose)) continue;
    const auto relative = loose.file.lexically_relative(m_folder);
    VolumeEntry volume{&loose, relative, layout::nameOf(relative, channels)};
    auto& role = volume.name.role;
    if (volume.name.callsItselfImage && mixed.contains(relative.parent_path())) role = Role::Image;
    if (io::namesItsLabels(loose.file)) role = Role::Labels;
    if (m_reading.labels.contains(relative.generic_string())) role = Role::Labels;
    if (m_reading.assignment) {
      const auto said = m_reading.assignment->find(relative.generic_string());
      if (said == m_reading.assignment->end() || said->second.use == layout::Assigned::Use::None) continue;
      role = said->second.use == layout::Assigned::Use::Image ? Role::Image : Role::Labels;
    }
    if (role == Role::Part)
      leaveOut(loose.file, "part-of-annotation", "a piece of an annotation, which the labels beside it hold whole");
    else if (role == Role::Image) {
      for (const auto& f : loose.findings)
        if (f.severity == Finding::Severity::Warning) m_out.findings.emplace_back(loose.file, f);
      m_found.push_back(std::move(volume));
    } else if (!layout::severalVolumes(loose))  // else its finding says so
      ++m_labelsIn[relative.parent_path()], m_labels.push_back(std::move(volume));
  }
}

Case VolumePairing::caseOf(std::vector<layout::Contrast>& channels) {
  const auto& first = *channels.front().volume;
  Case c;
  c.id = "case-" + m_pseudonym(m_source + "\n" + placed(first.relative));
  const auto patient = layout::patientOf(first.relative, first.name);
  c.patient = "patient-" + m_pseudonym(patient.starts_with("sub-") ? patient : placed(patient));
  c.kind = "volume";
  c.geometry = first.loose->geometry;
  c.modality = channels.front().channel.modality;
  for (auto& [volume, channel] : channels) {
    const auto& file = volume->loose->file;
    if (c.imageFiles.empty() || c.imageFiles.back() != file) c.imageFiles.push_back(file);
    channel.file = static_cast<int>(c.imageFiles.size()) - 1;
    if (channel.part >= 0) m_out.understood.insert(file);
    if (!sameLabelGrid(volume->loose->geometry, c.geometry))
      m_out.findings.emplace_back(
          file, Finding{Finding::Severity::Note, "channel-grid",
                        "the channel '" + channel.name + "' lies on another grid than '" +
                            channels.front().channel.name + "' beside it, and is brought to that one"});
    if (!channel.name.empty()) c.channels.push_back(channel);
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
          m_assigned[label] = {m_images.all.size(), structure};
        else
          leaveOut(label->loose->file, "unpaired-label",
                   "the folder " + image.folder + " holds no image in DICOM, or several");
      if (one) m_images.add({there->second.front(), {}, image.folder, {}});
      continue;
    }
    const auto& first = *image.channels.front().volume;
    for (const auto& [label, structure] : image.labels) m_assigned[label] = {m_images.all.size(), structure};
    m_images.add({m_out.cases.size(), first.key(), first.relative.parent_path(), layout::stemOf(first.relative)});
    auto& c = m_out.cases.emplace_back(caseOf(image.channels));
    c.split = image.split;
    if (!image.patient.empty())
      c.patient = "patient-" + m_pseudonym(image.patient.starts_with("sub-") ? image.patient : placed(image.patient));
  }
}

void VolumePairing::addImages() {
  if (m_reading.assignment) return addAssigned();
  for (std::size_t n = 0; n < m_out.cases.size(); ++n) {
    if (m_out.cases[n].kind != "dicom" || m_out.cases[n].imageFiles.empty()) continue;
    const auto relative = m_out.cases[n].imageFiles.front().lexically_relative(m_folder);
    m_images.add({n, layout::nameOf(relative, {}).place, relative.parent_path(), {}});
  }
  for (auto& channels : layout::imagesOf(m_found, m_tables)) {
    const auto& first = *channels.front().volume;
    m_images.add({m_out.cases.size(), first.key(), first.relative.parent_path(), layout::stemOf(first.relative)});
    m_out.cases.push_back(caseOf(channels));
  }
}

Result<void> VolumePairing::addLabels(Progress& progress, const CancelToken& cancel) {
  std::map<std::size_t, std::vector<Own>> labelsOfImage;
  for (const auto& label : m_labels) {
    auto owner = m_images.ownerOf(label, m_labelsIn[label.relative.parent_path()]);
    if (m_reading.assignment) {
      const auto said = m_assigned.find(&label);
      if (said == m_assigned.end()) continue;  // why has been told
      owner = said->second;
    }
    if (const auto ruled = m_reading.labels.find(label.relative.generic_string());
        owner && ruled != m_reading.labels.end() && !ruled->second.structure.empty())
      owner->structure = ruled->second.structure;
    if (owner)
      labelsOfImage[owner->image].emplace_back(&label, owner->structure);
    else
      leaveOut(label.loose->file, "unpaired-label", "named as labels, but no image of a fitting name lies beside it");
  }
  std::int64_t done = 0;
  for (auto& [at, own] : labelsOfImage) {
    auto& c = m_out.cases[m_images.all[at].item];
    // A map of all structures says more than masks of some; what a name calls final is the answer.
    const auto order = [](const Own& entry) {
      return std::pair(entry.second.empty() ? 0 : 1, -entry.first->name.preference);
    };
    std::ranges::stable_sort(own, {}, order);
    const bool segmented = !c.labelFiles.empty();  // a DICOM image's own segmentations name it
    for (const auto& entry : own) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
      progress.report("labels", done++, static_cast<std::int64_t>(m_labels.size()));
      const bool map = own.front().second.empty() && !c.labelFiles.empty() && !m_reading.assignment;
      if (segmented || (map && order(entry) != order(own.front())))
        leaveOut(entry.first->loose->file, "second-label",
                 "the image already has the labels " + c.labelFiles.front().string());
      else
        LabelTaking(m_tables, m_remembered, m_out).take(c, *entry.first, entry.second);
    }
  }
  return {};
}

}  // namespace

Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const fs::path& folder,
                         const layout::Reading& reading, const Pseudonym& pseudonym, const Remembered& remembered,
                         Pairing& out, Progress& progress, const CancelToken& cancel) {
  VolumePairing pairing(source, folder, reading, pseudonym, remembered, out);
  pairing.sortOut(scan.loose);
  pairing.addImages();
  return pairing.addLabels(progress, cancel);
}

}  // namespace lorkd::data
