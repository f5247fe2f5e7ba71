#include "core/data/layout/Words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <ranges>
#include <regex>

#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using io::lowered;

const std::set<std::string> kImages{"image", "images", "img", "imgs", "imaging", "volume", "volumes", "scan", "scans"};
const std::set<std::string> kLabels{
    "label",    "labels", "lbl",        "seg",         "segs",         "segmentation", "segmentations", "mask",
    "masks",    "msk",    "gt",         "dseg",        "truth",        "groundtruth",  "annotation",    "annotations",
    "contours", "oar",    "structures", "delineation", "delineations", "manualseg"};
/// Contrasts and modalities: they tell channels apart.
const std::set<std::string> kContrasts{"ct",  "cta", "cbct", "pet",  "pt",  "suv", "mr",   "mri", "t1",
                                       "t1w", "t1c", "t1ce", "t1gd", "t1n", "t2",  "t2w",  "t2f", "flair",
                                       "fla", "pd",  "dwi",  "adc",  "hbv", "swi", "ctres"};
/// Folders that say of which kind what lies in them is.
const std::map<std::string, Role> kFolders{
    {"imagestr", Role::Image},  {"imagests", Role::Image},   {"imagesval", Role::Image}, {"labelstr", Role::Labels},
    {"labelsts", Role::Labels}, {"labelsval", Role::Labels}, {"rawdata", Role::Image},   {"derivatives", Role::Labels}};

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

bool isLabelWord(const std::string& word) { return kLabels.contains(word); }

/// "reader", "rater2": only labels are called so.
bool isReader(const std::string& word) {
  static const std::regex readers("(reader|rater|observer|annotator|radiologist)[0-9]*");
  return std::regex_match(word, readers);
}

/// A name's words as they are written. "img0001" is two: what stands before the number only says what the file is.
std::vector<std::string> wordsOf(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    const auto number = std::find_if(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
    const std::string letters = lowered(std::string(word.begin(), number)), rest(number, word.end());
    if (digits(rest) && !letters.empty() && (kImages.contains(letters) || isLabelWord(letters))) {
      words.emplace_back(word.begin(), number);
      words.push_back(rest);
    } else if (!word.empty()) {
      words.push_back(word);
    }
    word.clear();
  };
  for (const char c : text)
    if (c == '_' || c == '-' || c == ' ' || c == '.')
      end();
    else
      word += c;
  end();
  return words;
}

/// "_0000" at the end of a stem.
bool endsInChannel(const std::string& stem) {
  return stem.size() > 5 && stem[stem.size() - 5] == '_' && digits(std::string_view(stem).substr(stem.size() - 4));
}

std::string channelKey(const fs::path& relative, const std::string& stem) {
  return (relative.parent_path() / stem.substr(0, stem.size() - 5)).generic_string();
}

}  // namespace

