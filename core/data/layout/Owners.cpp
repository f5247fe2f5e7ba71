#include "core/data/layout/Owners.h"

#include <algorithm>
#include <cctype>

#include "core/base/Composed.h"
#include "core/data/LabelGrid.h"
#include "core/data/layout/LabelFolders.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using NameKey = std::vector<std::string>;

bool endsWithKey(const NameKey& words, const NameKey& ending) {
  return !ending.empty() && words.size() >= ending.size() && std::equal(ending.rbegin(), ending.rend(), words.rbegin());
}

}  // namespace

std::vector<std::string> contrastsIn(const Name& name) {
  std::vector<std::string> out;
  for (const auto& word : name.said)
    if (!digits(word)) out.push_back(io::lowered(word));
  return out;
}

void Owners::add(ImagePlace image) {
  const auto number = m_all.size();
  m_byKey[image.key].push_back(number);
  if (!image.key.empty()) m_byLast[image.key.back()].push_back(number);
  for (auto folder = image.folder;; folder = folder.parent_path()) {
    m_below[folder].push_back(number);
    if (folder.empty() || folder == folder.parent_path()) break;
  }
  m_all.push_back(std::move(image));
}

void Owners::alsoCalled(const std::vector<std::string>& key) {
  if (!m_all.empty() && key != m_all.back().key) m_byKey[key].push_back(m_all.size() - 1);
}

std::optional<std::size_t> Owners::chosen(Numbers fitting, const VolumeEntry& label) const {
  const auto stem = composed(stemOf(label.relative));
  const auto said = contrastsIn(label.name);
  const auto only = [&](const auto& fits) -> std::optional<std::size_t> {
    Numbers those;
    for (const auto n : fitting)
      if (fits(m_all[n])) those.push_back(n);
    return those.size() == 1 ? std::optional(those.front()) : std::nullopt;
  };
  // amos_0001 is no channel of amos.
  if (const auto one = only([&](const ImagePlace& i) { return i.stem == stem; })) return one;
  if (fitting.size() == 1) return fitting.front();
  if (!said.empty())
    if (const auto one = only([&](const ImagePlace& i) { return i.said == said; })) return one;
  if (const auto one = only([&](const ImagePlace& i) { return i.folder == label.relative.parent_path(); })) return one;
  return only([&](const ImagePlace& i) { return sameLabelGrid(label.loose->geometry, i.geometry); });
}

Owners::Numbers Owners::endingAlike(const VolumeEntry& label) const {
  const auto key = label.key();
  Numbers out;
  if (key.empty()) return out;
  if (const auto last = m_byLast.find(key.back()); last != m_byLast.end())
    for (const auto n : last->second)
      if (endsWithKey(m_all[n].key, label.name.stem) || endsWithKey(key, m_all[n].key)) out.push_back(n);
  return out;
}

