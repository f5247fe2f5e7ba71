#include "core/data/layout/LabelFolders.h"

#include <algorithm>
#include <optional>
#include <regex>

#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using NameWords = std::vector<std::string>;

NameWords smallWords(const std::string& text) {
  auto words = wordsOf(text);
  for (auto& word : words) word = io::lowered(word);
  return words;
}

/// "labels", "InfectionMask", "labelsTr".
bool speaksOfLabels(const std::string& word) {
  static const std::regex ending("([a-z]*)(masks?|labels?|segmentations?|annotations?|delineations?)(tr|va|val|ts)?");
  return isLabelWord(word) || std::regex_match(word, ending);
}

/// The folder's words without those of labels, if the first or last of them is one; else nothing.
std::optional<NameWords> besidesLabels(const fs::path& folder) {
  const auto all = smallWords(folder.filename().string());
  auto words = all;
  while (!words.empty() && digits(words.back())) words.pop_back();  // a part's number
  if (words.empty() || !(speaksOfLabels(words.front()) || speaksOfLabels(words.back()))) return std::nullopt;
  words = all;
  std::erase_if(words, speaksOfLabels);
  return words;
}

bool endsAs(const NameWords& words, const NameWords& ending) {
  return !ending.empty() && words.size() >= ending.size() && std::equal(ending.rbegin(), ending.rend(), words.rbegin());
}

/// Names of images, by their last words.
class ImageNames {
 public:
  void add(const NameWords& stem) {
    if (!stem.empty()) m_byLast[stem.back()].insert(stem);
  }
  /// Whether one of them ends as `stem`, or the other way round.
  bool like(const NameWords& stem) const {
    if (stem.empty()) return false;
    const auto same = m_byLast.find(stem.back());
    return same != m_byLast.end() && std::ranges::any_of(same->second, [&](const auto& other) {
             return endsAs(other, stem) || endsAs(stem, other);
           });
  }
  bool exactly(const NameWords& stem) const {
    const auto same = stem.empty() ? m_byLast.end() : m_byLast.find(stem.back());
    return same != m_byLast.end() && same->second.contains(stem);
  }

 private:
  std::map<std::string, std::set<NameWords>> m_byLast;
};

}  // namespace

bool namesStructure(const std::string& name) {
  static const std::regex structures(
      "lungs?|lobes?|airways?|trachea|bronch(us|i)|heart|hearts?|cardiac|myocardium|ventricles?|atri(um|a)|aorta|"
      "vessels?|arter(y|ies)|veins?|liver|livers|hepatic|spleen|pancreas|kidneys?|renal|bladder|gallbladder|stomach|"
      "esophagus|oesophagus|colon|bowel|intestines?|duodenum|rectum|prostate|gland|uterus|ovar(y|ies)|adrenals?|"
      "brain|brainstem|cerebellum|hippocampus|thalamus|cortex|csf|gm|wm|eyes?|lens|optic|chiasm|parotids?|mandible|"
      "thyroid|tongue|larynx|pharynx|cochlea|spine|spinal|cord|vertebrae?|discs?|ribs?|sternum|sacrum|pelvis|hips?|"
      "femurs?|femoral|tibia|bones?|skull|cartilage|muscles?|fat|skin|body|breasts?|nodules?|nodes?|lesions?|"
      "tumou?rs?|cysts?|polyps?|infections?|hemorrhages?|haemorrhages?|edema|oedema|necrosis|stroke|infarcts?|plaques?|"
      "metastas[ie]s|fractures?|effusion|pneumothorax|consolidation|ggo|opacit(y|ies)|calcium|calcifications?|gtv[a-z]?"
      "|"
      "ctv|ptv|et|tc|wt|wmh|teeth|tooth|retina|cup|nerves?|implants?");
  return std::ranges::any_of(smallWords(name), [](const auto& word) { return std::regex_match(word, structures); });
}

LabelFolders labelFolders(const std::vector<fs::path>& relative, const std::set<std::string>& channels) {
  struct Candidate {
    NameWords besides;
    std::vector<Name> below;
  };
  std::map<fs::path, Candidate> candidates;
  ImageNames images;
  for (const auto& path : relative) {
    auto name = nameOf(path, channels);
    bool inside = false;
    for (auto folder = path.parent_path(); folder.has_filename(); folder = folder.parent_path()) {
      const auto besides = besidesLabels(folder);
      if (!besides) continue;
      auto& candidate = candidates.try_emplace(folder, Candidate{*besides, {}}).first->second;
      candidate.below.push_back(name);
      inside = true;
    }
    if (!inside && name.role == Role::Image) images.add(name.stem.empty() ? name.place : name.stem);
  }
  LabelFolders out;
  for (const auto& [folder, candidate] : candidates) {
    const auto& below = candidate.below;
    if (std::ranges::any_of(below, [](const auto& n) { return n.role == Role::Image && n.told; })) continue;
    const auto like = std::ranges::count_if(below, [&](const auto& n) { return images.like(n.stem); });
    const auto words = smallWords(folder.filename().string());
    const auto part = splitOfWord(words.back().ends_with("tr")   ? "tr"
                                  : words.back().ends_with("ts") ? "ts"
                                  : words.back().ends_with("va") ? "va"
                                                                 : words.back());
    if (images.exactly(candidate.besides))
      out.emplace(folder, candidate.besides);
    else if (2 * like >= static_cast<std::ptrdiff_t>(below.size()))
      out.emplace(folder, part.empty() ? NameWords() : NameWords{part});
  }
  return out;
}

std::string StructureFolders::of(const fs::path& label, const fs::path& image) {
  const auto beside = image.parent_path().generic_string() + "/";
  for (auto folder = label.parent_path(); folder.has_filename(); folder = folder.parent_path()) {
    if (beside.starts_with(folder.generic_string() + "/")) return {};
    auto known = m_known.find(folder);
    if (known == m_known.end()) {
      std::string name;
      if (namesStructure(folder.filename().string()))
        for (const auto& word : wordsOf(folder.filename().string()))
          if (!speaksOfLabels(io::lowered(word))) name += (name.empty() ? "" : "_") + word;
      known = m_known.emplace(folder, name).first;
    }
    if (!known->second.empty()) return known->second;
  }
  return {};
}

}  // namespace lorkd::data::layout
