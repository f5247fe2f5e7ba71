#include "core/data/layout/PeopleTimes.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/data/layout/Words.h"

namespace lorkd::data::layout {
namespace {

using Key = std::pair<std::string, Identity>;  // a place, and words there

bool isLetterWord(const std::string& word) {
  return word.size() == 1 && std::isalpha(static_cast<unsigned char>(word[0]));
}

/// The first words of a person, without the last `count`.
Identity without(const Person& one, std::size_t count) {
  return {one.words.begin(), one.words.end() - static_cast<std::ptrdiff_t>(count)};
}

/// A date tells times apart where a name stands beside it: "meier", but neither "brain" nor a name of many dates.
void takeDates(std::vector<Person>& people) {
  std::map<Key, std::set<Identity>> dates;
  for (const auto& one : people) dates[{one.place, one.words}].insert(one.date);
  for (auto& one : people) {
    if (one.date.empty() || std::ranges::any_of(one.words, hasDigit)) continue;
    const Key key(one.place, one.words);
    if (std::ranges::all_of(one.words, isCommonWord) || dates.at(key).size() > kMostTimes) {
      auto dated = one.words;
      dated.insert(dated.end(), one.date.begin(), one.date.end());
      one.words = std::move(dated);
    }
  }
}

/// No person has most pictures of a set.
bool hasMost(std::size_t own, std::size_t all) {
  constexpr std::size_t kFew = 20;
  return own > kFew && 2 * own > all;
}

/// In names of pictures a long number that more follows is somebody's: oas1_0028_mpr_1_100.
void cutBehindLongNumbers(std::vector<Person>& people) {
  const auto isLong = [](const Identity& words, std::size_t n) {
    std::size_t run = 0, longest = 0;
    for (const unsigned char c : words[n]) longest = std::max(longest, run = std::isdigit(c) ? run + 1 : 0);
    return longest >= 3 && mayNumberPeople(words, n);
  };
  const auto cut = [&](const Person& one) {
    for (std::size_t n = 0; n + 1 < one.words.size(); ++n)
      if (isLong(one.words, n)) return one.words.size() - n - 1;
    return std::size_t(0);
  };
  std::map<Key, std::size_t> counts;
  for (const auto& one : people) ++counts[{one.place, without(one, cut(one))}];
  for (auto& one : people)
    if (auto words = without(one, cut(one)); !hasMost(counts.at({one.place, words}), people.size()))
      one.words = std::move(words);
}

/// Names of one kind: their place, and where their words have numbers.
struct Kind {
  std::map<Identity, std::set<Identity>> times;  // by what stands before them
  std::set<Identity> numbers;                    // words with digits of what stands before them
  std::set<std::string> letters;                 // among the times
  std::set<Identity> others;                     // what stands before words that are no times
  std::size_t images = 0, most = 0;              // of one name, too

  /// Whether what comes last tells times apart.
  bool tellsTimes(ImageKind kind, std::size_t set) const {
    std::size_t all = 0, largest = 0;
    for (const auto& [before, own] : times) all += own.size(), largest = std::max(largest, own.size());
    if (numbers.size() < 2 || largest < 2 || (!letters.empty() && !letters.contains("a"))) return false;
    // Beside 01_g and 01_h there is 01_dr: these are kinds of people.
    if (2 * others.size() >= times.size()) return false;
    if (kind == ImageKind::Pictures) return !hasMost(most, set);
    return largest <= kMostTimes && static_cast<double>(all) <= kMeanTimes * static_cast<double>(times.size());
  }
};

Key kindOfPerson(const Person& one, std::size_t count) {
  auto words = without(one, count);
  for (auto& word : words) {
    const bool number = hasDigit(word);
    if (!number || std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c); })) word.clear();
    std::erase_if(word, [](unsigned char c) { return std::isdigit(c); });
    word += number ? "#" : "*";
  }
  return {one.place, std::move(words)};
}

/// Whether what stands before the last `count` words may be a person's number.
bool isNumbered(const Person& one, std::size_t count) {
  if (one.words.size() <= count) return false;
  const auto before = without(one, count);
  for (std::size_t n = 0; n < before.size(); ++n)
    if (mayNumberPeople(before, n)) return true;
  return false;
}

