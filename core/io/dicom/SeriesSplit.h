// Takes one series apart into what makes volumes and what does not. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// Slices of one series that belong together.
struct SeriesPart {
  enum class Kind { Stack, Scout, Page };
  Kind kind = Kind::Stack;
  std::string name;  ///< what tells it from the rest, from the headers' values alone; empty when it is all stacks
  std::vector<SliceHeader> slices;
  bool byOrder = false;  ///< told from the rest by the order in time of the slices at each place alone
};

/// Splits off scouts (localizers) and pages (colour pictures, and secondary captures that lie nowhere, beside slices
/// that do), then groups what is left by frame of reference, orientation, size and spacing, and stack where the header
/// tells stacks apart. Where several slices of a group lie at one place, they are told apart by the first of their
/// Marks that leaves no more groups than slices at that place, and by further ones as far as needed. Trigger times,
/// which follow each heartbeat, count by their order at each place where that has as many slices as all others. Parts
/// that would be called alike are numbered by where they lie. Beyond 256 groups, slices count as pages. `slices` is not
/// empty.
std::vector<SeriesPart> splitSeries(std::vector<SliceHeader> slices);

/// How near to each other, in mm along the normal, slices at these ascending positions count as lying at one place: a
/// fiftieth of the wider of their distances, 0.2 at most, so that copies a hair apart do not pass for neighbours.
double samePlace(const std::vector<double>& positions);

}  // namespace lorkd::io
