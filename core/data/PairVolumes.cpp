#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/data/layout/Contrasts.h"
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

/// What a file of the case asks before it is used, the case asks.
void askOf(Case& c, const io::LooseFile& file) {
  for (const auto& f : file.findings)
    if (f.severity == Finding::Severity::Consent && std::ranges::count(c.consent, f.code) == 0)
      c.consent.push_back(f.code);
}

/// The work of pairVolumes(), step by step.
class VolumePairing {
 public:
  VolumePairing(std::string source, fs::path folder, const Pseudonym& pseudonym, const Remembered& remembered,
                Pairing& out)
      : m_source(std::move(source)),
        m_folder(std::move(folder)),
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

  Case caseOf(std::vector<layout::Contrast>& channels);
  /// Adds what a label file says to a case.
  void take(Case& c, const VolumeEntry& label, const std::string& structure);
  std::optional<layout::Structures> read(const Case& c, const VolumeEntry& label, const std::string& structure);
  void addStructure(Case& c, layout::Structures::One structure, int file);
  void leaveOut(const fs::path& file, const char* code, std::string message) {
    m_out.findings.emplace_back(file, Finding{Finding::Severity::Unusable, code, std::move(message)});
  }
  /// The folder may be moved, with its name, or be two sources at once.
  std::string placed(const fs::path& relative) const { return (m_folder.filename() / relative).generic_string(); }

  std::string m_source;
  fs::path m_folder;
  const Pseudonym& m_pseudonym;
  const Remembered& m_remembered;
  Pairing& m_out;
  layout::LabelTables m_tables;
  std::vector<VolumeEntry> m_found, m_labels;
  std::map<fs::path, std::size_t> m_labelsIn;  ///< how many a folder has
  Images m_images;
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
    if (role == Role::Part)
      leaveOut(loose.file, "part-of-annotation", "a piece of an annotation, which the labels beside it hold whole");
    else if (role == Role::Image) {
      for (const auto& f : loose.findings)
        if (f.severity != Finding::Severity::Unusable) m_out.findings.emplace_back(loose.file, f);
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
    askOf(c, *volume->loose);
  }
  return c;
}

void VolumePairing::addImages() {
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
    const auto owner = m_images.ownerOf(label, m_labelsIn[label.relative.parent_path()]);
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
      const bool map = own.front().second.empty() && !c.labelFiles.empty();
      if (segmented || (map && order(entry) != order(own.front())))
        leaveOut(entry.first->loose->file, "second-label",
                 "the image already has the labels " + c.labelFiles.front().string());
      else
        take(c, *entry.first, entry.second);
    }
  }
  return {};
}

std::optional<layout::Structures> VolumePairing::read(const Case& c, const VolumeEntry& label,
                                                      const std::string& structure) {
  const auto& file = label.loose->file;
  const auto& geometry = label.loose->geometry;
  if (!sameLabelGrid(geometry, c.geometry) && !liesIn(geometry, c.geometry) && geometry.size != c.geometry.size) {
    leaveOut(
        file, "label-geometry",
        "the labels lie on another grid than their image " + c.imageFiles.front().string() + ", and mostly beside it");
    return std::nullopt;
  }
  const auto occurring = m_remembered("label layers", file, [&]() -> Result<Json> {
    LORKD_TRY(values, labelValues(file));
    return Json(values);
  });
  const auto table = m_tables.of(file, label.relative);
  auto known = occurring && table ? layout::structuresOf(occurring->get<LayerValues>(), *table, structure)
                                  : std::unexpected(occurring ? table.error() : occurring.error());
  if (!known) {
    if (!table) m_out.understood.insert(table.error().context);
    leaveOut(file, "label-values", known.error().text());
    return std::nullopt;
  }
  m_out.understood.insert(table->file);
  m_out.understood.insert(table->besides.begin(), table->besides.end());
  return std::move(*known);
}

void VolumePairing::addStructure(Case& c, layout::Structures::One structure, int file) {
  for (auto& place : structure.places) place.file = file;
  const auto same =
      std::ranges::find_if(c.labels, [&](const auto& n) { return image::sameLabel(n, structure.label.name); });
  if (same == c.labels.end()) {
    c.labels.push_back(structure.label.name);
    c.labelInfo.push_back(std::move(structure.label));
    c.places.push_back(std::move(structure.places));
    if (structure.twice) takeAnswer(c, c.labels.back(), c.labelFiles[static_cast<std::size_t>(file)], m_out);
    return;
  }
  // Two answers to one question are not one answer.
  auto& places = c.places[static_cast<std::size_t>(same - c.labels.begin())];
  places.insert(places.end(), structure.places.begin(), structure.places.end());
  takeAnswer(c, *same, c.labelFiles[static_cast<std::size_t>(file)], m_out);
}

void VolumePairing::take(Case& c, const VolumeEntry& label, const std::string& structure) {
  auto known = read(c, label, structure);
  if (!known) return;
  const auto& file = label.loose->file;
  const auto& geometry = label.loose->geometry;
  const bool turned = sameVoxels(geometry, c.geometry), moved = !sameLabelGrid(geometry, c.geometry);
  // As many voxels along each axis: rather a header that lost its place than labels of another grid.
  const bool misplaced = moved && !turned && geometry.size == c.geometry.size;
  if (misplaced) {
    if (std::ranges::count(c.consent, "label-affine") == 0) c.consent.emplace_back("label-affine");
    m_out.findings.emplace_back(file,
                                Finding{Finding::Severity::Consent, "label-affine",
                                        "the labels have the voxels of their image " + c.imageFiles.front().string() +
                                            ", but their header places them elsewhere; with consent the place is "
                                            "ignored, and each voxel gets the label that stands at it in the file"});
  } else if (moved && !turned) {
    if (std::ranges::count(c.consent, "label-grid") == 0) c.consent.emplace_back("label-grid");
    m_out.findings.emplace_back(
        file, Finding{Finding::Severity::Consent, "label-grid",
                      "the labels lie on another grid than their image " + c.imageFiles.front().string() +
                          "; with consent each voxel takes the nearest label"});
  }
  const auto number = static_cast<int>(c.labelFiles.size());
  if (misplaced)
    c.misplaced.push_back(number);
  else if (moved)
    c.resampled.push_back(number);
  c.labelFiles.push_back(file);
  askOf(c, *label.loose);
  for (const auto& f : label.loose->findings)
    if (f.severity != Finding::Severity::Unusable) m_out.findings.emplace_back(file, f);
  if (const auto table = m_tables.of(file, label.relative); table && c.labelNames.empty()) c.labelNames = table->file;
  for (auto& one : known->structures) addStructure(c, std::move(one), number);
  for (auto& place : known->ignored) {
    place.file = number;
    c.ignored.push_back(place);
  }
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

void takeAnswer(Case& c, const std::string& label, const fs::path& file, Pairing& out) {
  if (std::ranges::count(c.contested, label) == 0) c.contested.push_back(label);
  out.findings.emplace_back(file, Finding{Finding::Severity::Warning, "second-answer",
                                          "'" + label +
                                              "' is marked in other labels of the same image, too: "
                                              "data.sources.NAME.answers says which of them count"});
}

Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const fs::path& folder,
                         const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out, Progress& progress,
                         const CancelToken& cancel) {
  VolumePairing pairing(source, folder, pseudonym, remembered, out);
  pairing.sortOut(scan.loose);
  pairing.addImages();
  return pairing.addLabels(progress, cancel);
}

}  // namespace lorkd::data
