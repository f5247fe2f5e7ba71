// Where a NIfTI image lies, of the two places that its header may give. Inside this room only.
#pragma once

#include <optional>

#include "core/image/Geometry.h"
#include "core/io/Nifti2.h"

namespace lorkd::io {

/// That the header's affine, where it counts, is one of an image: ITK's reader knows no name for what is wrong with it.
/// Errors: Unsupported (axes that are not at right angles), Format (an axis without length).
Result<void> checkAffine(const NiftiFile& header, const std::filesystem::path& file);

/// The image's place: by the affine (sform) where its code is positive, as nibabel, FSL and ITK-SNAP have it, else by
/// the rotation (qform), which is what ITK's reader gives, `byRotation`. `apart`: how far the two places are from each
/// other where both are given, in mm at the farthest corner; `other`: the place by the rotation then, else nothing. The
/// affine must have passed checkAffine().
image::Geometry placeOf(const NiftiFile& header, const image::Geometry& byRotation, double& apart,
                        std::optional<image::Geometry>& other);

}  // namespace lorkd::io
