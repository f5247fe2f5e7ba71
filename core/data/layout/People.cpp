#include "core/data/layout/People.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using io::lowered;
using Identity = std::vector<std::string>;

constexpr std::size_t kMostTimes = 12;  // images of one person that a last number may tell apart ...
constexpr double kMeanTimes = 6;        // ... and how many on average: more of them are people of one place

bool hasDigit(const std::string& word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c); });
}

/// Words that tell images of one person apart.
bool isAspect(const std::string& word) {
  static const std::regex numbered(
      "(frame|time|tp|t|timepoint|visit|ses|session|phase|fu|followup|week|wk|month|day|year|scan|run|mr)[0-9]+[a-z]?");
  static const std::set<std::string> words{
      "ed",       "es",     "sa",       "la",       "sax",      "lax",         "2ch",        "3ch",      "4ch",
      "pre",      "post",   "preop",    "postop",   "baseline", "followup",    "bl",         "fu",       "ax",
      "axial",    "tra",    "sag",      "sagittal", "cor",      "coronal",     "left",       "right",    "lt",
      "rt",       "l",      "r",        "od",       "os",       "lcc",         "rcc",        "lmlo",     "rmlo",
      "insp",     "exp",    "arterial", "venous",   "portal",   "delayed",     "native",     "contrast", "systole",
      "diastole", "supine", "prone",    "rest",     "stress",   "inspiration", "expiration", "cc",       "mlo"};
  return words.contains(word) || (hasDigit(word) && std::regex_match(word, numbered));
}

/// Words of how an image was prepared.
bool isPreparation(const std::string& word) {
  static const std::set<std::string> words{"original",   "orig",          "raw",          "resampled",    "cropped",
                                           "registered", "reg",           "coregistered", "preprocessed", "normalized",
                                           "normalised", "stripped",      "nifti",        "nii",          "iso",
                                           "isotropic",  "biascorrected", "n4",           "1mm",          "processed"};
  return words.contains(word);
}

/// How many words a date takes from `at` on: 20190305, 2019-03-05, 03-23-2003; 0 where none begins.
std::size_t dateAt(const Identity& words, std::size_t at) {
  static const std::regex whole("(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([0-9]{6})?"),
      year("(19|20)[0-9]{2}"), part("[0-9]{1,2}");
  if (!digits(words[at])) return 0;
  if (std::regex_match(words[at], whole)) return 1;
  if (at + 3 > words.size() || !std::regex_match(words[at + 1], part)) return 0;
  const auto &first = words[at], &last = words[at + 2];
  const bool forward = std::regex_match(first, year) && std::regex_match(last, part);
  return forward || (std::regex_match(first, part) && std::regex_match(last, year)) ? 3 : 0;
}

/// A name without what tells images of one person apart. Empty where nothing else is left.
Identity person(const Identity& words) {
  Identity kept, undated;
  bool number = false;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto& word = words[n];
    if (const auto date = dateAt(words, n); date > 0) {
      for (std::size_t m = n; m < n + date; ++m) kept.push_back(words[m]);
      n += date - 1;
      continue;
    }
    // "ses-2": the number belongs to the word before it; so does the letter of "m12" behind another number.
    const bool named = n + 1 < words.size() && digits(words[n + 1]) &&
                       (word == "ses" || word == "frame" || word == "visit" || word == "fu" || word == "run");
    static const std::regex when("[mdvywp][0-9]{1,3}|fu[0-9]*[a-z]*|[0-9]+mm");
    if (n > 0 && (named || isAspect(word) || (number && std::regex_match(word, when)))) {
      n += named;
      continue;
    }
    if (isPreparation(word)) continue;
    static const std::regex sided("[0-9]+[lr]");
    undated.push_back(hasDigit(word) && std::regex_match(word, sided) ? word.substr(0, word.size() - 1) : word);
    kept.push_back(undated.back());
    number |= hasDigit(word);
  }
  // A date that is the only number tells people apart.
  auto& out = number ? undated : kept;
  if (std::ranges::all_of(words, isAspect) || std::ranges::all_of(out, isAspect)) out.clear();
  return out;
}

Identity loweredWords(const std::string& text) {
  auto words = wordsOf(text);
  for (auto& word : words) word = lowered(word);
  return words;
}

/// What a folder says of whose images lie in it.
Identity wordsOfFolder(const std::string& folder) {
  auto words = loweredWords(folder);
  if (!words.empty() && dateAt(words, 0) > 0) return {};  // a study
  // Another modality may be of other people.
  std::erase_if(words, [](const auto& word) {
    return isImageWord(word) || isLabelWord(word) || (isContrast(word) && !word.starts_with("mr"));
  });
  return person(words);
}