std::string stemOf(const fs::path& file) {
  std::string name = file.filename().string();
  for (const std::string ending : {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img"})
    if (lowered(name).ends_with(ending) && name.size() > ending.size()) name.resize(name.size() - ending.size());
  return name;
}

std::optional<std::size_t> numberOf(const Name& name) {
  if (name.said.empty() || name.said.front().size() != 4 || !digits(name.said.front())) return std::nullopt;
  return std::stoul(name.said.front());
}

std::set<std::string> channelStems(const std::vector<fs::path>& relative) {
  std::set<std::string> out, labels;
  const auto isLabels = [](const fs::path& file) { return nameOf(file, {}).role != Role::Image; };
  for (const auto& file : relative)
    if (isLabels(file)) labels.insert(stemOf(file));
  for (const auto& file : relative)
    if (const auto stem = stemOf(file);
        endsInChannel(stem) && stem.ends_with("_0000") && !isLabels(file) && !labels.contains(stem))
      out.insert(channelKey(file, stem));
  return out;
}

Name nameOf(const fs::path& relative, const std::set<std::string>& channels) {
  Name out;
  // What is nearest to the file says what it is: its own name where it speaks of labels, then its folder, then those
  // above. "masks/image_1" is a mask.
  bool known = false;
  auto stem = stemOf(relative);
  if (endsInChannel(stem) && channels.contains(channelKey(relative, stem))) {
    out.said.push_back(stem.substr(stem.size() - 4));
    stem.resize(stem.size() - 5);
  }
  const auto own = wordsOf(stem);
  bool labels = false, image = false;
  for (std::size_t n = 0; n < own.size(); ++n) {
    const auto word = lowered(own[n]);
    if (isReader(word)) {
      // Who has drawn does not say what: his number is no part of the structure's name either.
      labels = true;
      if (n + 1 < own.size() && digits(own[n + 1]) && !std::isdigit(static_cast<unsigned char>(word.back()))) ++n;
      continue;
    }
    labels |= isLabelWord(word) || (word == "ground" && n + 1 < own.size() && lowered(own[n + 1]) == "truth");
    image |= kImages.contains(word);
    if (isLabelWord(word) || kImages.contains(word) || word == "ground") continue;
    if (kContrasts.contains(word)) {
      out.said.push_back(own[n]);
      continue;
    }
    out.stem.push_back(word);
    out.spelled.push_back(own[n]);
  }
  out.callsItselfLabels = labels;
  out.callsItselfImage = image && !labels;
  if (labels) out.role = Role::Labels, known = true;
  const auto above = relative.parent_path();
  std::vector<fs::path> folders(above.begin(), above.end());
  std::ranges::reverse(folders);
  std::vector<std::string> place;
  for (const auto& folder : folders) {
    const auto name = lowered(folder.string());
    if (name == "instances") out.role = Role::Part, known = true;
    if (name == "final" || name == "original") out.preference = name == "final" ? 1 : -1;
    if (const auto kind = kFolders.find(name); kind != kFolders.end()) {
      if (!known) out.role = kind->second, known = true;
      continue;
    }
    if (name == "final" || name == "original" || name == "instances") continue;
    const auto words = wordsOf(folder.string());
    bool says = !words.empty(), saysLabels = false;
    for (const auto& word : words) {
      const auto low = lowered(word);
      saysLabels |= isLabelWord(low);
      says &= isLabelWord(low) || kImages.contains(low) || low == "manual" || low == "ground" || low == "truth";
    }
    if (says) {
      if (!known) out.role = saysLabels ? Role::Labels : Role::Image, known = true;
      continue;
    }
    place.push_back(name);
  }
  out.place.assign(place.rbegin(), place.rend());
  return out;
}

std::string splitOf(const fs::path& relative) {
  static const std::string what = "[-_ ]?(set|data|dataset|images?|cases?|scans?|volumes?)?";
  static const std::array<std::pair<const char*, std::regex>, 3> kinds{
      {{"train", std::regex("(train|training)" + what + "|(images|labels)tr", std::regex::icase)},
       {"validation", std::regex("(val|valid|validation)" + what + "|(images|labels)val", std::regex::icase)},
       {"test", std::regex("(test|testing)" + what + "|(images|labels)ts", std::regex::icase)}}};
  const auto above = relative.parent_path();
  std::vector<fs::path> folders(above.begin(), above.end());
  for (const auto& folder : folders | std::views::reverse)
    for (const auto& [kind, words] : kinds)
      if (std::regex_match(folder.string(), words)) return kind;
  return {};
}

FolderWords folderWords(const std::string& name) {
  // What folders of pictures are called besides; among volumes these words say other things.
  static const std::set<std::string> pictures{"input", "inputs",   "original", "originals", "raw",  "photo", "photos",
                                              "pics",  "pictures", "picture",  "jpg",       "jpeg", "jpegs", "png",
                                              "pngs",  "tif",      "tiff",     "bmp",       "dcm",  "dicom", "dicoms"};
  static const std::set<std::string> drawn{"manual", "fov",  "overlay", "overlays", "roi",         "rois",
                                           "bboxes", "bbox", "heatmap", "heatmaps", "groundtruths"};
  static const std::set<std::string> made{"segmented", "enhanced", "preprocessed", "augmented", "augmentation"};
  static const std::set<std::string> besides{"part", "set",     "sets",  "stage", "batch",
                                             "data", "dataset", "files", "all"};
  static const std::map<std::string, std::string> splits{
      {"train", "train"},    {"training", "train"},        {"trainval", "train"},
      {"val", "validation"}, {"valid", "validation"},      {"dev", "validation"},
      {"test", "test"},      {"validation", "validation"}, {"testing", "test"}};
  static const std::regex number("[0-9]+(st|nd|rd|th)?");
  FolderWords out;
  out.split = splitOf(fs::path(name) / "x");
  std::string rest;
  const auto words = wordsOf(name);
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto word = lowered(words[n]);
    if (const auto part = splits.find(word); part != splits.end()) {
      out.split = part->second;
    } else if (made.contains(word)) {
      out.copies = true;
    } else if (isLabelWord(word) || drawn.contains(word)) {
      out.kind = Role::Labels;
    } else if (kImages.contains(word) || pictures.contains(word)) {
      if (!out.kind) out.kind = Role::Image;
    } else if (const bool ground = word == "ground" && n + 1 < words.size() && lowered(words[n + 1]) == "truth";
               !ground && word.size() > 1 && !besides.contains(word) && !std::regex_match(word, number)) {
      rest += (rest.empty() ? "" : " ") + words[n];
    }
  }
  if (const auto kind = kFolders.find(lowered(name)); kind != kFolders.end()) out.kind = kind->second, rest.clear();
  out.copies = out.copies && rest.empty();  // "segmented neutrophils" are none
  out.rest = out.kind || out.copies || !out.split.empty() ? rest : name;
  return out;
}

std::string patientOf(const fs::path& relative, const Name& name) {
  static const std::regex people("(sub|subject|patient|pat|pt|case|p)[-_ ]?[0-9][0-9a-z]*|sub-.+", std::regex::icase);
  for (const auto& folder : relative.parent_path())
    if (std::regex_match(folder.string(), people)) {
      if (folder.string().starts_with("sub-")) return folder.string();
      // Folders of one name below different ones are different people.
      fs::path upTo;
      for (const auto& part : relative.parent_path()) {
        upTo /= part;
        if (part == folder) break;
      }
      return upTo.generic_string();
    }
  if (name.stem.empty()) return relative.parent_path().generic_string();
  static const std::regex times("(frame|time|tp|t|visit|ses|session|phase)[0-9]+|ed|es|pre|post", std::regex::icase);
  std::string person;
  for (std::size_t n = 0; n < name.stem.size(); ++n) {
    if (n > 0 && std::regex_match(name.stem[n], times)) continue;
    if (n > 0 && (name.stem[n - 1] == "ses" || name.stem[n - 1] == "frame") && digits(name.stem[n])) continue;
    if (n > 0 && (name.stem[n] == "ses" || name.stem[n] == "frame") && n + 1 < name.stem.size()) continue;
    person += (person.empty() ? "" : "_") + name.spelled[n];
  }
  return (relative.parent_path() / person).generic_string();
}

}  // namespace lorkd::data::layout
