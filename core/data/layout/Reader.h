// A reader of one data set's layout: what the built-in table and plugins offer. Needs no imaging library.
#pragma once

#include <functional>
#include <string>

#include "core/base/Error.h"
#include "core/data/layout/Assignment.h"

namespace lorkd::data::layout {

/// Reads one convention of names that the general words do not get right.
struct LayoutReader {
  std::string name;   ///< in the plan: data.sources.NAME.layout.reader
  std::string title;  ///< for people: the data set's name
  std::string form;   ///< for people: what it looks like on disk, such as "subset*/*.mhd, seg-lungs-LUNA16/*.mhd"
  /// How much of the volumes it explains, from 0 to 1; 0 for any other set. Called for every source: quick.
  std::function<double(const Files&)> score;
  /// What each file is. Errors are the source's.
  std::function<Result<Assignment>(const Files&)> assign;
};

}  // namespace lorkd::data::layout