/// Who, and where: the folders that people are told apart by.
struct Person {
  std::string place;
  Identity words;
};

std::string placeOf(const fs::path& folder) {
  std::string out;
  for (const auto& part : folder) {
    std::string name;
    for (const auto& word : wordsOfFolder(part.string())) name += (name.empty() ? "" : "_") + word;
    if (!name.empty()) out += name + "/";
  }
  return out;
}

/// Numbers of subjects as BIDS ("sub-01"), ADNI ("002_S_0295") and TCGA ("TCGA-06-0184") have them, in a folder's or
/// the file's name.
std::string subjectOf(const fs::path& relative) {
  static const std::regex subject("(^|_)(sub-[A-Za-z0-9]+)(_|$).*", std::regex::icase),
      adni("(^|[^0-9])([0-9]{3}_S_[0-9]{4,5})([^0-9]|$)"),
      tcga("(^|[^A-Z0-9])(TCGA[-_.][A-Z0-9]{2}[-_.][A-Z0-9]{4})([^A-Z0-9]|$)");
  for (const auto& part : relative) {
    const auto text = part.string();
    if (text.size() >= 256) continue;
    std::smatch found;
    if (lowered(text).contains("sub-") && std::regex_search(text, found, subject)) return found.str(2);
    if (text.contains("_S_") && std::regex_search(text, found, adni)) return found.str(2);
    if (text.contains("TCGA") && std::regex_search(text, found, tcga)) return found.str(2);
  }
  return {};
}

/// The folder that says whose the image is, or an empty path.
fs::path folderOf(const fs::path& relative) {
  static const std::regex people("(sub|subject|patient|pat|pt|case|p)[-_ ]?[0-9][0-9a-z]*", std::regex::icase);
  const auto own = loweredWords(stemOf(relative));
  fs::path upTo, called;
  for (const auto& part : relative.parent_path()) {
    upTo /= part;
    const auto name = part.string();
    if (!hasDigit(name)) continue;
    if (std::string_view("sSpPcC").contains(name.front()) && std::regex_match(name, people)) return upTo;
    const auto words = loweredWords(name);
    if (called.empty() && words.size() <= own.size() && std::equal(words.begin(), words.end(), own.begin()))
      called = upTo;
  }
  return called;
}

