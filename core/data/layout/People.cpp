#include "core/data/layout/People.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include "core/data/layout/PeopleTimes.h"
#include "core/data/layout/PeopleWords.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

/// What a folder says of whose images lie in it.
Identity wordsOfFolder(const std::string& folder) {
  auto words = identityOf(folder);
  if (beginsWithDate(words)) return {};  // a study
  // Another modality may be of other people.
  std::erase_if(words, [](const auto& word) {
    return isImageWord(word) || isLabelWord(word) || (isContrast(word) && !word.starts_with("mr"));
  });
  auto own = personIn(words);
  if (!own.date.empty() && std::ranges::all_of(own.words, isCommonWord))
    own.words.insert(own.words.end(), own.date.begin(), own.date.end());
  return own.words;
}

std::string placeOf(const fs::path& folder) {
  std::string out;
  for (const auto& part : folder) {
    std::string name;
    for (const auto& word : wordsOfFolder(part.string())) name += (name.empty() ? "" : "_") + word;
    if (!name.empty()) out += name + "/";
  }
  return out;
}

/// The folder that says whose the image is, or an empty path.
fs::path folderOf(const fs::path& relative) {
  static const std::regex people("(sub|subject|patient|pat|pt|case|p)[-_ ]?[0-9][0-9a-z]*", std::regex::icase);
  const auto own = identityOf(stemOf(relative));
  fs::path upTo, called;
  for (const auto& part : relative.parent_path()) {
    upTo /= part;
    const auto name = part.string();
    if (!hasDigit(name)) continue;
    if (std::string_view("sSpPcC").contains(name.front()) && std::regex_match(name, people)) return upTo;
    const auto words = identityOf(name);
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

/// The folder in which an image lies, without those of visits, contrasts and preparation: what may be a person's.
fs::path ownFolder(const fs::path& relative) {
  auto folder = relative.parent_path();
  while (folder.has_parent_path()) {
    const auto words = identityOf(folder.filename().string());
    const bool said =
        std::ranges::any_of(words, [](const auto& word) { return isImageWord(word) || isLabelWord(word); });
    const bool contrast = std::ranges::all_of(words, isContrast);
    if (!isStudy(words) && !contrast && (said || !wordsOfFolder(folder.filename().string()).empty())) break;
    folder = folder.parent_path();
  }
  return folder;
}

/// Folders that lie beside each other, and what images in them are called.
struct Siblings {
  std::set<fs::path> folders;
  std::map<Identity, std::set<fs::path>> places;  // by a name without its numbers
  std::vector<Identity> names;
  bool counted = true;  // numbers in names are small

  /// More of them than each holds images on average, or a few that count theirs, and most names are, but for their
  /// numbers, those of another.
  bool arePeople() const {
    const auto each = static_cast<double>(names.size()) / static_cast<double>(folders.size());
    const auto shared = std::ranges::count_if(names, [&](const auto& name) { return places.at(name).size() > 1; });
    const bool few =
        each < static_cast<double>(folders.size()) || (counted && folders.size() > 1 && each <= kMeanTimes);
    return each <= static_cast<double>(kMostTimes) && few && 2 * shared >= std::ssize(names);
  }
};

/// Folders of one person each, whatever they are called: 4711234/ct1, 4711234/ct2, 4711235/ct1, ... Folders of parts,
/// sites and kinds of images are none.
std::set<fs::path> foldersOfPeople(const NamedImages& images, ImageKind imageKind) {
  std::map<fs::path, Siblings> byParent;
  for (const auto& [relative, name] : images) {
    const auto folder = ownFolder(relative);
    const auto called = folder.filename().string();
    const auto words = wordsOfFolder(called);
    if (!splitOf(fs::path(called) / "x").empty() || words.empty() || isGroupWord(words.front()) ||
        std::ranges::all_of(words, isCommonWord) || std::ranges::any_of(identityOf(called), isContrast))
      continue;
    auto kind = name.stem;
    auto& own = byParent[folder.parent_path()];
    for (auto& word : kind)
      if (const auto number = std::erase_if(word, [](unsigned char c) { return std::isdigit(c); }); number > 0) {
        own.counted = own.counted && number <= 2 && imageKind == ImageKind::Volumes;
        word += '#';
      }
    own.folders.insert(folder);
    own.places[kind].insert(folder);
    own.names.push_back(std::move(kind));
  }
  std::set<fs::path> out;
  for (const auto& [parent, own] : byParent)
    if (own.arePeople()) out.insert(own.folders.begin(), own.folders.end());
  return out;
}

/// What all names of a set say together.
struct Together {
  std::set<Identity> kinds;    // names of files without a number that occur in several folders
  std::set<fs::path> persons;  // folders of one person each
  ImageKind kind;
};

Person personOf(const fs::path& relative, const Name& name, const Together& all) {
  if (const auto subject = subjectOf(relative); !subject.empty()) return {"", {subject}, {}, true};
  if (const auto folder = folderOf(relative); !folder.empty()) {
    const auto words = wordsOfFolder(folder.filename().string());
    return {placeOf(folder.parent_path()), words.empty() ? identityOf(folder.filename().string()) : words, {}, true};
  }
  const auto stem = stemOf(relative);
  const auto parent = relative.parent_path();
  if (isUid(stem)) return {placeOf(parent), {stem}};
  if (const auto folder = ownFolder(relative); all.persons.contains(folder))
    return {placeOf(folder.parent_path()), wordsOfFolder(folder.filename().string()), {}, true};
  const auto called = identityOf(name.stem);
  const bool pictures = all.kind == ImageKind::Pictures;
  if (const auto end = endOfPerson(called, pictures); end > 0) {
    // Words of kinds come before the person in names of pictures: bacteria_person1_2.
    const auto begin = pictures ? end - (digits(called[end - 1]) ? 2 : 1) : 0;
    return {placeOf(parent),
            {called.begin() + static_cast<std::ptrdiff_t>(begin), called.begin() + static_cast<std::ptrdiff_t>(end)},
            {},
            true};
  }
  auto own = personIn(called);
  if (!own.words.empty() && !all.kinds.contains(name.stem)) {
    if (digits(parent.filename().string())) {  // 00012/1.nii.gz
      own.words.insert(own.words.begin(), parent.filename().string());
      return {placeOf(parent.parent_path()), own.words, own.date};
    }
    return {placeOf(parent), own.words, own.date};
  }
  const bool dated = own.words.empty() && !own.date.empty();
  for (auto at = parent; at.has_filename(); at = at.parent_path())
    if (auto words = wordsOfFolder(at.filename().string());
        !words.empty() && !std::ranges::all_of(words, dated ? isCommonWord : isContrast))
      return {placeOf(at.parent_path()), words};
  return dated ? Person{placeOf(parent), {}, own.date} : Person{"", name.stem};
}

}  // namespace

People peopleOf(const NamedImages& images, ImageKind kind) {
  Together all{{}, foldersOfPeople(images, kind), kind};
  std::map<Identity, std::set<fs::path>> places;
  for (const auto& [relative, name] : images)
    if (std::ranges::none_of(name.stem, hasDigit)) places[name.stem].insert(relative.parent_path());
  for (const auto& [stem, folders] : places)
    if (folders.size() > 1) all.kinds.insert(stem);
  std::vector<Person> people;
  for (const auto& [relative, name] : images) people.push_back(personOf(relative, name, all));
  removeTimes(people, kind);
  People out;
  struct Own {
    std::size_t first, images = 0;
    bool joined = false;
  };
  std::map<std::string, Own> known;
  for (std::size_t n = 0; n < images.size(); ++n) {
    const auto& [relative, name] = images[n];
    out.told |= people[n].told;
    std::string who = people[n].place;
    for (std::size_t w = 0; w < people[n].words.size(); ++w) who += (w > 0 ? "_" : "") + people[n].words[w];
    auto& own = known.try_emplace(who, Own{n}).first->second;
    ++own.images;
    const auto& [other, called] = images[own.first];
    if (called.place != name.place || called.stem != name.stem) {
      own.joined = true;
      if (!out.joined) out.joined.emplace(other, relative);
    }
    out.patients.emplace(relative, who);
    out.who.push_back(std::move(who));
  }
  for (const auto& [who, own] : known)
    if (own.joined) out.images += own.images, ++out.people;
  return out;
}

}  // namespace lorkd::data::layout
