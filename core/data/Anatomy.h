// The anatomy of a phantom patient: which shape lies where and how dense it is.
#pragma once

#include <string>
#include <vector>

#include "core/data/Phantom.h"
#include "core/data/Solid.h"

namespace lorkd::data {

/// One tissue of the patient; a later part lies on top of an earlier one.
struct Part {
  double hu = 0;
  int organ = -1;  ///< index into organs(region), -1 for tissue without a label
  std::vector<Solid> solids;
};

/// A patient as formulas, in LPS millimetres, and the grid it is scanned on.
struct Anatomy {
  std::vector<Part> parts;
  image::Geometry grid;
};

/// Patient number `patient`; the tilt turns the grid, never the patient.
Anatomy makeAnatomy(Region region, int patient, const PhantomOptions& options);

/// What a label of this name looks like in a DICOM SEG: SNOMED CT code and a colour safe for the colour-blind.
struct OrganStyle {
  std::string color, code, meaning;
};
OrganStyle organStyle(const std::string& organ);

}  // namespace lorkd::data
