// NIfTI-1 in and out (through ITK), NIfTI's RAS turned into LPS.
#pragma once

#include <filesystem>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// The grid of a NIfTI file, pixels unread. Errors: NotFound, Format, Unsupported (not 3D).
Result<image::Geometry> readNiftiGeometry(const std::filesystem::path& file);

/// Errors: NotFound, Format, Unsupported (not 3D).
Result<image::Volume> readNifti(const std::filesystem::path& file);

/// Reads integer labels. Errors: as readNifti; Format when values are not whole numbers in 0..65535.
Result<image::LabelMap> readNiftiLabels(const std::filesystem::path& file);

/// Writes atomically (.nii or .nii.gz). sform and qform both carry the source geometry.
Result<void> writeNifti(const std::filesystem::path& file, const image::Volume& volume);
Result<void> writeNifti(const std::filesystem::path& file, const image::LabelMap& labels);
Result<void> writeNifti(const std::filesystem::path& file, const image::Mask& mask);

/// One structure a label value; names are the values as text, or from a CSV beside the labels with columns
/// `label`/`value` and `name`.
Result<image::SegmentSet> segmentsFromLabels(const image::LabelMap& labels, const std::filesystem::path& namesCsv = {});

}  // namespace lorkd::io
