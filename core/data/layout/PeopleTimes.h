// Which parts of names tell times of one person apart, by all names of a set together. Inside this room only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/data/layout/People.h"
#include "core/data/layout/PeopleWords.h"

namespace lorkd::data::layout {

inline constexpr std::size_t kMostTimes = 12;  ///< images of one person that a last number may tell apart ...
inline constexpr double kMeanTimes = 6;        ///< ... and how many on average: more of them are people of one place

/// Who, and where: the folders that people are told apart by.
struct Person {
  std::string place;
  Identity words;
  Identity date{};    ///< of the image
  bool told = false;  ///< a name or a folder calls somebody a person
};

/// Leaves of each name what tells people apart.
void removeTimes(std::vector<Person>& people, ImageKind kind);

}  // namespace lorkd::data::layout
