// What the labels of a source's cases speak of, source by source.
#pragma once

#include <string>
#include <vector>

#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// A value means something in its source only: what is called by its value alone, "1", becomes "SOURCE:1", so that it
/// does not meet the 1 of another source. For the cases of several sources.
void keepValuesApart(Case& c);
/// Whether a class of the task asks for "1" where only SOURCE:1 is known: that name, else empty.
std::string bareValue(const std::vector<std::string>& wanted, const Case& c);

/// Takes the plan's word on a case of one of its sources: what every image was looked through for, and which of several
/// answers counts; with several sources, values are kept apart. Whoever asks what is known of a case by a plan calls
/// this first.
void takeSource(Case& c, const plan::Plan& plan);

/// Of one structure in one source.
struct Spoken {
  int images = 0;     ///< with labels
  int annotated = 0;  ///< whose labels speak of the structure
  int contested = 0;  ///< of these, with several answers
};

/// Structures down, sources across, both in the order of their names.
struct AnnotationMatrix {
  struct Row {
    std::string structure;  ///< as it is written first
    std::vector<Spoken> bySource;
  };
  std::vector<std::string> sources;
  std::vector<Row> rows;
};

/// Of all images with labels; sets of pictures are left out.
AnnotationMatrix annotationMatrix(const std::vector<Case>& cases);

}  // namespace lorkd::data
