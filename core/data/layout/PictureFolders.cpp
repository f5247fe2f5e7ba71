#include "core/data/layout/PictureFolders.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/data/layout/Words.h"
#include "core/image/Label.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

enum class Level { Classes, AskedClasses, People, Group };

/// A picture's folders, without what they say of kinds and parts.
struct Folders {
  std::vector<std::string> names;
  bool known = false;  ///< what kind of file it is
};

/// Numbers replaced: "grade3" is "grade#".
std::string pattern(const std::string& name) {
  std::string out;
  for (const unsigned char c : io::lowered(name))
    if (!std::isdigit(c))
      out += static_cast<char>(c);
    else if (out.empty() || out.back() != '#')
      out += '#';
  return out;
}

/// Whether a name holds a number as ids do: three digits or more in a row, or a long mix of letters and digits.
bool holdsId(const std::string& name) {
  static const std::regex id(".*[0-9]{3}.*|(?=.*[0-9])[0-9a-f]{8,}", std::regex::icase);
  return std::regex_match(name, id);
}

std::string quotedNames(const std::set<std::string>& names) {
  std::string out;
  std::size_t n = 0;
  for (const auto& name : names) {
    if (++n > 4) return out + ", ... (" + std::to_string(names.size()) + " names)";
    out += (out.empty() ? "" : ", ") + name.substr(0, 60);
  }
  return out;
}

/// Names that differ in their number alone.
Level numberedLevel(const std::set<std::string>& names, bool inSeveralParts) {
  std::string word;
  for (const unsigned char c : pattern(*names.begin()))
    if (std::isalpha(c)) word += static_cast<char>(c);
  static const std::set<std::string> degrees{"grade",   "class", "cls",     "level",    "score", "birads",
                                             "kl",      "stage", "density", "category", "type",  "isup",
                                             "gleason", "label", "acr",     "severity"};
  static const std::set<std::string> groups{"fold",    "part",  "batch",    "x",      "view",  "study", "series",
                                            "session", "visit", "scan",     "set",    "slide", "roi",   "tile",
                                            "page",    "frame", "site",     "center", "run",   "time",  "video",
                                            "exam",    "zip",   "hospital", "centre"};
  if (degrees.contains(word)) return Level::Classes;
  if (groups.contains(word)) return Level::Group;
  if (!word.empty()) return std::ranges::all_of(names, holdsId) ? Level::People : Level::AskedClasses;
  // Bare numbers are degrees where they count on from 0 or 1, above all where each part of the set has them again.
  std::set<long> numbers;
  for (const auto& name : names)
    if (name.size() > 3 || !std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); }))
      return Level::People;
    else
      numbers.insert(std::stol(name));
  constexpr std::size_t kMostDegrees = 20;
  const bool counts = *numbers.begin() <= 1 && *numbers.rbegin() - *numbers.begin() + 1 == std::ssize(numbers);
  if (!counts || numbers.size() > kMostDegrees) return Level::People;
  return inSeveralParts || (*numbers.begin() == 0 && numbers.size() <= 10) ? Level::Classes : Level::AskedClasses;
}

Level levelOf(const std::set<std::string>& names, std::size_t pictures, bool inSeveralParts) {
  static const std::regex people("(sub|subject|patient|pat|pt|case|person|p)[-_ ]?[0-9][0-9a-z]*|sub-.+",
                                 std::regex::icase);
  const auto most = [&](auto is) {
    return 2 * static_cast<std::size_t>(std::ranges::count_if(names, is)) > names.size();
  };
  if (names.size() < 2) return Level::Group;
  if (most([](const auto& name) { return std::regex_match(name, people); })) return Level::People;
  const auto first = pattern(*names.begin());
  if (first.find('#') != first.npos &&
      std::ranges::all_of(names, [&](const auto& name) { return pattern(name) == first; }))
    return numberedLevel(names, inSeveralParts);
  if (most(holdsId)) return Level::People;
  constexpr std::size_t kMostClasses = 1000, kFew = 10;
  if (names.size() > kMostClasses) return Level::People;
  return pictures >= kFew && 2 * names.size() > pictures ? Level::AskedClasses : Level::Classes;
}

