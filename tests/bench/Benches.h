// What lorkd-bench can measure. Each prints a table and returns the same figures as JSON.
#pragma once

#include "core/base/Json.h"
#include "tests/bench/Timing.h"

namespace lorkd::bench {

/// Forward and backward of one separated layer by every strategy, against the plain convolution of the same shape.
Json separation(const TimingOptions& options);

/// A whole optimiser step of ResNet-18, ShuffleNetV2 and 3D U-Nets: the plain network on LibTorch's own kernels and
/// layouts (stock) and on this engine's (plain), separated, separated with the Gram matrices of the tasks' gradients,
/// one pass for each task, and the published form where that is affordable; at last the prediction of a fused expert,
/// as a ratio to the plain network's.
Json wholeStep(const TimingOptions& options);

}  // namespace lorkd::bench
