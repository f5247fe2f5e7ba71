// Whole-volume inference from patches.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>

#include "core/base/Error.h"
#include "core/base/Progress.h"

namespace lorkd::eval {

struct WindowOptions {
  std::array<std::int64_t, 3> patch{32, 32, 32};  ///< D, H, W
  double overlap = 0.5;
  std::int64_t batch = 4;    ///< windows per forward pass; fewer where their outputs would take a quarter of a gibibyte
  bool exclusive = false;    ///< softmax over the classes and a background of logit 0, in place of sigmoids
  std::int64_t classes = 0;  ///< of the logits; 0: not known beforehand, and no bound to the memory
  std::array<std::int64_t, 3> margin{0, 0, 0};  ///< D, H, W: voxels that a part has around what it decides
  std::size_t memory = std::size_t(2) << 30;    ///< bytes that probabilities in the making may take
};

/// Probabilities of a part of a volume, final ones. The voxels from `from` to before `to`
/// are this part's; those around them, as far as the margin, are also another's.
struct WindowPart {
  torch::Tensor probabilities;        ///< (C, d, h, w); valid during the call that gets it
  std::array<std::int64_t, 3> low{};  ///< D, H, W: where it begins in the volume
  std::array<std::int64_t, 3> from{}, to{};
};

/// Gives `use` the probabilities of an image (channels, D, H, W), part by part along D, so that those of a hundred
/// classes need not fit into memory: overlapping windows, the last one shifted inward, their sigmoids blended by a
/// Gaussian of sigma = size/8. Volumes smaller than the patch are padded and cropped back. Where even the depth of a
/// patch would take more than options.memory, bands of rows are computed one after the other, and the windows at their
/// borders twice. `forward` maps (n, channels, D, H, W) to logits (n, C, D, H, W). Errors: Cancelled; InvalidArgument
/// (shape, options); Mismatch (the logits do not have the window's size, or are not of so many classes); Internal
/// (LibTorch failed, for example out of memory); those of `use`.
Result<void> slidingWindow(const torch::Tensor& image, const WindowOptions& options,
                           const std::function<torch::Tensor(const torch::Tensor&)>& forward,
                           const std::function<Result<void>(const WindowPart&)>& use, const CancelToken& cancel = {});

}  // namespace lorkd::eval
