#include "core/data/layout/PeopleWords.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <string_view>

#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using io::lowered;
using WordSet = std::set<std::string>;

bool isAlphabetic(unsigned char c) { return std::isalpha(c) || c >= 128; }
bool isDigit(unsigned char c) { return std::isdigit(c); }

/// Letters before a number, and the number alone: "visit", "2" for "visit2"; empty if the word is not so.
std::pair<std::string, std::string> counted(const std::string& word) {
  const auto number = std::ranges::find_if(word, isDigit);
  if (number == word.begin() || number == word.end() || !std::all_of(number, word.end(), isDigit)) return {};
  return {std::string(word.begin(), number), std::string(number, word.end())};
}

/// Words whose number says which of one person's images it is.
bool countsImages(const std::string& word) {
  static const WordSet words{"frame",  "time",   "tp",       "t",     "timepoint",   "visit", "ses",      "session",
                             "phase",  "fu",     "week",     "wk",    "month",       "day",   "year",     "scan",
                             "run",    "mr",     "view",     "image", "img",         "slice", "pic",      "roi",
                             "tile",   "patch",  "crop",     "study", "exam",        "bild",  "aufnahme", "besuch",
                             "visite", "visita", "followup", "stack", "series",      "serie", "echo",     "shot",
                             "foto",   "photo",  "z",        "v",     "untersuchung"};
  return words.contains(word);
}

/// Words that say that the number behind them is a person's.
bool countsPeople(const std::string& word, bool alsoShort) {
  static const WordSet words{"person", "patient", "subject",     "subj",    "pat",
                             "pid",    "proband", "participant", "patiente"};
  static const WordSet others{"sub", "pt", "case", "p", "id"};
  return words.contains(word) || (alsoShort && others.contains(word));
}

/// Words of how an image was prepared.
bool isPreparation(const std::string& word) {
  static const WordSet words{"original",   "orig",          "raw",          "resampled",    "cropped",
                             "registered", "reg",           "coregistered", "preprocessed", "normalized",
                             "normalised", "stripped",      "nifti",        "nii",          "iso",
                             "isotropic",  "biascorrected", "n4",           "1mm",          "processed"};
  return words.contains(word);
}

/// A day or a month.
bool isShort(const std::string& word) { return word.size() <= 2 && digits(word); }

/// How many words a date takes from `at` on: 20190305, 2019-03-05, 03-23-2003, 2019-03, 2019; 0 where none begins.
std::size_t dateAt(const Identity& words, std::size_t at) {
  const auto& first = words[at];
  if (!digits(first)) return 0;
  if (first.size() == 8 || first.size() == 14) {
    const int month = std::stoi(first.substr(4, 2)), day = std::stoi(first.substr(6, 2));
    return isYear(first.substr(0, 4)) && month >= 1 && month <= 12 && day >= 1 && day <= 31 ? 1 : 0;
  }
  const bool third = at + 2 < words.size();
  if (third && isShort(words[at + 1]) &&
      ((isYear(first) && isShort(words[at + 2])) || (isShort(first) && isYear(words[at + 2]))))
    return 3;
  // A year and a month end a name: 2020_01_7 is the seventh of something.
  return isYear(first) && at + 2 == words.size() && words[at + 1].size() == 2 && digits(words[at + 1]) ? 2 : 0;
}

/// One word as the words that are written together in it.
void takeApart(const std::string& word, Identity& out) {
  // "001a": a letter at the end; "p01b" too.
  const auto number = std::ranges::find_if(word, isDigit);
  const auto behind = std::find_if_not(number, word.end(), isDigit);
  const auto letters = std::find_if(behind, word.end(), isDigit);
  const bool whole = isAspect(word) || isContrast(word);
  const std::string head(word.begin(), behind), middle(behind, letters), rest(letters, word.end());
  if (whole || number == word.end() || middle.empty()) {
    out.push_back(word);
    return;
  }
  const bool letter = middle.size() == 1 && rest.empty() && std::all_of(word.begin(), number, isAlphabetic);
  const bool person = countsPeople(std::string(word.begin(), number), true);
  const bool told = isAspect(middle) || isLabelWord(middle) || isImageWord(middle) || countsImages(middle);
  if (letter || ((middle.size() > 2 || person) && told && (rest.empty() || digits(rest)))) {
    out.push_back(head);
    out.push_back(middle + rest);
  } else {
    out.push_back(word);
  }
}

}  // namespace

bool isYear(const std::string& word) {
  return word.size() == 4 && digits(word) && (word.starts_with("19") || word.starts_with("20"));
}

bool beginsWithDate(const Identity& words) { return !words.empty() && dateAt(words, 0) > 0; }

bool hasDigit(const std::string& word) { return std::ranges::any_of(word, isDigit); }

Identity identityOf(const std::vector<std::string>& words) {
  Identity out;
  for (const auto& each : words) {
    auto word = lowered(each);
    std::erase_if(word, [](char c) { return std::string_view("()[]{},;#").contains(c); });
    if (!word.empty()) takeApart(word, out);
  }
  return out;
}