bool endsInTimes(const Person& one, std::size_t count) {
  return std::all_of(one.words.end() - static_cast<std::ptrdiff_t>(count), one.words.end(),
                     [](const auto& word) { return digits(word) || isLetterWord(word); });
}

/// Takes the last `count` words away where they are times.
void cutNumbers(std::vector<Person>& people, std::size_t count, ImageKind kind) {
  std::map<Key, Kind> kinds;
  std::map<Key, std::size_t> images;
  const auto numbersOf = [](Identity words) {
    std::erase_if(words, [](const auto& word) { return !hasDigit(word); });
    return words;
  };
  for (const auto& one : people) {
    // Who has one image alone, without a number behind the own one.
    if (isNumbered(one, 0)) kinds[kindOfPerson(one, 0)].numbers.insert(numbersOf(one.words));
    if (!isNumbered(one, count)) continue;
    auto& own = kinds[kindOfPerson(one, count)];
    const auto before = without(one, count);
    if (!endsInTimes(one, count)) {
      own.others.insert(before);
      continue;
    }
    own.numbers.insert(numbersOf(before));
    Identity time(one.words.end() - static_cast<std::ptrdiff_t>(count), one.words.end());
    std::ranges::copy_if(time, std::inserter(own.letters, own.letters.end()), isLetterWord);
    own.times[before].insert(std::move(time));
    own.most = std::max(own.most, ++images[{one.place, before}]);
  }
  for (auto& [key, own] : kinds) std::erase_if(own.others, [&](const auto& one) { return !own.times.contains(one); });
  for (auto& one : people)
    if (isNumbered(one, count) && endsInTimes(one, count) &&
        kinds.at(kindOfPerson(one, count)).tellsTimes(kind, people.size()))
      one.words = without(one, count);
}

/// A name in words, and which of its images it is: "meier", "2"; empty if it is not so.
std::pair<Identity, std::string> namedAndCounted(const Person& one) {
  if (one.words.empty()) return {};
  auto name = one.words;
  auto last = name.back();
  name.pop_back();
  if (const auto number = std::ranges::find_if(last, [](unsigned char c) { return std::isdigit(c); });
      number - last.begin() >= 4 && digits(std::string(number, last.end()))) {  // "meier2"
    name.emplace_back(last.begin(), number);
    last.erase(last.begin(), number);
  }
  const auto isName = [](const std::string& word) {
    return word.size() >= 3 && std::ranges::any_of(word, [](unsigned char c) {
             return c >= 128 || std::string_view("aeiouy").contains(static_cast<char>(c));
           });
  };
  const bool counts = (digits(last) && (last.size() <= 2 || isYear(last))) || (isLetterWord(last) && last <= "l");
  if (!counts || std::ranges::any_of(name, hasDigit) || std::ranges::all_of(name, isCommonWord) ||
      std::ranges::none_of(name, isName))
    return {};
  return {name, last};
}

/// Small numbers behind several names that are words count images of each: meier_1, meier_2, huber_1.
void cutCounts(std::vector<Person>& people) {
  struct Names {
    std::map<Identity, std::set<std::string>> counts;
    bool fits() const {
      std::size_t all = 0, most = 0;
      bool first = true;
      for (const auto& [name, own] : counts) {
        all += own.size();
        most = std::max(most, own.size());
        first = first && std::ranges::any_of(own, [](const auto& one) {
                  return one == "0" || one == "00" || one == "1" || one == "01" || one == "a" || isYear(one);
                });
      }
      return first && counts.size() > 1 && most > 1 && most <= kMostTimes &&
             static_cast<double>(all) <= kMeanTimes * static_cast<double>(counts.size());
    }
  };
  std::map<std::string, Names> places;
  for (const auto& one : people)
    if (auto [name, count] = namedAndCounted(one); !name.empty()) places[one.place].counts[name].insert(count);
  for (auto& one : people)
    if (auto [name, count] = namedAndCounted(one); !name.empty() && places.at(one.place).fits())
      one.words = std::move(name);
}

}  // namespace

void removeTimes(std::vector<Person>& people, ImageKind kind) {
  takeDates(people);
  if (kind == ImageKind::Pictures) cutBehindLongNumbers(people);
  for (const std::size_t count : {3, 2, 1}) cutNumbers(people, count, kind);  // 1_a_2, 0005_1, 0005_b
  cutCounts(people);
}

}  // namespace lorkd::data::layout
