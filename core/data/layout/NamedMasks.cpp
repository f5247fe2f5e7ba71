#include "core/data/layout/NamedMasks.h"

#include <algorithm>
#include <map>
#include <regex>

#include "core/data/layout/LabelFolders.h"
#include "core/data/layout/Owners.h"

namespace lorkd::data::layout {
namespace {

using SaidWords = std::vector<std::string>;

bool isVertebra(const std::string& name) {
  static const std::regex vertebrae("(C[1-7]|T([1-9]|1[0-2])|L[1-6]|S[1-5])", std::regex::icase);
  return std::regex_match(name, vertebrae);
}

std::string spelledSaid(const Name& name) {
  std::string out;
  for (const auto& word : name.said)
    if (!digits(word)) out += (out.empty() ? "" : "_") + word;
  return out;
}

/// The words of contrast, if there are any and the image has none of them.
SaidWords foreignWords(const MasksOfImage& image, const Name& name) {
  auto said = contrastsIn(name);
  if (std::ranges::any_of(said, [&](const auto& word) { return image.contrasts.contains(word); })) said.clear();
  return said;
}

}  // namespace

void nameByFolders(std::vector<MasksOfImage>& images) {
  StructureFolders structures;
  const auto folderOf = [&](const MasksOfImage& image, const auto& mask) {
    return mask.second->empty() ? structures.of(mask.first->relative, image.image) : std::string();
  };
  const bool several = std::ranges::any_of(images, [&](const auto& image) {
    std::set<std::string> folders;
    for (const auto& mask : image.masks)
      if (auto name = folderOf(image, mask); !name.empty()) folders.insert(std::move(name));
    return folders.size() > 1;
  });
  if (!several) return;
  for (const auto& image : images)
    for (const auto& mask : image.masks)
      if (auto name = folderOf(image, mask); !name.empty()) *mask.second = std::move(name);
}

void nameByContrasts(std::vector<MasksOfImage>& images) {
  std::set<std::pair<std::string, SaidWords>> names;  // structures with the words that tell them apart
  for (const auto& image : images) {
    std::map<std::string, std::set<SaidWords>> byStructure;
    for (const auto& [mask, structure] : image.masks)
      if (!structure->empty()) byStructure[*structure].insert(foreignWords(image, mask->name));
    for (const auto& [structure, ways] : byStructure)
      if (ways.size() > 1 && !ways.contains(SaidWords()))
        for (const auto& said : ways) names.emplace(structure, said);
  }
  for (auto& image : images) {
    const bool spine = std::ranges::any_of(image.masks, [](const auto& mask) { return isVertebra(*mask.second); });
    for (auto& [mask, structure] : image.masks) {
      const auto said = foreignWords(image, mask->name);
      if (said.empty()) continue;
      const auto words = spelledSaid(mask->name);
      if (structure->empty() ? spine && isVertebra(words) : names.contains({*structure, said}))
        *structure += (structure->empty() ? "" : "_") + words;
    }
  }
}

}  // namespace lorkd::data::layout
