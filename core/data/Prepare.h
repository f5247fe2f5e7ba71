// Cases turned into what networks eat: resampled, normalised volumes with one mask per class of each task, on disk.
#pragma once

#include <filesystem>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/image/Volume.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Clips and normalises in place as the plan's data section says.
void normalise(image::Volume& volume, const plan::Data& options);

/// The image of a case at the working spacing, reoriented so that i, j, k run closest to L, P, S, and normalised.
Result<image::Volume> prepareImage(const image::Volume& source, const plan::Data& options);

/// Prepares every case of the list into `cache`, reusing files whose key (input digest + data options + classes) fits.
/// One safetensors file a case, named by its key:
///   "image"         F32 (D, H, W), D along k
///   "task.<index>"  U8 (C, D, H, W), C classes of the task, 0 or 1, only for tasks the case has labels for
///   metadata        case, patient, split, geometry (JSON: of the working grid), source_geometry, key
/// Pictures: "images" F32 (N, C, H, W), "labels" I64 (N), one file per task and split, metadata task, split.
/// Writes an index.json into `cache`: [{"file", "case", "split", "tasks":[...]}...]. Errors: those of io and data.
Result<void> prepare(const plan::Plan& plan, const CaseList& cases, const std::filesystem::path& cache,
                     Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
