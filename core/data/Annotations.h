// What the labels of a source's cases speak of, source by source.
#pragma once

#include <string>
#include <vector>

#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Takes the plan's word on a case of this source: what every image was looked through for, and which of several
/// answers counts. Whoever asks what is known of a case by a plan calls this first.
void takeSource(Case& c, const plan::Source& source);

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