Identity identityOf(const std::string& text) { return identityOf(wordsOf(text)); }

bool isAspect(const std::string& word) {
  static const WordSet words{
      // views, phases, states
      "ed", "es", "sa", "la", "sax", "lax", "2ch", "3ch", "4ch", "ax", "axial", "tra", "sag", "sagittal", "cor",
      "coronal", "insp", "exp", "arterial", "venous", "portal", "delayed", "native", "contrast", "systole", "diastole",
      "supine", "prone", "rest", "stress", "inspiration", "expiration", "cc", "mlo", "ap", "pa", "lat", "lateral",
      "frontal", "front", "nativ", "venös", "arteriell",
      // sides
      "left", "right", "lt", "rt", "l", "r", "od", "os", "ou", "lcc", "rcc", "lmlo", "rmlo", "links", "rechts", "li",
      "re", "gauche", "droite", "droit", "izquierda", "izquierdo", "derecha", "derecho", "izq", "sinistra", "sinistro",
      "destra", "destro", "sx", "dx", "esquerda", "esquerdo", "direita", "direito", "oculus", "sinister", "dexter",
      // times
      "pre", "post", "preop", "postop", "preoperative", "postoperative", "baseline", "followup", "follow", "bl", "fu",
      "before", "after", "early", "late", "vor", "nach", "vorher", "nachher", "davor", "danach", "präop", "praeop",
      "prä", "praeoperativ", "postoperativ", "verlauf", "verlaufskontrolle", "kontrolle", "avant", "apres", "après",
      "suivi", "antes", "despues", "después", "depois", "seguimiento", "basal", "prima", "dopo", "pretreatment",
      "posttreatment", "pretherapy", "posttherapy", "prechemo", "postchemo", "midtreatment", "intraop", "therapy",
      "treatment"};
  if (words.contains(word)) return true;
  if (!hasDigit(word)) return false;
  static const WordSet numbered{"frame", "time", "tp",       "t",     "timepoint", "visit", "ses",   "session",
                                "phase", "fu",   "followup", "week",  "wk",        "month", "day",   "year",
                                "scan",  "run",  "mr",       "img",   "slice",     "view",  "image", "study",
                                "exam",  "pic",  "tile",     "patch", "crop",      "roi"};
  auto bare = word;
  if (bare.size() > 1 && std::isalpha(static_cast<unsigned char>(bare.back()))) bare.pop_back();  // "visit2a"
  return numbered.contains(counted(bare).first);
}

bool isCommonWord(const std::string& word) {
  static const WordSet words{
      "case",     "cases",       "sample",     "samples",     "data",       "dataset",   "set",
      "study",    "exam",        "record",     "volume",      "vol",        "person",    "patient",
      "patients", "subject",     "subjects",   "subj",        "sub",        "pat",       "pt",
      "pid",      "id",          "proband",    "participant", "cas",        "fall",      "caso",
      "paciente", "paziente",    "anon",       "anonymous",   "anonymized", "unknown",   "brain",
      "head",     "neck",        "thorax",     "chest",       "abdomen",    "abdominal", "pelvis",
      "pelvic",   "liver",       "lung",       "lungs",       "kidney",     "kidneys",   "heart",
      "cardiac",  "prostate",    "spine",      "knee",        "hip",        "shoulder",  "ankle",
      "wrist",    "breast",      "pancreas",   "spleen",      "colon",      "bladder",   "hepaticvessel",
      "vessel",   "hippocampus", "aorta",      "airway",      "bone",       "skin",      "eye",
      "retina",   "fundus",      "tooth",      "teeth",       "uterus",     "ovary",     "thyroid",
      "cell",     "cells",       "tissue",     "nuclei",      "polyp",      "polyps",    "tumor",
      "tumour",   "tumors",      "lesion",     "lesions",     "nodule",     "mass",      "cyst",
      "stroke",   "benign",      "malignant",  "normal",      "abnormal",   "healthy",   "control",
      "controls", "ctrl",        "hc",         "positive",    "negative",   "disease",   "diseased",
      "cancer",   "covid",       "pneumonia",  "glioma",      "meningioma", "notumor",   "melanoma",
      "nevus",    "glaucoma",    "amd",        "dme",         "train",      "training",  "trainval",
      "val",      "valid",       "validation", "test",        "testing",    "dev",       "xray",
      "cxr",      "ultrasound",  "us",         "endo",        "slide",      "slides",    "mammo",
      "phantom",  "animal",      "dicom",      "dcm",         "raw",        "original",  "export",
      "download", "archive",     "new",        "old",         "mouse",      "rat",       "dog",
      "class",    "group",       "gut",        "böse",        "good",       "bad",       "yes",
      "no",       "pos",         "neg"};
  return word.size() == 1 || words.contains(word) || isImageWord(word) || isLabelWord(word) || isContrast(word) ||
         isGroupWord(word) || countsImages(word) || word.starts_with("train") || word.starts_with("test");
}

