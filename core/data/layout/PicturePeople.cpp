#include "core/data/layout/PicturePeople.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <regex>
#include <set>

#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace {

bool isNumber(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c); });
}

std::vector<std::string> tokensOf(const std::string& text) {
  std::vector<std::string> out(1);
  for (const unsigned char c : io::lowered(text))
    if (std::isalnum(c) || c >= 128)
      out.back() += static_cast<char>(c);
    else if (!out.back().empty())
      out.emplace_back();
  if (out.back().empty()) out.pop_back();
  return out;
}

/// What tells pictures of one person apart: side, view, or which of them it is.
bool tellsPictures(const std::string& word) {
  static const std::set<std::string> views{"left", "right", "l",    "r",   "od", "os",      "cc",      "mlo",
                                           "lcc",  "rcc",   "lmlo", "ap",  "pa", "lateral", "frontal", "lat",
                                           "rmlo", "front", "side", "pre", "up", "post"};
  static const std::regex counted("(view|image|img|slice|frame|scan|pic|roi|tile|patch|crop|t|visit|study)[0-9]+");
  return views.contains(word) || std::regex_match(word, counted);
}

bool holdsLongNumber(const std::string& word) {
  int digits = 0;
  for (const unsigned char c : word) {
    digits = std::isdigit(c) ? digits + 1 : 0;
    if (digits == 3) return true;
  }
  return false;
}

/// Without guards: what the name would say.
std::string personIn(const PictureName& picture) {
  static const std::regex barcode("(tcga-[a-z0-9]{2}-[a-z0-9]{4}).*"),
      person("(person|patient|subject|subj|sub|pat|pt|case|p|pid|id)[0-9]+");
  static const std::set<std::string> people{"person", "patient", "subject", "subj", "sub", "pat", "pid", "case"};
  const auto name = io::lowered(picture.stem);
  if (std::smatch found; std::regex_match(name, found, barcode)) return found[1];
  auto words = tokensOf(name);
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (std::regex_match(words[n], person)) return words[n];
    if (n + 1 < words.size() && people.contains(words[n]) && isNumber(words[n + 1])) return words[n] + words[n + 1];
  }
  // A long number that more follows is somebody's: OAS1_0028_MR1_mpr-1_100.
  const auto id = std::ranges::find_if(words, holdsLongNumber);
  bool counted = false, dropped = id != words.end() && id + 1 != words.end();
  if (dropped)
    words.erase(id + 1, words.end());
  else
    for (; words.size() > 1 && (tellsPictures(words.back()) || (!counted && isNumber(words.back()))); dropped = true) {
      counted |= isNumber(words.back());
      words.pop_back();
    }
  if (!dropped) return {};
  // The class is no part of who it is: people may have pictures in several.
  const auto cls = tokensOf(picture.cls);
  if (words.size() > cls.size() && std::ranges::equal(cls, words | std::views::take(cls.size())))
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(cls.size()));
  std::string out;
  bool number = false;
  for (const auto& word : words) {
    out += (out.empty() ? "" : "-") + word;
    number |= std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c); });
  }
  return number ? out : "";
}

}  // namespace

std::vector<std::string> peopleOf(const std::vector<PictureName>& pictures) {
  std::vector<std::string> out;
  std::map<std::string, std::size_t> counts;
  std::map<std::string, std::set<std::string>> ofClass;
  for (const auto& picture : pictures) {
    out.push_back(personIn(picture));
    ++counts[out.back()];
    ofClass[picture.cls].insert(out.back());
  }
  // "covid-19-7" is not of a person called covid-19: no person is most of a set, or the whole of each class.
  std::size_t most = 0;
  for (const auto& [person, count] : counts)
    if (!person.empty()) most = std::max(most, count);
  constexpr std::size_t kFew = 20;
  const bool whole = std::ranges::all_of(ofClass, [](const auto& cls) { return cls.second.size() == 1; });
  if ((pictures.size() > 2 && whole) || (most > kFew && 2 * most > pictures.size()))
    for (auto& person : out) person.clear();
  return out;
}

}  // namespace lorkd::data::layout
