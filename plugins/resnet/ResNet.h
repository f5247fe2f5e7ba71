// Residual networks (He et al., CVPR 2016, arXiv 1512.03385) for pictures, as torchvision builds them: the stride of a
// bottleneck sits in its 3×3 convolution.
#pragma once

#include <array>

#include "core/base/Error.h"
#include "core/nn/Network.h"

namespace lorkd::resnet {

struct Options {
  int depth = 18;                                         ///< 18, 34 (basic blocks) or 50 (bottlenecks)
  std::array<std::int64_t, 4> widths{64, 128, 256, 512};  ///< per stage; the stem's is the first
  std::int64_t inputChannels = 3;
  std::size_t normsPerTask = 0;  ///< 0: batch norms shared by all tasks, as published; else one set for each of so many
};

/// The depth of a preset: "18", "34" or "50", also with "resnet" before it. Errors: InvalidArgument naming them.
Result<int> depthOf(const std::string& preset);

/// Pooled features (N, widths[3], or 4·widths[3] of bottlenecks); x (N, C, H, W). Module names are torchvision's. Stem
/// and block convolutions are adapted, the 1×1 ones of shortcuts are not, as in LoRKD's published code. Initialised as
/// torchvision's: Kaiming normal over the outputs. Errors: InvalidArgument (depth, widths, channels).
Result<std::shared_ptr<nn::Backbone>> make(const Options& options, const nn::LowRankSpec& spec);

}  // namespace lorkd::resnet
