// What lorkd-bench can measure. Each prints a table and returns the same figures as JSON.
#pragma once

#include "core/base/Json.h"
#include "tests/bench/Timing.h"

namespace lorkd::bench {

/// Forward and backward of one separated layer against the plain convolution of the same shape.
Json separation(const TimingOptions& options);

/// Forward and backward of a whole 3D U-Net: plain, separated, and separated with the Gram matrices.
/// Batch 6 of three tasks, rank 4, patch 32³.
Json unetStep(const TimingOptions& options);

}  // namespace lorkd::bench
