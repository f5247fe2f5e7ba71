// DICOM series of one study as the channels of one image.
#pragma once

#include <vector>

#include "core/base/Progress.h"
#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Joins DICOM series to images of several channels where the plan asks for several (data.inputs), and where it is
/// certain which series is which: those of one patient, study and frame of reference whose voxels lie in one space,
/// each input the only series that is called so (its description, else a word in it, else its modality), and labels at
/// one of them at the most, whose grid the image gets. The others of them are then no images of their own. Where it is
/// not certain, series stay as they are, and a note says why. Cases of one source.
void joinSeries(std::vector<Case>& cases, const plan::Data& options, Progress& progress);

}  // namespace lorkd::data