/// Names of views, sides and contrasts: they tell pictures of one class apart.
bool saysView(const std::string& name) {
  static const std::set<std::string> views{
      "ap",     "pa",    "lat",    "lateral",  "frontal",    "oblique",     "left",     "right",   "l",
      "r",      "cc",    "mlo",    "lcc",      "rcc",        "lmlo",        "rmlo",     "od",      "os",
      "ax",     "sag",   "cor",    "axial",    "transverse", "transversal", "sagittal", "coronal", "front",
      "back",   "top",   "bottom", "anterior", "posterior",  "medial",      "dorsal",   "ventral", "upright",
      "supine", "prone", "links",  "rechts",   "view",       "side"};
  const auto words = wordsOf(name);
  return !words.empty() && std::ranges::all_of(words, [](const auto& word) {
    const auto low = io::lowered(word);
    return views.contains(low) || isContrast(low);
  });
}

/// Words that only classes are called.
bool saysClass(const std::string& name) {
  static const std::set<std::string> classes{
      "normal",   "abnormal",   "benign",  "malignant", "positive", "negative",  "pos",        "neg",
      "yes",      "no",         "healthy", "ill",       "sick",     "diseased",  "control",    "controls",
      "cancer",   "tumor",      "tumour",  "notumor",   "notumour", "pneumonia", "fracture",   "fractured",
      "infected", "uninfected", "ok",      "good",      "bad",      "defect",    "pathologic", "pathological"};
  return std::ranges::any_of(wordsOf(name), [](const auto& word) { return classes.contains(io::lowered(word)); });
}

/// A picture's place as far as it stands for itself alone.
Folders ownFolders(const fs::path& relative, PicturePlace& place) {
  Folders out;
  place.mask = nameOf(relative.filename(), {}).callsItselfLabels;
  out.known = place.mask;
  const auto above = relative.parent_path();
  for (const auto& folder : above) {
    auto words = folderWords(folder.string());
    place.copy |= words.copies;
    if (!words.split.empty()) place.split = words.split == "validation" ? "val" : words.split;
    if (words.kind) {
      out.known = true;
      place.mask |= *words.kind == Role::Labels;
    }
    if (!words.rest.empty()) out.names.push_back(std::move(words.rest));
  }
  return out;
}

/// Levels of folders from where pictures begin to differ on.
class Levels {
 public:
  Levels(std::vector<Folders>& folders, const std::vector<PicturePlace>& places) {
    for (std::size_t n = 0; n < folders.size(); ++n)
      if (!places[n].mask && !folders[n].names.empty()) m_own.push_back({&folders[n].names, &places[n].split});
    for (std::size_t depth = 0;; ++depth) {
      std::set<std::string> names;
      std::map<std::string, std::set<std::string>> parts;
      std::size_t pictures = 0;
      for (const auto& [own, split] : m_own)
        if (depth < own->size()) ++pictures, names.insert((*own)[depth]), parts[(*own)[depth]].insert(*split);
      if (names.empty()) break;
      const bool again = std::ranges::any_of(parts, [](const auto& part) { return part.second.size() > 1; });
      m_names.push_back(names);
      m_kinds.push_back(levelOf(names, pictures, again));
    }
    leaveOutGroups();
  }
  std::size_t depth() const { return m_names.size(); }
  Level kind(std::size_t depth) const { return m_kinds[depth]; }
  bool classes(std::size_t depth) const { return m_kinds[depth] <= Level::AskedClasses; }
  const std::set<std::string>& names(std::size_t depth) const { return m_names[depth]; }
  /// Which of two levels is of classes, where that is to be asked.
  const std::string& question() const { return m_question; }

 private:
  /// Where the names of a deeper level come again below several of an upper one, only one of the two is of classes.
  void leaveOutGroups() {
    for (std::size_t upper = 0; upper < depth(); ++upper)
      for (std::size_t lower = upper + 1; lower < depth() && classes(upper); ++lower) {
        if (!classes(lower)) continue;
        std::map<std::string, std::set<std::string>> above;
        for (const auto& [own, split] : m_own)
          if (lower < own->size()) above[(*own)[lower]].insert((*own)[upper]);
        const auto again = std::ranges::count_if(above, [](const auto& one) { return one.second.size() > 1; });
        if (2 * static_cast<std::size_t>(again) >= above.size()) leaveOutOne(upper, lower);
      }
    // What may be classes is none beside what is.
    if (std::ranges::count(m_kinds, Level::Classes) > 0)
      for (auto& kind : m_kinds)
        if (kind == Level::AskedClasses) kind = Level::Group;
  }