std::optional<Belonging> Owners::of(const VolumeEntry& label, std::size_t labelsInFolder) const {
  const auto key = label.key();
  const auto belonging = [&](std::optional<std::size_t> number, std::string structure = {}) {
    return number ? std::optional(Belonging{m_all[*number].item, std::move(structure)}) : std::nullopt;
  };
  if (const auto same = m_byKey.find(key); same != m_byKey.end()) return belonging(chosen(same->second, label));
  if (label.name.copies > 0) {
    // "seg_v2" may be of the visit v2, if an image is called so; else it is one of several answers.
    if (label.name.stem.size() > label.name.copies)
      if (const auto fitting = endingAlike(label); !fitting.empty())
        if (const auto owner = chosen(fitting, label)) return belonging(owner);
    auto bare = label;
    bare.name.stem.resize(bare.name.stem.size() - label.name.copies);
    bare.name.spelled.resize(bare.name.stem.size());
    bare.name.copies = 0;
    return of(bare, labelsInFolder);
  }
  // Masks of one structure each, called after it: below the image's folder, or after the image's own name.
  for (auto size = key.size() - 1; size > 0 && size < key.size(); --size) {
    const auto begun = m_byKey.find(NameKey(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(size)));
    if (begun == m_byKey.end()) continue;
    const auto more = key.size() - size;
    const auto owner = chosen(begun->second, label);
    if (!owner || more > label.name.spelled.size()) break;
    std::string structure;
    for (auto n = label.name.spelled.size() - more; n < label.name.spelled.size(); ++n)
      structure += (structure.empty() ? "" : "_") + label.name.spelled[n];
    if (std::ranges::all_of(structure, [](unsigned char c) { return std::isdigit(c) || c == '_'; })) break;
    // "case_1_v2" beside the image case_1 is no structure, but "masks/V2" is.
    const auto copy = [](const std::string& word) { return digits(word) || isCopyWord(word); };
    const auto from = label.name.stem.end() - static_cast<std::ptrdiff_t>(more);
    if (more < label.name.stem.size() && std::all_of(from, label.name.stem.end(), copy)) structure.clear();
    return belonging(owner, structure);
  }
  // Elsewhere in the source, by the end of its name.
  if (const auto fitting = endingAlike(label); !fitting.empty())
    if (const auto owner = chosen(fitting, label)) return belonging(owner);
  // The only image and the only label file of a folder, or of the folder above a series.
  const auto below = m_below.find(label.relative.parent_path());
  if (labelsInFolder == 1 && below != m_below.end() && below->second.size() == 1)
    return belonging(below->second.front());
  return std::nullopt;
}

std::vector<std::size_t> Owners::asNear(const VolumeEntry& label, std::size_t item) const {
  std::vector<std::size_t> out;
  const auto owner = std::ranges::find(m_all, item, &ImagePlace::item);
  if (owner == m_all.end() || owner->stem.empty() || owner->stem == stemOf(label.relative)) return out;
  const auto more = [](const NameKey& longer, const NameKey& shorter) {
    const bool begins = longer.size() > shorter.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
    return begins ? NameKey(longer.begin() + std::ssize(shorter), longer.end()) : NameKey();
  };
  // The labels name no contrast, and were given to the image which names nothing else: "seg" to "T2" beside "T1_post".
  const bool bare = contrastsIn(label.name).empty() && !owner->said.empty();
  const auto below = m_below.find(owner->folder);
  for (const auto n : below == m_below.end() ? Numbers() : below->second) {
    const auto& other = m_all[n];
    if (other.item == item || other.folder != owner->folder || !sameLabelGrid(label.loose->geometry, other.geometry))
      continue;
    const auto further = more(other.key, owner->key), own = more(owner->key, other.key);
    // "brain_mask" may be a mask of "T1_brain", or that of the brain in "T1".
    const bool structure = label.key() == owner->key && std::ranges::any_of(own, namesStructure);
    if (structure || (bare && !std::ranges::all_of(further, [](const auto& word) { return digits(word); })))
      out.push_back(other.item);
  }
  return out;
}

std::string Owners::whyNot(const VolumeEntry& label) const {
  auto near = endingAlike(label);
  if (const auto same = m_byKey.find(label.key()); same != m_byKey.end()) near = same->second;
  const bool named = !near.empty();
  if (const auto below = m_below.find(label.relative.parent_path()); !named && below != m_below.end())
    near = below->second;
  std::string out;
  for (std::size_t n = 0; n < near.size() && n < 2; ++n) {
    const auto& image = m_all[near[n]];
    out += (n > 0 ? " and " : "") + (image.stem.empty() ? image.folder : image.folder / image.stem).generic_string();
  }
  if (near.size() > 2) out += " and " + std::to_string(near.size() - 2) + " more";
  const std::string told = "; data.sources.NAME.layout can say by a pattern which image they belong to";
  if (out.empty()) return "named as labels, but no image of a fitting name lies beside it" + told;
  return named ? "named as labels, but several images are called alike, and none of them alone has the same grid: " +
                     out + told
               : "named as labels, but of the images beside it none has a fitting name: " + out + told;
}

}  // namespace lorkd::data::layout
