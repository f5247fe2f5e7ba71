#include "core/data/layout/Words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <ranges>
#include <regex>

#include "core/base/Composed.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using io::lowered;

const std::set<std::string> kImages{"image",   "images",   "img",      "imgs",     "imaging", "volume",
                                    "volumes", "scan",     "scans",    "orig",     "bild",    "bilder",
                                    "imagen",  "imagenes", "imágenes", "immagine", "immagini"};
const std::set<std::string> kLabels{
    "label",        "labels",         "lbl",          "seg",           "segs",          "segm",
    "segmentation", "segmentations",  "mask",         "masks",         "msk",           "gt",
    "dseg",         "truth",          "groundtruth",  "annotation",    "annotations",   "contours",
    "oar",          "structures",     "delineation",  "delineations",  "manualseg",     "labelmap",
    "labelmaps",    "segmask",        "aseg",         "aparc",         "wmparc",        "gtvs",
    "maske",        "masken",         "masque",       "masques",       "mascara",       "mascaras",
    "máscara",      "máscaras",       "maschera",     "maschere",      "segmentierung", "segmentierungen",
    "segmentacion", "segmentaciones", "segmentación", "segmentazione", "segmentazioni", "etiqueta",
    "etiquetas",    "etichette"};
/// Contrasts and modalities: they tell channels apart.
const std::set<std::string> kContrasts{
    "ct",     "cta",   "cbct", "ncct", "cect", "ctres", "pet",    "pt",    "suv", "mr",  "mri",    "mra", "t1",
    "t1w",    "t1c",   "t1ce", "cet1", "t1gd", "t1n",   "t1post", "t1pre", "t2",  "t2w", "hrt2",   "t2f", "t2s",
    "t2star", "flair", "fla",  "pd",   "pdw",  "dwi",   "adc",    "hbv",   "swi", "ir",  "mprage", "dce", "tof"};
/// What labels that hold all there is are called: no structure's name. Who made them neither.
const std::set<std::string> kWhole{"combined",  "merged", "multilabel", "multiclass", "final",
                                   "corrected", "edited", "refined",    "manual"};

/// "reader", "rater2": only labels are called so. "rad1" and "expert1" with their number alone.
bool isReader(const std::string& word) {
  static const std::regex readers(
      "(reader|rater|observer|annotator|radiologist|grader)[0-9]*|(rad|expert|obs|annot|doctor)[0-9]+");
  return std::string_view("roaged").contains(word.front()) && std::regex_match(word, readers);
}

/// What radiotherapy aims at ("gtvt", "ctv"): such words name structures, and never images.
bool isTarget(const std::string& word) {
  static const std::regex targets("(i?gtv|ctv|ptv)([tnp]|tumou?r|nodes?|primary)?[0-9]*");
  return word.contains("tv") && std::regex_match(word, targets);
}

/// One word of what it marks and that it is a mask: "lungmask". FreeSurfer's brainmask is an image.
bool isMaskOf(const std::string& word) {
  static const std::regex masks("[a-z]{3,}(masks?|labelmap|segmentation)[0-9]*");
  const bool may = word.contains("mask") || word.contains("labelmap") || word.contains("segmentation");
  return may && word != "brainmask" && std::regex_match(word, masks);
}

bool isPredictionWord(const std::string& word) {
  static const std::set<std::string> words{"pred", "preds", "predicted", "prediction", "predictions", "inference"};
  return words.contains(word);
}

/// Folders of what networks answer; nnU-Net's own by their names.
bool holdsPredictions(const std::string& folder) {
  if (folder == "nnunet_results" || folder == "nnunet_trained_models") return true;
  const auto words = wordsOf(folder);
  return !words.empty() && std::ranges::all_of(words, [](const auto& word) {
    return isPredictionWord(word) || isLabelWord(word) || isImageWord(word) || word == "nnunet" || word == "model";
  }) && std::ranges::any_of(words, isPredictionWord);
}

/// Folders that say of which kind what lies in them is, and for what: imagesTr, labels_va, masks-test.
std::optional<std::pair<Role, std::string>> kindOf(const std::string& folder) {
  if (folder == "rawdata") return std::pair(Role::Image, std::string());
  if (folder == "derivatives") return std::pair(Role::Labels, std::string());
  static const std::regex kinds(
      "(images?|imgs?|volumes?|labels?|masks?|segs?|gts?)[-_]?(tr|va|ts|train|training|val|valid|validation|test|"
      "testing)");
  std::smatch parts;
  if (!std::string_view("ivlmsg").contains(folder.front()) || !std::regex_match(folder, parts, kinds))
    return std::nullopt;
  const char first = parts.str(1).front();
  return std::pair(first == 'i' || first == 'v' ? Role::Image : Role::Labels, splitOfWord(parts.str(2)));
}

