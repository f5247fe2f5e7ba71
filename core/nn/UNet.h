// 2D and 3D U-Nets: two 3^d convolutions a level, instance norm, LeakyReLU, strided convolutions down, transposed
// convolutions up; or the way down alone, for classification.
#pragma once

#include "core/base/Error.h"
#include "core/nn/Network.h"

namespace lorkd::nn {

struct UNetOptions {
  int dims = 3;
  std::int64_t inputChannels = 1;
  std::vector<std::int64_t> widths{16, 32, 64};  ///< channels per level, finest first
  bool deepSupervision = false;                  ///< coarser decoder levels are handed out while training
  /// The way down alone, and the mean of its coarsest level, for classification. It has batch norms: what instance
  /// norms leave of an image has the same mean in every image.
  bool pooled = false;
  std::size_t normsPerTask = 0;  ///< of pooled ones: 0 batch norms shared by all tasks, else a set for each of so many
};

/// Widths of a preset: "tiny", "small", "nano" (32,64,128,256,512), "pro" (64,64,128,256,512,768).
/// Errors: InvalidArgument naming the presets there are.
Result<std::vector<std::int64_t>> unetWidths(const std::string& preset);

/// Errors: InvalidArgument (fewer than two widths).
Result<std::shared_ptr<Backbone>> makeUNet(const UNetOptions& options, const LowRankSpec& spec);

}  // namespace lorkd::nn
