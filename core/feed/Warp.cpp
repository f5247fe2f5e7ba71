#include "core/feed/Warp.h"

#include <cmath>
#include <vector>

#include "core/feed/Places.h"

namespace lorkd::feed {
namespace {

/// Calls put(index in the patch, value) with what is between the source's voxels, or `fill` outside.
template <class Put>
void sample(const float* source, const Size3& size, const Size3& start, const Size3& patch,
            const Augmentation& augmentation, float fill, const Put& put) {
  const Places places(size, start, patch, augmentation);
  for (std::int64_t h = 0; h < patch[1]; ++h)
    for (std::int64_t w = 0; w < patch[2]; ++w) {
      const auto [y, x] = places.inPlane(h, w);
      const auto at = [&](std::int64_t z) {
        const auto* plane = source + z * size[1] * size[2];
        const auto* low = plane + y.low * size[2];
        const auto* high = plane + y.high * size[2];
        return between(between(low[x.low], low[x.high], x.share), between(high[x.low], high[x.high], x.share), y.share);
      };
      // Columns of a patch along z share their place in the plane.
      std::int64_t known = -1;
      float value = 0;
      for (std::int64_t d = 0; d < patch[0]; ++d) {
        const auto& z = places.plane(d);
        const auto index = (d * patch[1] + h) * patch[2] + w;
        if (!z.inside || !x.inside || !y.inside) {
          put(index, fill);
          continue;
        }
        const float first = known == z.low ? value : at(z.low);
        if (z.share == 0) {
          put(index, first);
          continue;
        }
        value = at(z.high);
        known = z.high;
        put(index, between(first, value, z.share));
      }
    }
}

}  // namespace

void warpPatch(const float* source, const Size3& size, const Size3& start, const Size3& patch, float fill,
               const Augmentation& augmentation, float* out) {
  sample(source, size, start, patch, augmentation, fill,
         [&](std::int64_t index, float value) { out[index] = value * augmentation.scale + augmentation.shift; });
}

}  // namespace lorkd::feed