/// "_0000" at the end of a stem.
bool endsInChannel(const std::string& stem) {
  return stem.size() > 5 && stem[stem.size() - 5] == '_' && digits(std::string_view(stem).substr(stem.size() - 4));
}

std::string channelKey(const fs::path& relative, const std::string& stem) {
  return (relative.parent_path() / stem.substr(0, stem.size() - 5)).generic_string();
}

}  // namespace

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

bool isImageWord(const std::string& word) { return kImages.contains(word); }
bool isLabelWord(const std::string& word) { return kLabels.contains(word); }
bool isContrast(const std::string& word) { return kContrasts.contains(word); }

bool isCopyWord(const std::string& word) {
  static const std::regex copies(
      "(v|ver|version|rev|revision)[0-9]+|cop(y|ies|ie|ia)[0-9]*|kopie[0-9]*|version|revision|backup|bak|bkp|old|alt|"
      "neu|"
      "new|tmp|draft|latest|updated?|revised|reviewed|checked|fixed|\\([0-9]+\\)");
  return std::regex_match(word, copies);
}

std::string splitOfWord(const std::string& word) {
  static const std::map<std::string, std::string> splits{
      {"tr", "train"},       {"train", "train"},      {"training", "train"},        {"va", "validation"},
      {"val", "validation"}, {"valid", "validation"}, {"validation", "validation"}, {"ts", "test"},
      {"test", "test"},      {"testing", "test"}};
  const auto known = splits.find(word);
  return known == splits.end() ? std::string() : known->second;
}

std::vector<std::string> wordsOf(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    const auto number = std::find_if(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
    const std::string letters = lowered(std::string(word.begin(), number)), rest(number, word.end());
    if (digits(rest) && !letters.empty() && (isImageWord(letters) || isLabelWord(letters))) {
      words.emplace_back(word.begin(), number);
      words.push_back(rest);
    } else if (!word.empty()) {
      words.push_back(word);
    }
    word.clear();
  };
  for (const char c : composed(text))
    if (c == '_' || c == '-' || c == ' ' || c == '.' || c == '+')
      end();
    else
      word += c;
  end();
  return words;
}

