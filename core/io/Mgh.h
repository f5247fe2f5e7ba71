// Volumes of FreeSurfer: .mgh, and .mgz, which is the same packed by gzip. Inside this room only.
#pragma once

#include "core/io/Nifti2.h"

namespace lorkd::io {

/// By the name alone: .mgh, .mgz, .mgh.gz.
bool isMgh(const std::filesystem::path& file);

/// The header of an MGH file, version 1, in the words of NIfTI-1, with a copy in that form: voxels and grid are then
/// read as those of NIfTI. By "FsTutorial/MghFormat" of FreeSurfer's wiki and nibabel's freesurfer/mghformat.py. Where
/// the header gives no place, it is FreeSurfer's default, and `oriented` is false. Errors: Format (no such header, or
/// numbers in it that cannot be), Unsupported (a type of voxels or a version that is not known; values on a surface;
/// an axis of more than 32767 voxels), Io.
Result<NiftiFile> mghFile(const std::filesystem::path& file);

}  // namespace lorkd::io