  /// Sites, views and the like are no classes. By their places alone nobody can tell which of the two they are.
  void leaveOutOne(std::size_t upper, std::size_t lower) {
    const auto all = [&](std::size_t depth, auto is) { return std::ranges::all_of(m_names[depth], is); };
    const auto some = [&](std::size_t depth) { return std::ranges::any_of(m_names[depth], saysClass); };
    const bool views = all(lower, saysView), viewsAbove = all(upper, saysView);
    const bool told = views != viewsAbove || some(lower) != some(upper);
    const bool keepUpper = views != viewsAbove ? views : some(upper) && !some(lower);
    m_kinds[keepUpper ? lower : upper] = Level::Group;
    if (!told)
      m_question = "each of the folders " + quotedNames(m_names[upper]) + " holds the folders " +
                   quotedNames(m_names[lower]) + ", and either may be the classes; if it is the upper ones, put " +
                   "their pictures together in each, or add a table that begins with a line such as filename,label; " +
                   "here those below are the classes";
  }

  std::string m_question;
  std::vector<std::pair<const std::vector<std::string>*, const std::string*>> m_own;
  std::vector<std::set<std::string>> m_names;
  std::vector<Level> m_kinds;
};

std::string refusalOf(const std::vector<Folders>& folders, const std::vector<PicturePlace>& places,
                      const Levels& levels) {
  const auto masks = std::ranges::count_if(places, [](const auto& place) { return place.mask; });
  const bool kinds = std::ranges::any_of(folders, [](const auto& own) { return own.known; });
  if (masks > 0)
    return "names say that " + std::to_string(masks) +
           " of the pictures are masks, and no folder names a class: this " + "looks like a set for 2D segmentation";
  for (std::size_t depth = 0; depth < levels.depth(); ++depth)
    if (levels.kind(depth) == Level::People)
      return "the folders " + quotedNames(levels.names(depth)) + " look like patients or numbers, not like classes";
  if (kinds) return "the folders only say what the files are, not what the pictures show";
  for (std::size_t depth = 0; depth < levels.depth(); ++depth)
    if (levels.names(depth).size() == 1 && depth + 1 == levels.depth())
      return "all pictures lie in one folder, " + quotedNames(levels.names(depth)) +
             ": nothing tells one class from another; choose the folder above, which holds all classes";
  return "no folder names a class";
}

}  // namespace

PictureFolders pictureFolders(const std::vector<fs::path>& relative) {
  PictureFolders out;
  out.pictures.resize(relative.size());
  std::vector<Folders> folders;
  for (std::size_t n = 0; n < relative.size(); ++n) folders.push_back(ownFolders(relative[n], out.pictures[n]));
  // Augmented pictures alone are the set; beside those that they were made of, they would carry test into training.
  if (std::ranges::all_of(out.pictures, [](const auto& place) { return place.copy; }))
    for (auto& place : out.pictures) place.copy = false;
  const Levels levels(folders, out.pictures);
  std::vector<std::map<std::string, int>> numbers(levels.depth());
  std::map<std::string, int> known;  // one name is one class, at whatever level and in whatever letter case
  out.question = levels.question();
  for (std::size_t depth = 0; depth < levels.depth(); ++depth) {
    if (levels.kind(depth) == Level::Group && levels.names(depth).size() > 1)
      out.told += (out.told.empty() ? "" : "; ") + quotedNames(levels.names(depth));
    if (!levels.classes(depth)) continue;
    if (levels.kind(depth) == Level::AskedClasses)
      out.question = "the folders " + quotedNames(levels.names(depth)) + " may be classes, or something else";
    for (const auto& name : levels.names(depth)) {
      const auto [at, added] = known.emplace(image::folded(name), static_cast<int>(out.classes.size()));
      if (added) out.classes.push_back(name);
      const auto& first = out.classes[static_cast<std::size_t>(at->second)];
      if (first != name) out.alike.push_back(name + " and " + first);
      numbers[depth][name] = at->second;
    }
  }
  for (std::size_t n = 0; n < relative.size(); ++n) {
    auto& place = out.pictures[n];
    for (std::size_t depth = 0; depth < folders[n].names.size() && depth < levels.depth(); ++depth) {
      const auto& name = folders[n].names[depth];
      if (levels.kind(depth) == Level::People && place.person.empty()) place.person = io::lowered(name);
      if (const auto at = numbers[depth].find(name); at != numbers[depth].end() && !place.mask)
        if (std::ranges::count(place.classes, at->second) == 0) place.classes.push_back(at->second);
    }
  }
  if (out.classes.size() < 2) {
    out.classes.clear();
    for (auto& place : out.pictures) place.classes.clear();
    out.question.clear();
    out.alike.clear();
    out.refusal = refusalOf(folders, out.pictures, levels);
  }
  return out;
}

}  // namespace lorkd::data::layout
