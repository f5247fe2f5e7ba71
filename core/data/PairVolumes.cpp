#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/data/layout/LabelTable.h"
#include "core/data/layout/Words.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

using layout::Name;
using layout::Role;
using Finding = io::Finding;
using Words = std::vector<std::string>;

/// A volume file of the source, and what its name says.
struct Volume {
  const io::LooseFile* loose;
  fs::path relative;
  Name name;
  Words key() const {
    auto words = name.place;
    words.insert(words.end(), name.stem.begin(), name.stem.end());
    return words;
  }
};

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

bool unusable(const io::LooseFile& loose) {
  return std::ranges::any_of(loose.findings, [](const auto& f) { return f.severity == Finding::Severity::Unusable; });
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
  std::optional<Belonging> ownerOf(const Volume& label, std::size_t labelsInFolder) const {
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

}  // namespace

Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const fs::path& folder,
                         const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out, Progress& progress,
                         const CancelToken& cancel) {
  // The folder may be moved, with its name, or be two sources at once.
  const auto placed = [&](const fs::path& relative) { return (folder.filename() / relative).generic_string(); };
  const auto leaveOut = [&](const fs::path& file, const char* code, std::string message) {
    out.findings.emplace_back(file, Finding{Finding::Severity::Unusable, code, std::move(message)});
  };
  std::vector<Volume> found, labels;
  std::vector<fs::path> places;
  for (const auto& loose : scan.loose)
    if (loose.kind == "volume" && !unusable(loose)) places.push_back(loose.file.lexically_relative(folder));
  const auto channels = layout::channelStems(places);
  std::set<fs::path> mixed;  // folders with files that call themselves labels: there, others that say image are images
  for (const auto& place : places)
    if (layout::nameOf(place, channels).callsItselfLabels) mixed.insert(place.parent_path());
  std::map<fs::path, std::size_t> labelsIn;
  for (const auto& loose : scan.loose) {
    if (loose.kind != "volume" || unusable(loose)) continue;
    const auto relative = loose.file.lexically_relative(folder);
    Volume volume{&loose, relative, layout::nameOf(relative, channels)};
    if (volume.name.callsItselfImage && mixed.contains(relative.parent_path())) volume.name.role = Role::Image;
    if (io::namesItsLabels(loose.file)) volume.name.role = Role::Labels;
    if (volume.name.role == Role::Part)
      leaveOut(loose.file, "part-of-annotation", "a piece of an annotation, which the labels beside it hold whole");
    else if (volume.name.role == Role::Labels)
      ++labelsIn[relative.parent_path()], labels.push_back(std::move(volume));
    else
      found.push_back(std::move(volume));
  }

  // DICOM series may have label maps beside them.
  Images images;
  for (std::size_t n = 0; n < out.cases.size(); ++n) {
    if (out.cases[n].kind != "dicom" || out.cases[n].imageFiles.empty()) continue;
    const auto relative = out.cases[n].imageFiles.front().lexically_relative(folder);
    images.add({n, layout::nameOf(relative, {}).place, relative.parent_path(), {}});
  }
  // Images of one folder whose names differ in the contrast alone, on one grid, are one case.
  std::map<std::pair<fs::path, Words>, std::vector<const Volume*>> groups;
  for (const auto& volume : found) groups[{volume.relative.parent_path(), volume.key()}].push_back(&volume);
  for (auto& [at, volumes] : groups) {
    std::ranges::sort(volumes, {}, [](const Volume* v) { return v->relative; });
    std::vector<const Volume*> leaders;
    for (const auto* volume : volumes) {
      const bool further = std::ranges::any_of(leaders, [&](const Volume* leader) {
        return !volume->name.said.empty() && sameLabelGrid(volume->loose->geometry, leader->loose->geometry);
      });
      if (further) {
        leaveOut(volume->loose->file, "extra-channel", "a further channel of an image; only the first is used");
        continue;
      }
      leaders.push_back(volume);
      images.add({out.cases.size(), volume->key(), volume->relative.parent_path(), layout::stemOf(volume->relative)});
      Case c;
      c.id = "case-" + pseudonym(source + "\n" + placed(volume->relative));
      const auto patient = layout::patientOf(volume->relative, volume->name);
      c.patient = "patient-" + pseudonym(patient.starts_with("sub-") ? patient : placed(patient));
      c.kind = "volume";
      c.imageFiles = {volume->loose->file};
      c.geometry = volume->loose->geometry;
      out.cases.push_back(std::move(c));
    }
  }

  // Which labels belong to which image.
  std::map<std::size_t, std::vector<std::pair<const Volume*, std::string>>> labelsOfImage;
  for (const auto& label : labels) {
    const auto owner = images.ownerOf(label, labelsIn[label.relative.parent_path()]);
    if (owner)
      labelsOfImage[owner->image].emplace_back(&label, owner->structure);
    else
      leaveOut(label.loose->file, "unpaired-label", "named as labels, but no image of a fitting name lies beside it");
  }
  std::int64_t done = 0;
  layout::LabelTables tables(folder);
  for (auto& [at, own] : labelsOfImage) {
    auto& c = out.cases[images.all[at].item];
    // A map of all structures says more than masks of some.
    std::ranges::stable_sort(own, {}, [](const auto& entry) {
      return std::pair(entry.second.empty() ? 0 : 1, -entry.first->name.preference);
    });
    const bool map = own.front().second.empty(), segmented = !c.labelFiles.empty();
    for (const auto& [label, structure] : own) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
      progress.report("labels", done++, static_cast<std::int64_t>(labels.size()));
      const auto& file = label->loose->file;
      const auto& image = c.imageFiles.front();
      if (segmented || (map && !c.labelFiles.empty())) {
        // A DICOM image's own segmentations name it; among maps, what a name calls final is the answer.
        leaveOut(file, "second-label", "the image already has the labels " + c.labelFiles.front().string());
        continue;
      }
      const bool moved = !sameLabelGrid(label->loose->geometry, c.geometry);
      const bool turned = moved && sameVoxels(label->loose->geometry, c.geometry);
      if (moved && !liesIn(label->loose->geometry, c.geometry)) {
        leaveOut(file, "label-geometry",
                 "the labels lie on another grid than their image " + image.string() + ", and mostly beside it");
        continue;
      }
      const auto occurring = remembered("label layers", file, [&]() -> Result<Json> {
        LORKD_TRY(values, labelValues(file));
        return Json(values);
      });
      const auto table = tables.of(file, label->relative);
      auto known = occurring && table ? layout::structuresOf(occurring->get<LayerValues>(), *table, structure)
                                      : std::unexpected(occurring ? table.error() : occurring.error());
      if (!known) {
        if (!table) out.understood.insert(table.error().context);
        leaveOut(file, "label-values", known.error().text());
        continue;
      }
      // Two answers to one question are not one answer.
      const auto twice = std::ranges::find_if(known->structures, [&](const auto& s) {
        return std::ranges::any_of(c.labels, [&](const auto& name) { return image::sameLabel(name, s.label.name); });
      });
      if (twice != known->structures.end()) {
        leaveOut(file, "second-label", "the image already has labels of '" + twice->label.name + "'");
        continue;
      }
      if (moved && !turned) {
        if (std::ranges::count(c.consent, "label-grid") == 0) c.consent.emplace_back("label-grid");
        out.findings.emplace_back(file, Finding{Finding::Severity::Consent, "label-grid",
                                                "the labels lie on another grid than their image " + image.string() +
                                                    "; with consent each voxel takes the nearest label"});
      }
      const auto number = static_cast<int>(c.labelFiles.size());
      if (moved) c.resampled.push_back(number);
      c.labelFiles.push_back(file);
      if (c.labelNames.empty()) c.labelNames = table->file;
      out.understood.insert(table->file);
      for (auto& s : known->structures) {
        for (auto& place : s.places) place.file = number;
        c.labels.push_back(s.label.name);
        c.labelInfo.push_back(std::move(s.label));
        c.places.push_back(std::move(s.places));
      }
      for (auto& place : known->ignored) {
        place.file = number;
        c.ignored.push_back(place);
      }
    }
  }
  return {};
}

}  // namespace lorkd::data
