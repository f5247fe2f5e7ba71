// The truth that several answers come closest to (ITK).
#pragma once

#include <vector>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// The mask (1 inside) that `answers`, masks of the same voxels, most probably stand for, each with the sensitivity and
/// specificity that the others let it have: voxels of probability above 0.5 (Warfield, Zou and Wells, "Simultaneous
/// truth and performance level estimation (STAPLE)", IEEE TMI 2004). Answers that are all empty give an empty mask.
/// Errors: InvalidArgument (no answer, or of other sizes), Numeric (it finds no probability).
Result<std::vector<std::uint8_t>> staple(const image::Geometry& geometry,
                                         const std::vector<std::vector<std::uint8_t>>& answers);

}  // namespace lorkd::io
