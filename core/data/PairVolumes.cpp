#include <algorithm>
#include <ranges>
#include <set>

#include "core/base/Composed.h"
#include "core/data/LabelGrid.h"
#include "core/data/PossibleLabels.h"
#include "core/data/TakeLabels.h"
#include "core/data/VolumePairing.h"
#include "core/data/WhoseLabels.h"
#include "core/data/layout/Listed.h"
#include "core/data/layout/NamedMasks.h"
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

}  // namespace

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
    } else if (layout::severalVolumes(loose))
      m_labelSequences.push_back(std::move(volume));  // its finding says so, where no image is as long
    else
      ++m_labelsIn[relative.parent_path()], m_labels.push_back(std::move(volume));
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
    else if (auto why = m_sequences.whyNotOne(label); !why.empty())
      leaveOut(label.loose->file, "which-volume", std::move(why));
    else
      leaveOut(label.loose->file, "unpaired-label", m_owners.whyNot(label));
  }
  for (const auto& [labels, frame] : m_frames) labelsOfImage[frame.item].emplace_back(labels, frame.structure);
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
      progress.report("labels", done++, static_cast<std::int64_t>(m_labels.size() + m_frames.size()));
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
  VolumePairing pairing(scan, source, folder, reading, pseudonym, remembered, out);
  pairing.sortOut(scan.loose);
  pairing.addImages();
  LORKD_CHECK(pairing.addLabels(progress, cancel));
  return pairing.askAboutImages(progress, cancel);
}

}  // namespace lorkd::data
