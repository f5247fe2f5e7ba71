// Where the voxels of a turned and scaled patch lie in its volume. Inside this room only.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "core/feed/Patch.h"

namespace lorkd::feed {

/// Two neighbours along an axis and the second one's share; `inside` is false beyond the outermost voxels.
struct Place {
  std::int64_t low = 0, high = 0;
  float share = 0;
  bool inside = false;
};

inline Place placeOf(double position, std::int64_t size) {
  if (!(position >= -0.5 && position <= static_cast<double>(size) - 0.5)) return {};
  const double held = std::clamp(position, 0.0, static_cast<double>(size - 1)), floor = std::floor(held);
  const auto low = static_cast<std::int64_t>(floor);
  return {low, std::min(low + 1, size - 1), static_cast<float>(held - floor), true};
}

inline float between(float low, float high, float share) { return low + (high - low) * share; }

/// The places of a patch's voxels, as warpPatch() says.
class Places {
 public:
  Places(const Size3& size, const Size3& start, const Size3& patch, const Augmentation& augmentation)
      : m_size(size), m_start(start), m_patch(patch), m_mirror(augmentation.mirror) {
    m_cosine = std::cos(augmentation.angle) / augmentation.zoom;
    m_sine = std::sin(augmentation.angle) / augmentation.zoom;
    m_across = augmentation.spacingY / augmentation.spacingX;
    for (std::int64_t d = 0; d < patch[0]; ++d)
      m_planes.push_back(
          placeOf(static_cast<double>(start[0]) + middle(0) + (static_cast<double>(d) - middle(0)) / augmentation.zoom,
                  size[0]));
  }
  const Place& plane(std::int64_t d) const { return m_planes[static_cast<std::size_t>(d)]; }
  /// Of row h and column w: along the volume's rows (y) and columns (x).
  std::pair<Place, Place> inPlane(std::int64_t h, std::int64_t w) const {
    const double dx = static_cast<double>(m_mirror ? m_patch[2] - 1 - w : w) - middle(2);
    const double dy = static_cast<double>(h) - middle(1);
    const double x = static_cast<double>(m_start[2]) + middle(2) + m_cosine * dx + m_sine * m_across * dy;
    const double y = static_cast<double>(m_start[1]) + middle(1) - m_sine / m_across * dx + m_cosine * dy;
    return {placeOf(y, m_size[1]), placeOf(x, m_size[2])};
  }

 private:
  double middle(std::size_t axis) const { return 0.5 * static_cast<double>(m_patch[axis] - 1); }
  Size3 m_size, m_start, m_patch;
  bool m_mirror = false;
  double m_cosine = 1, m_sine = 0, m_across = 1;
  std::vector<Place> m_planes;
};

}  // namespace lorkd::feed
