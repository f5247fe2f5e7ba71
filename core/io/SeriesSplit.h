// Takes one series apart into what makes volumes and what does not. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/io/SliceHeader.h"

namespace lorkd::io {

/// Slices of one series that belong together.
struct SeriesPart {
  enum class Kind { Stack, Scout, Page };
  Kind kind = Kind::Stack;
  std::string name;  ///< what tells it from the rest, from the headers' values alone; empty when it is all stacks
  std::vector<SliceHeader> slices;
};

/// Splits off scouts (localizers) and pages (colour pictures, and secondary captures that lie nowhere, beside slices
/// that do), then groups what is left by size, spacing and orientation. Where several slices of a group lie at one
/// place, they are told apart by the first of their Marks that leaves no more groups than slices at that place, and by
/// further ones as far as needed. Parts come in the order of their first slice; `slices` is not empty.
std::vector<SeriesPart> splitSeries(std::vector<SliceHeader> slices);

}  // namespace lorkd::io
