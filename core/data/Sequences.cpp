#include "core/data/Sequences.h"

#include <algorithm>

#include "core/data/LabelGrid.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {
namespace {

using io::Finding, layout::VolumeEntry;

Result<Json> valuesByVolume(const std::filesystem::path& file, const Remembered& remembered) {
  return remembered("label frames", file, [&]() -> Result<Json> {
    LORKD_TRY(values, io::labelValuesByVolume(file));
    return Json(values);
  });
}

std::string listedFrames(const std::vector<int>& frames) {
  std::string out;
  for (std::size_t n = 0; n < std::min<std::size_t>(frames.size(), 8); ++n)
    out += (n > 0 ? ", " : "") + std::to_string(frames[n]);
  return out + (frames.size() > 8 ? ", ..." : "");
}

}  // namespace

Result<Json> valuesOfFrame(const std::filesystem::path& file, int frame, const Remembered& remembered) {
  LORKD_TRY(all, valuesByVolume(file, remembered));
  return Json::array({all.at(static_cast<std::size_t>(frame))});
}

void Sequences::take(const std::vector<VolumeEntry>& images, layout::LabelTables& tables) {
  for (const auto& image : images) {
    if (!layout::severalVolumes(*image.loose) || layout::contrastsOf(image, tables)) continue;
    const auto header = io::readVolumeHeader(image.loose->file);
    if (!header) continue;
    m_owners.add({m_images.size(), image.key(), image.relative.parent_path(), layout::stemOf(image.relative),
                  layout::contrastsIn(image.name), image.loose->geometry});
    m_images.emplace_back(&image, header->volumes);
  }
}

std::vector<Sequence> Sequences::withLabels(const std::vector<VolumeEntry>& labels) {
  std::map<std::filesystem::path, std::size_t> inFolder;
  for (const auto& label : labels) ++inFolder[label.relative.parent_path()];
  std::vector<Sequence> out;
  for (const auto& label : labels)
    if (auto owner = m_owners.of(label, inFolder[label.relative.parent_path()]))
      if (auto one = made(owner->item, label, std::move(owner->structure))) out.push_back(std::move(*one));
  return out;
}

std::optional<Sequence> Sequences::made(std::size_t image, const VolumeEntry& labels, std::string structure) {
  const auto& [entry, volumes] = m_images[image];
  const auto& file = labels.loose->file;
  const auto header = io::readVolumeHeader(file);
  if (!header || header->volumes != volumes || !sameLabelGrid(labels.loose->geometry, entry->loose->geometry))
    return std::nullopt;  // that both hold several volumes is told of each
  const auto tell = [&](Finding::Severity severity, const char* code, std::string message) {
    m_out.findings.emplace_back(file, Finding{severity, code, std::move(message)});
  };
  const auto values = valuesByVolume(file, m_remembered);
  m_out.understood.insert(file);
  m_out.understood.insert(entry->loose->file);
  if (!values) {
    tell(Finding::Severity::Unusable, "label-values", values.error().text());
    return std::nullopt;
  }
  Sequence out{entry, &labels, std::move(structure), {}};
  bool maps = false;
  for (std::size_t n = 0; n < values->size(); ++n) {
    if (!values->at(n).empty()) out.marked.push_back(static_cast<int>(n));
    maps |= values->at(n).size() > 1;
  }
  const auto all = std::to_string(volumes);
  if (out.marked.empty()) {
    tell(Finding::Severity::Unusable, "unmarked-frames",
         "none of the " + all + " volumes in it marks anything, so that neither it nor its image is used");
    return std::nullopt;
  }
  if (out.marked.size() < static_cast<std::size_t>(volumes))
    tell(Finding::Severity::Note, "unmarked-frames",
         "labels of a sequence: " + std::to_string(out.marked.size()) + " of its " + all + " volumes (from 0: " +
             listedFrames(out.marked) + ") mark something, and each is an image of its own; the others are taken for " +
             "not annotated, and left out");
  // One structure a volume may be masks of several structures, one behind the other, of an image with as many channels.
  out.asked = !maps && out.structure.empty();
  if (out.asked)
    tell(Finding::Severity::Consent, "label-frames",
         "each of its " + all + " volumes marks one value at most, so they may be frames in time or structures; with " +
             "consent each is taken for the labels of that volume of " + entry->relative.generic_string());
  return out;
}

std::string Sequences::whyNotOne(const VolumeEntry& label) const {
  const auto owner = m_owners.of(label, 0);
  if (!owner) return {};
  const auto& [image, volumes] = m_images[owner->item];
  return "its image " + image->relative.generic_string() + " holds " + std::to_string(volumes) +
         " volumes, and nothing says which of them the labels mark: write that volume to a file of its own, called as "
         "the labels are, or name the volumes as channels in dataset.json";
}

}  // namespace lorkd::data
