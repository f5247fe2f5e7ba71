// Cutting and augmenting a patch in one pass over its voxels. Plain loops: loader threads must not start teams of
// their own beside the training step's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace lorkd::feed {

using Size3 = std::array<std::int64_t, 3>;  ///< D, H, W

/// What happens to a patch on its way: content turned about the patch's middle in the plane of columns and rows,
/// scaled, columns reversed if `mirror`; out = value·scale + shift.
struct Augmentation {
  bool mirror = false;
  float scale = 1, shift = 0;
  double angle = 0;                   ///< radians, from the x axis (columns) towards the y axis (rows)
  double zoom = 1;                    ///< above 1 things become larger
  double spacingX = 1, spacingY = 1;  ///< of columns and rows: turning is rigid in space, not in voxels
  bool moves() const { return angle != 0 || zoom != 1; }
};

/// Copies the patch of `patch` voxels that starts at `start` (may lie outside) from `source` of `size` voxels.
/// Outside the source it takes `fill`.
template <class Value>
void cutPatch(const Value* source, const Size3& size, const Size3& start, const Size3& patch, float fill,
              const Augmentation& augmentation, Value* out) {
  const float scale = augmentation.scale, shift = augmentation.shift;
  const auto outside = static_cast<Value>(fill * scale + shift);
  const std::int64_t x0 = std::clamp<std::int64_t>(-start[2], 0, patch[2]);
  const std::int64_t x1 = std::clamp<std::int64_t>(size[2] - start[2], x0, patch[2]);
  for (std::int64_t d = 0; d < patch[0]; ++d) {
    const auto z = start[0] + d;
    for (std::int64_t h = 0; h < patch[1]; ++h, out += patch[2]) {
      const auto y = start[1] + h;
      if (z < 0 || z >= size[0] || y < 0 || y >= size[1]) {
        std::fill_n(out, patch[2], outside);
        continue;
      }
      const Value* row = source + (z * size[1] + y) * size[2] + start[2];
      std::fill_n(out, x0, outside);
      for (std::int64_t x = x0; x < x1; ++x) out[x] = static_cast<Value>(static_cast<float>(row[x]) * scale + shift);
      std::fill_n(out + x1, patch[2] - x1, outside);
      if (augmentation.mirror) std::reverse(out, out + patch[2]);
    }
  }
}

}  // namespace lorkd::feed
