#include "core/feed/Warp.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/Truth.h"

namespace lorkd::feed {
namespace {

/// Two neighbours along an axis and the second one's share; `inside` is false beyond the outermost voxels.
struct Place {
  std::int64_t low = 0, high = 0;
  float share = 0;
  bool inside = false;
};

Place placeOf(double position, std::int64_t size) {
  if (!(position >= -0.5 && position <= static_cast<double>(size) - 0.5)) return {};
  const double held = std::clamp(position, 0.0, static_cast<double>(size - 1)), floor = std::floor(held);
  const auto low = static_cast<std::int64_t>(floor);
  return {low, std::min(low + 1, size - 1), static_cast<float>(held - floor), true};
}

float between(float low, float high, float share) { return low + (high - low) * share; }

/// Calls put(index in the patch, value) with what is between the read() values of voxels, or `fill` outside.
template <class Value, class Read, class Put>
void sample(const Value* source, const Read& read, const Size3& size, const Size3& start, const Size3& patch,
            const Augmentation& augmentation, float fill, const Put& put) {
  const auto middle = [&](std::size_t axis) { return 0.5 * static_cast<double>(patch[axis] - 1); };
  const double cosine = std::cos(augmentation.angle) / augmentation.zoom;
  const double sine = std::sin(augmentation.angle) / augmentation.zoom;
  const double across = augmentation.spacingY / augmentation.spacingX;
  std::vector<Place> planes;
  for (std::int64_t d = 0; d < patch[0]; ++d)
    planes.push_back(placeOf(
        static_cast<double>(start[0]) + middle(0) + (static_cast<double>(d) - middle(0)) / augmentation.zoom, size[0]));
  for (std::int64_t h = 0; h < patch[1]; ++h)
    for (std::int64_t w = 0; w < patch[2]; ++w) {
      const double dx = static_cast<double>(augmentation.mirror ? patch[2] - 1 - w : w) - middle(2);
      const double dy = static_cast<double>(h) - middle(1);
      const auto x = placeOf(static_cast<double>(start[2]) + middle(2) + cosine * dx + sine * across * dy, size[2]);
      const auto y = placeOf(static_cast<double>(start[1]) + middle(1) - sine / across * dx + cosine * dy, size[1]);
      const auto at = [&](std::int64_t z) {
        const auto* plane = source + z * size[1] * size[2];
        const auto* low = plane + y.low * size[2];
        const auto* high = plane + y.high * size[2];
        return between(between(read(low[x.low]), read(low[x.high]), x.share),
                       between(read(high[x.low]), read(high[x.high]), x.share), y.share);
      };
      // Columns of a patch along z share their place in the plane.
      std::int64_t known = -1;
      float value = 0;
      for (std::int64_t d = 0; d < patch[0]; ++d) {
        const auto& z = planes[static_cast<std::size_t>(d)];
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
  sample(
      source, [](float value) { return value; }, size, start, patch, augmentation, fill,
      [&](std::int64_t index, float value) { out[index] = value * augmentation.scale + augmentation.shift; });
}

void warpMask(const std::uint8_t* source, const Size3& size, const Size3& start, const Size3& patch,
              const Augmentation& augmentation, std::uint8_t* out) {
  const auto shareOf = [&](std::uint8_t wanted, const auto& put) {
    sample(
        source, [wanted](std::uint8_t value) { return value == wanted ? 1.0f : 0.0f; }, size, start, patch,
        augmentation, 0, put);
  };
  shareOf(1, [&](std::int64_t index, float share) { out[index] = share >= 0.5f ? 1 : 0; });
  if (!std::memchr(source, notKnown, static_cast<std::size_t>(size[0] * size[1] * size[2]))) return;
  shareOf(notKnown, [&](std::int64_t index, float share) {
    if (share >= 0.5f && out[index] == 0) out[index] = notKnown;
  });
}

}  // namespace lorkd::feed
