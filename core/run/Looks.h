// How tasks and classes are told apart by the eye: one colour each, wherever they are drawn.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/run/Plan.h"

namespace lorkd::plan {

/// Lines that hatch an area; a pattern is a sum of them, 0 a plain area.
enum Hatch { Rising = 1, Falling = 2, Level = 4, Upright = 8 };

/// A colour and, where colours alone do not suffice, a pattern upon it.
struct Look {
  std::string color;  ///< "#rrggbb"
  int pattern = 0;    ///< sum of Hatch
  bool operator==(const Look&) const = default;
};

/// The colours that defaults are taken from, in this order: Okabe and Ito's, then others. Any two differ by more than
/// 10 in CIELAB, also as seen with protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009).
std::span<const char* const> palette();

/// The patterns in the order in which they are taken, the plain area first.
std::span<const int> patterns();

/// "#000000" or "#FFFFFF": what is drawn upon a colour so that it is seen.
const char* inkOn(const std::string& color);

/// A look for each of `given`, which are colours that stay as they are, or empty. Empty ones get the next of the
/// palette that nothing given comes near; when the palette is used up, its colours with the next pattern. No two looks
/// are the same as long as there are colours and patterns left (216).
std::vector<Look> distinctLooks(const std::vector<std::string>& given);

/// The looks of a plan's tasks and classes. A class that stands in several tasks, by the same name and made of the same
/// labels, looks the same in all of them.
class Looks {
 public:
  explicit Looks(const Plan& plan);
  /// Tasks are told apart among each other.
  const Look& of(std::size_t task) const { return m_tasks.at(task); }
  const Look& of(std::size_t task, std::size_t cls) const { return m_classes.at(m_places.at(task).at(cls)); }
  /// Which of the plan's different classes this is, counted from 0.
  std::size_t identity(std::size_t task, std::size_t cls) const { return m_places.at(task).at(cls); }

 private:
  std::vector<Look> m_tasks, m_classes;
  std::vector<std::vector<std::size_t>> m_places;
};

}  // namespace lorkd::plan
