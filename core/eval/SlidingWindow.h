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
  std::int64_t batch = 4;  ///< windows per forward pass
  bool exclusive = false;  ///< softmax over the classes and a background of logit 0, in place of sigmoids
};

/// Probabilities (C, D, H, W) of an image (channels, D, H, W): overlapping windows, the last one shifted inward, their
/// sigmoids blended by a Gaussian of sigma = size/8. Volumes smaller than the patch are padded and cropped back.
/// `forward` maps (n, channels, D, H, W) to logits (n, C, D, H, W). Errors: Cancelled; InvalidArgument (shape,
/// options); Mismatch (the logits do not have the window's size); Internal (LibTorch failed, for example out of
/// memory).
Result<torch::Tensor> slidingWindow(const torch::Tensor& image, const WindowOptions& options,
                                    const std::function<torch::Tensor(const torch::Tensor&)>& forward,
                                    const CancelToken& cancel = {});

}  // namespace lorkd::eval