/// A name of numbers and points alone, as DICOM numbers things: of which no part is a time.
bool isUid(const std::string& stem) {
  return std::ranges::count(stem, '.') >= 4 &&
         std::ranges::all_of(stem, [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

/// Folders of one person each, whatever they are called: 4711234/ct1, 4711234/ct2, 4711235/ct1, ... Beside each other
/// lie more of them than each holds images on average, and most names are, but for their numbers, those of another.
/// Folders of parts, contrasts and visits are none.
std::set<fs::path> foldersOfPeople(const std::vector<std::pair<fs::path, Name>>& images) {
  struct Siblings {
    std::set<fs::path> folders;
    std::map<Identity, std::set<fs::path>> places;  // by a name without its numbers
    std::vector<Identity> names;
  };
  std::map<fs::path, Siblings> byParent;
  for (const auto& [relative, name] : images) {
    const auto folder = relative.parent_path();
    const auto called = folder.filename().string();
    if (!splitOf(fs::path(called) / "x").empty() || wordsOfFolder(called).empty() ||
        std::ranges::any_of(loweredWords(called), [](const auto& word) { return isContrast(word); }))
      continue;
    auto kind = name.stem;
    for (auto& word : kind)
      if (std::erase_if(word, [](unsigned char c) { return std::isdigit(c); }) > 0) word += '#';
    auto& own = byParent[folder.parent_path()];
    own.folders.insert(folder);
    own.places[kind].insert(folder);
    own.names.push_back(std::move(kind));
  }
  std::set<fs::path> out;
  for (const auto& [parent, own] : byParent) {
    const auto each = static_cast<double>(own.names.size()) / static_cast<double>(own.folders.size());
    const auto shared =
        std::ranges::count_if(own.names, [&](const auto& kind) { return own.places.at(kind).size() > 1; });
    if (each <= static_cast<double>(kMostTimes) && each < static_cast<double>(own.folders.size()) &&
        2 * shared >= std::ssize(own.names))
      out.insert(own.folders.begin(), own.folders.end());
  }
  return out;
}

/// `kinds`: names of files without a number that occur in several folders; `persons`: folders of one person each.
Person personOf(const fs::path& relative, const Name& name, const std::set<Identity>& kinds,
                const std::set<fs::path>& persons) {
  if (const auto subject = subjectOf(relative); !subject.empty()) return {"", {subject}};
  const auto folder = folderOf(relative);
  if (!folder.empty()) {
    const auto words = wordsOfFolder(folder.filename().string());
    return {placeOf(folder.parent_path()), words.empty() ? loweredWords(folder.filename().string()) : words};
  }
  const auto stem = stemOf(relative);
  const auto parent = relative.parent_path();
  if (isUid(stem)) return {placeOf(parent), {stem}};
  if (persons.contains(parent)) return {placeOf(parent.parent_path()), wordsOfFolder(parent.filename().string())};
  auto words = person(name.stem);
  if (!words.empty() && !kinds.contains(name.stem)) {
    if (digits(parent.filename().string())) {  // 00012/1.nii.gz
      words.insert(words.begin(), parent.filename().string());
      return {placeOf(parent.parent_path()), words};
    }
    return {placeOf(parent), words};
  }
  for (auto at = parent; at.has_filename(); at = at.parent_path())
    if (auto own = wordsOfFolder(at.filename().string());
        !own.empty() && !std::ranges::all_of(own, [](const auto& word) { return isContrast(word); }))
      return {placeOf(at.parent_path()), own};
  return {"", name.stem};
}

/// Whether the last `count` words are numbers or letters that may tell times apart, behind a number that says who.
bool mayBeTimes(const Identity& words, std::size_t count) {
  if (words.size() <= count) return false;
  const auto counts = [](const std::string& word) {
    return digits(word) || (word.size() == 1 && std::isalpha(static_cast<unsigned char>(word[0])));
  };
  const auto last = words.end() - static_cast<std::ptrdiff_t>(count);
  return std::all_of(last, words.end(), counts) && std::any_of(words.begin(), last, hasDigit);
}

/// Takes the last `count` words away where they are times.
void removeTimes(std::vector<Person>& people, std::size_t count) {
  struct Before {
    std::map<Identity, std::set<Identity>> times;  // by what stands before them
    std::set<Identity> numbers;                    // its words with digits
  };
  // By what names of one kind have in common: their place, and where their words have numbers.
  std::map<std::pair<std::string, Identity>, Before> kinds;
  const auto cut = [&](const Person& one) { return one.words.end() - static_cast<std::ptrdiff_t>(count); };
  const auto kindOf = [&](const Person& one) {
    Identity kind(one.words.begin(), cut(one));
    for (auto& word : kind) {
      const bool number = hasDigit(word);
      if (!number || std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c); })) word.clear();
      std::erase_if(word, [](unsigned char c) { return std::isdigit(c); });
      word += number ? "#" : "*";
    }
    return std::pair(one.place, kind);
  };
  for (const auto& one : people) {
    if (!mayBeTimes(one.words, count)) continue;
    auto& kind = kinds[kindOf(one)];
    Identity before(one.words.begin(), cut(one)), numbers = before;
    std::erase_if(numbers, [](const auto& word) { return !hasDigit(word); });
    kind.numbers.insert(numbers);
    kind.times[before].insert({cut(one), one.words.end()});
  }
  for (auto& one : people) {
    if (!mayBeTimes(one.words, count)) continue;
    const auto& kind = kinds.at(kindOf(one));
    std::size_t all = 0, most = 0;
    for (const auto& [before, times] : kind.times) all += times.size(), most = std::max(most, times.size());
    if (kind.numbers.size() > 1 && most > 1 && most <= kMostTimes &&
        static_cast<double>(all) <= kMeanTimes * static_cast<double>(kind.times.size()))
      one.words.erase(cut(one), one.words.end());
  }
}

}  // namespace

People peopleOf(const std::vector<std::pair<fs::path, Name>>& images) {
  std::map<Identity, std::set<fs::path>> places;
  for (const auto& [relative, name] : images)
    if (std::ranges::none_of(name.stem, hasDigit)) places[name.stem].insert(relative.parent_path());
  std::set<Identity> kinds;
  for (const auto& [stem, folders] : places)
    if (folders.size() > 1) kinds.insert(stem);
  const auto persons = foldersOfPeople(images);
  std::vector<Person> people;
  for (const auto& [relative, name] : images) people.push_back(personOf(relative, name, kinds, persons));
  for (const std::size_t count : {3, 2, 1}) removeTimes(people, count);  // 1_a_2, 0005_1, 0005_b
  People out;
  std::map<std::string, std::size_t> first;
  for (std::size_t n = 0; n < images.size(); ++n) {
    const auto& [relative, name] = images[n];
    std::string who = people[n].place;
    for (std::size_t w = 0; w < people[n].words.size(); ++w) who += (w > 0 ? "_" : "") + people[n].words[w];
    const auto& [other, called] = images[first.try_emplace(who, n).first->second];
    if (!out.joined && (called.place != name.place || called.stem != name.stem)) out.joined.emplace(other, relative);
    out.patients.emplace(relative, std::move(who));
  }
  return out;
}

}  // namespace lorkd::data::layout
