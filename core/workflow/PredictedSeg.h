// A prediction as a DICOM segmentation of its source series, with the codes and colours of the plan's classes.
#pragma once

#include <filesystem>

#include "core/data/Catalogue.h"
#include "core/io/dicom/DicomWriter.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// For what names patients or their files, which no run may. Errors: InvalidArgument where `folder` lies in a run.
Result<void> checkOutside(const std::filesystem::path& folder);

/// One segment for each class of the task, also where its mask is empty. `masks` lie on the grid of the case, a DICOM
/// series whose slices make that grid. `pseudonym` as io::writeSeg takes it. Errors: those of io::writeSeg.
Result<std::filesystem::path> writeSegmentation(const std::filesystem::path& file, const plan::Plan& plan,
                                                std::size_t task, std::vector<image::Mask> masks,
                                                const data::Case& item, const io::Pseudonym& pseudonym);

}  // namespace lorkd::workflow