bool isGroupWord(const std::string& word) {
  static const WordSet words{
      "site",    "center",  "centre", "hospital", "clinic",  "klinik",      "zentrum", "standort", "batch",   "part",
      "fold",    "dataset", "task",   "scanner",  "vendor",  "group",       "gruppe",  "groupe",   "grupo",   "cohort",
      "kohorte", "lab",     "domain", "subset",   "centro",  "institution", "inst",    "device",   "machine", "camera",
      "class",   "stage",   "grade",  "type",     "version", "release",     "set",     "zip",      "d"};
  // "siteA", "klinikB"
  return words.contains(word) || (word.size() > 5 && words.contains(word.substr(0, word.size() - 1)));
}

bool isStudy(const Identity& words) {
  const auto fits = [](const std::string& word) {
    const auto [letters, number] = counted(word);
    return digits(word) || isAspect(word) || countsImages(word) || (!letters.empty() && countsImages(letters));
  };
  return !words.empty() && !hasDigit(words.front().substr(0, 1)) && std::ranges::all_of(words, fits);
}

bool mayNumberPeople(const Identity& words, std::size_t at) {
  const auto& word = words[at];
  if (!hasDigit(word)) return false;
  if (digits(word)) return !(at > 0 && isGroupWord(words[at - 1])) && !(isYear(word) && at + 1 < words.size());
  return !isGroupWord(counted(word).first);
}

std::size_t endOfPerson(const Identity& words, bool alsoShort) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (countsPeople(counted(words[n]).first, alsoShort)) return n + 1;
    if (n + 1 < words.size() && countsPeople(words[n], alsoShort) && digits(words[n + 1])) return n + 2;
  }
  return 0;
}

PersonWords personIn(const Identity& words) {
  PersonWords out;
  bool number = false;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto& word = words[n];
    if (const auto date = dateAt(words, n); date > 0) {
      if (out.date.empty())
        out.date.assign(words.begin() + static_cast<std::ptrdiff_t>(n),
                        words.begin() + static_cast<std::ptrdiff_t>(n + date));
      n += date - 1;
      continue;
    }
    // "ses-2": the number belongs to the word before it; so does the letter of "m12" behind another number.
    const bool named = n + 1 < words.size() && digits(words[n + 1]) &&
                       (word == "ses" || word == "frame" || word == "visit" || word == "fu" || word == "run" ||
                        word == "session" || word == "timepoint" || word == "slice");
    static const std::regex when("[mdvywp][0-9]{1,3}|fu[0-9]*[a-z]*|[0-9]+mm");
    static const WordSet ends{"up", "op"};  // of "follow-up" and "post-op"
    if (n > 1 && ends.contains(word) && isAspect(words[n - 1])) continue;
    if (n > 0 && (named || isAspect(word) || (number && hasDigit(word) && std::regex_match(word, when)))) {
      n += named;
      continue;
    }
    if (isPreparation(word)) continue;
    out.words.push_back(word);
    number |= hasDigit(word);
  }
  if (std::ranges::all_of(words, isAspect) || std::ranges::all_of(out.words, isAspect)) out.words.clear();
  if (std::ranges::all_of(words, isAspect)) out.date.clear();
  return out;
}

std::string personCalled(const fs::path& relative) {
  if (auto subject = subjectOf(relative); !subject.empty()) return subject;
  auto words = personIn(identityOf(stemOf(relative))).words;
  std::erase_if(words, [](const auto& word) {
    return !splitOfWord(word).empty() || isImageWord(word) || isLabelWord(word) || isContrast(word);
  });
  const auto end = endOfPerson(words, false);
  const bool person = end > 0 || (!words.empty() && counted(words.front()).first == "p");
  constexpr std::ptrdiff_t kLong = 5;
  const auto isLong = [](const std::string& word) { return std::ranges::count_if(word, isDigit) >= kLong; };
  const bool name = std::ranges::none_of(words, hasDigit) && !std::ranges::all_of(words, isCommonWord);
  const bool id = std::ranges::any_of(words, [&](const auto& word) { return isLong(word) && !word.starts_with("00"); });
  if (!person && !name && !id) return {};
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : "_") + word;
  return out;
}

std::string subjectOf(const fs::path& relative) {
  static const std::regex subject("(^|_)(sub-[A-Za-z0-9]+)(_|$).*", std::regex::icase),
      adni("(^|[^0-9])([0-9]{3}_S_[0-9]{4,5})([^0-9]|$)"),
      tcga("(^|[^A-Z0-9])TCGA[-_.]([A-Z0-9]{2})[-_.]([A-Z0-9]{4})([^A-Z0-9]|$)", std::regex::icase);
  for (const auto& part : relative) {
    const auto text = part.string();
    if (text.size() >= 256) continue;
    std::smatch found;
    const auto small = lowered(text);
    if (small.contains("sub-") && std::regex_search(text, found, subject)) return found.str(2);
    if (text.contains("_S_") && std::regex_search(text, found, adni)) return found.str(2);
    if (small.contains("tcga") && std::regex_search(text, found, tcga))
      return "tcga-" + lowered(found.str(2)) + "-" + lowered(found.str(3));
  }
  return {};
}

}  // namespace lorkd::data::layout
