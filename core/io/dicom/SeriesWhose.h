// Slices that carry one SeriesInstanceUID and yet are not of one series: of several patients or studies, or copies with
// other pixels. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// Slices of one patient and study, each instance once.
struct WhoseSlices {
  std::string name;  ///< what tells them from the rest: "patient 1", "copy 2"; empty when there is no other
  std::vector<SliceHeader> slices;
  std::vector<Finding> findings;  ///< that the file names several of them, and what was left out
};

/// Takes slices apart by patient (identifier, name, birth date) and study, then by folder where there are copies of an
/// instance whose pixels differ; copies that do not are left out, whole ones kept. Where each file has a patient
/// identifier of its own, which no scanner writes, they stay together, without one, and consent is asked. `slices` is
/// not empty. Reads the pixels of copies whose files differ.
std::vector<WhoseSlices> splitByWhose(std::vector<SliceHeader> slices);

}  // namespace lorkd::io