std::string stemOf(const fs::path& file) {
  std::string name = file.filename().string();
  for (const std::string ending : {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img", ".mgz", ".mgh"})
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

namespace {

/// How many words at the end only say which of several copies it is, with a number or date behind some: "seg_v2",
/// "seg (1)", "seg_backup_20210101". Before a word of labels they are a structure's: "infarct_old_mask".
std::size_t copyWords(const std::vector<std::string>& own) {
  static const std::regex counted("cop(y|ie|ia)|kopie|version|revision|backup|bak|bkp");
  std::size_t out = 0;
  for (auto n = own.size(); n > 1; --n) {
    const auto word = lowered(own[n - 1]), before = lowered(own[n - 2]);
    if (isCopyWord(word) || (digits(word) && std::regex_match(before, counted)))
      ++out;
    else
      break;
  }
  const auto speaks = [](const std::string& word) { return isLabelWord(lowered(word)) || isMaskOf(lowered(word)); };
  return std::any_of(own.begin(), own.end() - static_cast<std::ptrdiff_t>(out), speaks) ? out : 0;
}

/// What the file's own name says. Whether that is what it is.
bool readOwn(const std::vector<std::string>& own, Name& out) {
  bool labels = false, image = false, predicted = false;
  const auto lower = [&](std::size_t n) { return n < own.size() ? lowered(own[n]) : std::string(); };
  for (std::size_t n = 0; n < own.size(); ++n) {
    const auto word = lower(n);
    labels |= isLabelWord(word) || isReader(word) || isTarget(word) || isMaskOf(word) ||
              (word == "ground" && lower(n + 1) == "truth");
    image |= isImageWord(word);
    predicted |= isPredictionWord(word);
  }
  bool piece = false;
  for (std::size_t n = 0; n < own.size(); ++n) {
    const auto word = lower(n);
    // A piece of what a folder or another file holds whole: kidney_instance-1_annotation-2.
    piece |= word == "instance" && digits(lower(n + 1)) && lower(n + 2) == "annotation";
    if (isReader(word)) {
      // Who has drawn does not say what: his number is no part of the structure's name either.
      if (digits(lower(n + 1)) && !std::isdigit(static_cast<unsigned char>(word.back()))) ++n;
      continue;
    }
    if (isLabelWord(word) || isImageWord(word) || isPredictionWord(word) || word == "ground") continue;
    if (labels && word == "aggregated") {
      // By which rule several annotations were made one: the majority's goes before the others.
      const auto rule = lower(n + 1);
      if (rule == "maj" || rule == "majority") out.preference = 1;
      if (out.preference == 1 || rule == "and" || rule == "or") ++n;
      continue;
    }
    if (labels && kWhole.contains(word)) {
      if (word == "final" || word == "corrected") out.preference = 1;
      continue;
    }
    static const std::regex counted("[0-9]+(labels?|class|classes)");
    if (labels && std::regex_match(word, counted)) continue;
    // The first thoracic vertebra is no contrast: vertebrae_T1.
    const bool vertebra = n > 0 && lower(n - 1).starts_with("vert");
    if ((isContrast(word) && !vertebra) || (word == "reg" && isContrast(lower(n + 1)))) {
      out.said.push_back(own[n]);
      continue;
    }
    // "data" says as little as "image", but where it is all there is.
    if (word == "data" && own.size() > 1) continue;
    out.stem.push_back(word);
    out.spelled.push_back(own[n]);
  }
  out.copies = std::min(copyWords(own), out.stem.size());
  out.callsItselfLabels = labels && !predicted;
  out.callsItselfImage = image && !labels;
  if (labels || predicted || piece) out.role = piece ? Role::Part : predicted ? Role::Prediction : Role::Labels;
  return labels || predicted || piece;
}

/// What says of labels in a folder's name which of several they are: by people, or by a program.
int preferenceOf(const std::string& folder) {
  static const std::regex before("final|expert|experts|human|human_expert|human_experts"),
      behind("original|ai|auto|automatic|automated|pseudo|pseudolabels");
  return std::regex_match(folder, before) ? 1 : std::regex_match(folder, behind) ? -1 : 0;
}

}  // namespace

Name nameOf(const fs::path& relative, const std::set<std::string>& channels, const LabelFolders& labelFolders) {
  Name out;
  // What is nearest to the file says what it is: its own name where it speaks of labels, then its folder, then those
  // above. "masks/image_1" is a mask.
  auto stem = stemOf(relative);
  if (endsInChannel(stem) && channels.contains(channelKey(relative, stem))) {
    out.said.push_back(stem.substr(stem.size() - 4));
    stem.resize(stem.size() - 5);
  }
  out.told = readOwn(wordsOf(stem), out);
  const auto is = [&](Role role) {
    if (!out.told) out.role = role, out.told = true;
  };
  std::vector<std::string> place;
  for (auto path = relative.parent_path(); path.has_filename(); path = path.parent_path()) {
    const auto folder = composed(path.filename().string()), name = lowered(folder);
    if (name == "instances") is(Role::Part);
    if (const int preference = preferenceOf(name); preference != 0 && out.preference == 0) out.preference = preference;
    if (holdsPredictions(name)) is(Role::Prediction);
    if (const auto kind = kindOf(name)) {
      is(kind->first);
      if (!kind->second.empty()) place.push_back(kind->second);
      continue;
    }
    if (name == "manual" || name == "instances" || preferenceOf(name) != 0 || holdsPredictions(name)) continue;
    const auto words = wordsOf(folder);
    bool says = false, saysLabels = false, others = false;
    std::string split;
    for (const auto& word : words) {
      const auto low = lowered(word);
      saysLabels |= isLabelWord(low);
      says |= isLabelWord(low) || isImageWord(low) || low == "ground";
      if (split.empty()) split = splitOfWord(low);
      others |= !isLabelWord(low) && !isImageWord(low) && low != "manual" && low != "ground" && low != "truth" &&
                splitOfWord(low).empty();
    }
    if (says && !others) {
      is(saysLabels ? Role::Labels : Role::Image);
      if (!split.empty()) place.push_back(split);
      continue;
    }
    if (const auto known = labelFolders.find(path); known != labelFolders.end()) {
      is(Role::Labels);
      place.insert(place.end(), known->second.rbegin(), known->second.rend());
      continue;
    }
    place.push_back(name);
  }
  out.place.assign(place.rbegin(), place.rend());
  return out;
}

bool saysSplit(const std::string& folder) {
  return std::ranges::any_of(wordsOf(folder), [](const auto& word) {
    static const std::regex splits("(train|training|trainval|val|valid|validation|test|testing)[0-9]*",
                                   std::regex::icase);
    return std::regex_match(word, splits);
  });
}

std::string splitOf(const fs::path& relative) {
  static const std::string what = "[-_ ]?(set|data|dataset|images?|cases?|scans?|volumes?)?";
  static const std::array<std::pair<const char*, std::regex>, 3> kinds{
      {{"train", std::regex("(train|training|trainval)" + what + "|(images|labels)tr", std::regex::icase)},
       {"validation", std::regex("(val|valid|validation)" + what + "|(images|labels)va(l)?", std::regex::icase)},
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
  if (const auto kind = kindOf(lowered(name))) out.kind = kind->first, rest.clear();
  out.copies = out.copies && rest.empty();  // "segmented neutrophils" are none
  out.rest = out.kind || out.copies || !out.split.empty() ? rest : name;
  return out;
}

}  // namespace lorkd::data::layout
