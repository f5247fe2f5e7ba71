#include "core/data/layout/Contrasts.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "core/data/Channels.h"
#include "core/data/LabelGrid.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data::layout {

std::optional<std::vector<Contrast>> contrastsOf(const VolumeEntry& volume, LabelTables& tables) {
  const auto described = tables.channelsOf(volume.relative);
  std::vector<Contrast> out;
  if (severalVolumes(*volume.loose)) {
    const auto header = io::readVolumeHeader(volume.loose->file);
    if (!header || header->volumes != static_cast<std::int64_t>(described.size())) return std::nullopt;
    for (std::size_t n = 0; n < described.size(); ++n)
      out.push_back({&volume, {described[n], modalityOf(described[n]), 0, static_cast<int>(n)}});
    return out;
  }
  std::string name;
  for (const auto& word : volume.name.said) name += (name.empty() ? "" : "_") + word;
  const auto number = numberOf(volume.name);
  if (number && *number < described.size())
    name = described[*number];
  else if (!number && described.size() == 1)
    name = described.front();
  auto modality = modalityOf(name);
  for (const auto& word : volume.name.said)
    if (modality.empty()) modality = modalityOf(word);
  out.push_back({&volume, {name, modality, 0, -1}});
  return out;
}

namespace {

/// Whether a volume is a further channel of an image.
bool joins(const Contrast& contrast, const std::vector<Contrast>& set) {
  const auto& first = set.front();
  const auto &a = contrast.volume->loose->geometry, &b = first.volume->loose->geometry;
  if (contrast.volume->name.said.empty() || first.channel.part >= 0 || contrast.channel.part >= 0) return false;
  if (std::ranges::any_of(set, [&](const auto& x) { return x.channel.name == contrast.channel.name; })) return false;
  if (sameLabelGrid(a, b)) return true;
  const auto &x = contrast.channel.modality, &y = first.channel.modality;
  const bool together = (x == "MR" && y == "MR") || (x == "CT" && y == "PT") || (x == "PT" && y == "CT");
  return together && (liesIn(a, b) || liesIn(b, a));
}

}  // namespace

std::vector<std::string> VolumeEntry::key() const {
  auto words = name.place;
  words.insert(words.end(), name.stem.begin(), name.stem.end());
  return words;
}

bool severalVolumes(const io::LooseFile& loose) {
  return std::ranges::any_of(loose.findings, [](const auto& f) { return f.code == "several-volumes"; });
}

std::vector<std::vector<Contrast>> imagesOf(const std::vector<VolumeEntry>& volumes, LabelTables& tables) {
  std::map<std::pair<std::filesystem::path, std::vector<std::string>>, std::vector<const VolumeEntry*>> groups;
  for (const auto& volume : volumes) groups[{volume.relative.parent_path(), volume.key()}].push_back(&volume);
  std::vector<std::vector<Contrast>> out;
  for (auto& [at, group] : groups) {
    std::ranges::sort(group, {}, [](const VolumeEntry* v) { return v->relative; });
    std::vector<std::vector<Contrast>> sets;
    for (const auto* volume : group) {
      const auto contrasts = contrastsOf(*volume, tables);
      if (!contrasts) continue;  // its finding says so
      const auto own = std::ranges::find_if(sets, [&](const auto& set) { return joins(contrasts->front(), set); });
      if (own == sets.end())
        sets.push_back(*contrasts);
      else
        own->push_back(contrasts->front());
    }
    for (auto& set : sets) {
      std::ranges::stable_sort(set, std::greater(),
                               [](const Contrast& x) { return x.volume->loose->geometry.voxels(); });
      out.push_back(std::move(set));
    }
  }
  return out;
}

}  // namespace lorkd::data::layout
