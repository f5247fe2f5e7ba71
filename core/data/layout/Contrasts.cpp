#include "core/data/layout/Contrasts.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/data/Channels.h"
#include "core/data/LabelGrid.h"
#include "core/data/layout/Owners.h"
#include "core/io/Csv.h"
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

/// What names of labels have in common with that of the image that they were drawn on, and not with its other
/// contrasts.
using Labelled = std::set<std::pair<std::vector<std::string>, std::vector<std::string>>>;

/// Whether a volume is a further channel of an image. Contrasts of which each has labels of its own are none.
bool joins(const Contrast& contrast, const std::vector<Contrast>& set, const Labelled& labelled) {
  const auto& first = set.front();
  const auto hasOwn = [&](const VolumeEntry& v) { return labelled.contains({v.key(), contrastsIn(v.name)}); };
  const auto &a = contrast.volume->loose->geometry, &b = first.volume->loose->geometry;
  if (contrast.volume->name.said.empty() || first.volume->name.said.empty() || first.channel.part >= 0 ||
      contrast.channel.part >= 0)
    return false;
  if (std::ranges::any_of(set, [&](const auto& x) { return x.channel.name == contrast.channel.name; })) return false;
  if (hasOwn(*contrast.volume) && hasOwn(*first.volume)) return false;
  if (sameLabelGrid(a, b)) return true;
  const auto &x = contrast.channel.modality, &y = first.channel.modality;
  const auto brought = [](const Contrast& one) { return io::lowered(one.channel.name) == "ctres"; };  // to PET's grid
  const bool together = (x == "MR" && y == "MR") || (x == "CT" && y == "PT") || (x == "PT" && y == "CT") ||
                        (x == "CT" && y == "CT" && (brought(contrast) || brought(first)));
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

std::vector<std::vector<Contrast>> imagesOf(const std::vector<VolumeEntry>& volumes,
                                            const std::vector<VolumeEntry>& labels, LabelTables& tables) {
  Labelled labelled;
  for (const auto& label : labels)
    if (auto said = contrastsIn(label.name); !said.empty()) labelled.emplace(label.key(), std::move(said));
  std::map<std::pair<std::filesystem::path, std::vector<std::string>>, std::vector<const VolumeEntry*>> groups;
  for (const auto& volume : volumes)
    groups[{volume.name.listed ? std::filesystem::path() : volume.relative.parent_path(), volume.key()}].push_back(
        &volume);
  std::vector<std::vector<Contrast>> out;
  for (auto& [at, group] : groups) {
    // A list of files numbers the channels.
    std::ranges::sort(group, {}, [](const VolumeEntry* v) {
      return std::pair(v->name.listed ? v->name.said : std::vector<std::string>(), v->relative);
    });
    std::vector<std::vector<Contrast>> sets;
    for (const auto* volume : group) {
      const auto contrasts = contrastsOf(*volume, tables);
      if (!contrasts) continue;  // its finding says so
      const auto own =
          std::ranges::find_if(sets, [&](const auto& set) { return joins(contrasts->front(), set, labelled); });
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
