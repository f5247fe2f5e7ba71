// ShuffleNetV2 (Ma et al., ECCV 2018, arXiv 1807.11164), the 2D student of LoRKD's published experiments.
#pragma once

#include <array>

#include "core/base/Error.h"
#include "core/nn/Network.h"

namespace lorkd::shufflenet {

/// Channels after the stem, the three stages and the last 1×1 convolution.
using Widths = std::array<std::int64_t, 5>;

/// "small" is 1.0× (24, 116, 232, 464, 1024), "tiny" 0.5×, "medium" 1.5×, "large" 2.0×.
/// Errors: InvalidArgument, naming the presets.
Result<Widths> widths(const std::string& preset);

/// Pooled features (N, widths[4]). Module names are torchvision's. The 1×1 and stem convolutions are adapted, the
/// depthwise ones are not; batch norms are shared by all tasks (normsPerTask = 0, as published) or of one set for each
/// of that many. Errors: InvalidArgument (odd stage widths).
Result<std::shared_ptr<nn::Backbone>> make(const Widths& widths, std::int64_t inputChannels,
                                           const nn::LowRankSpec& spec, std::size_t normsPerTask = 0);

}  // namespace lorkd::shufflenet
