// What single words in the names of images say about whose they are. Inside this room only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// Words of a name, small.
using Identity = std::vector<std::string>;

bool hasDigit(const std::string& word);
/// 1900 to 2099.
bool isYear(const std::string& word);
bool beginsWithDate(const Identity& words);

/// The words of a text, small, without brackets: "Benign (1)" is "benign", "1". Words written in one that say who and
/// which of several are two: "pat1scan2" is "pat1", "scan2"; "001a" is "001", "a".
Identity identityOf(const std::string& text);
/// The same of words.
Identity identityOf(const std::vector<std::string>& words);

/// Words that tell images of one person apart: times (pre, followup, nachher), sides, views, phases.
bool isAspect(const std::string& word);
/// Words that people may be counted by, or that say what all images show: "case", "brain", "benign". They are nobody's
/// name.
bool isCommonWord(const std::string& word);
/// Words of places and parts of a set, whose numbers are nobody's: "site", "batch".
bool isGroupWord(const std::string& word);
/// Whether these words name a visit or a study, and not a person: "visit 2", "exam 2019 03 05".
bool isStudy(const Identity& words);
/// Whether the word at `at` is a number that may be a person's: not the number of a site, nor a year.
bool mayNumberPeople(const Identity& words, std::size_t at);
/// Where words that say that a person is meant end, with the person's number: "person1", "patient 7"; 0 if there are
/// none. `alsoShort`: "p7", "case 7", too.
std::size_t endOfPerson(const Identity& words, bool alsoShort);

/// A name without what tells images of one person apart.
struct PersonWords {
  Identity words;
  Identity date;  ///< the first date in it: 20190305, 2019-03-05, 05.03.2019, 2019-03
  bool empty() const { return words.empty() && date.empty(); }
};
PersonWords personIn(const Identity& words);

/// What a file's name calls a person, without the parts of the set that it may be in: a word for people with a number
/// that more than counts ("patient_0412", "p7"), a long number, or a name in words; empty where it may be the number of
/// an image ("case_3", "12", "train_1").
std::string personCalled(const std::filesystem::path& relative);

/// Numbers of subjects as BIDS ("sub-01"), ADNI ("002_S_0295") and TCGA ("TCGA-06-0184") have them, in a folder's or
/// the file's name; empty if there is none.
std::string subjectOf(const std::filesystem::path& relative);

}  // namespace lorkd::data::layout
