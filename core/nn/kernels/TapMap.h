// Which input pixel each tap of a kernel meets at each output pixel. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {

/// Pixels and taps are numbered row-major over their axes.
struct TapMap {
  /// `count` output pixels from `out` on meet as many consecutive input pixels from `in` on through one tap.
  struct Run {
    std::int64_t tap, in, out, count;
  };
  /// Input pixels that meet the same taps, because they share their position modulo the stride: one class at stride 1.
  struct Class {
    std::vector<std::int64_t> pixels;  ///< input pixels
    std::int64_t firstTap = 0;         ///< its taps are tapOrder[firstTap … firstTap + taps)
    std::int64_t taps = 0;
    std::vector<std::int64_t> out;  ///< [pixel of the class · taps + tap of the class]: output pixel, or −1
  };

  std::int64_t taps = 0, inPixels = 0, outPixels = 0;
  std::vector<std::int64_t> outSizes;
  std::vector<Run> runs;               ///< by tap, then output pixel
  std::vector<Class> classes;          ///< only those that meet taps
  std::vector<std::int64_t> tapOrder;  ///< the classes' taps one after the other; each tap stands in one class
};

/// The map of a convolution; those of the last few hundred shapes are kept. Thread-safe.
std::shared_ptr<const TapMap> tapMap(const std::vector<std::int64_t>& inSizes, const std::vector<std::int64_t>& kernel,
                                     const ConvGeometry& geometry);

}  // namespace lorkd::nn
