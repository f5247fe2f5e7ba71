#include "widgets/scene/LabelLayer.h"

#include <algorithm>
#include <limits>

namespace lorkd::scene {

std::vector<LabelExtent> labelExtents(const image::LabelMap& labels) {
  const auto& size = labels.geometry.size;
  if (labels.voxels.empty()) return {};
  std::vector<LabelExtent> extents(std::size_t(*std::ranges::max_element(labels.voxels)) + 1);
  std::vector<image::Vec3> sums(extents.size(), image::Vec3{});
  const auto* voxel = labels.voxels.data();
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i) {
        const auto value = *voxel++;
        if (value == 0) continue;
        auto& e = extents[value];
        const std::array<std::int64_t, 3> at{i, j, k};
        for (std::size_t a = 0; a < 3; ++a) {
          e.low[a] = e.voxels == 0 ? at[a] : std::min(e.low[a], at[a]);
          e.high[a] = e.voxels == 0 ? at[a] : std::max(e.high[a], at[a]);
          sums[value][a] += static_cast<double>(at[a]);
        }
        ++e.voxels;
      }
  for (std::size_t value = 1; value < extents.size(); ++value) {
    auto& e = extents[value];
    if (e.voxels == 0) continue;
    double nearest = std::numeric_limits<double>::max();
    for (std::int64_t k = e.low[2]; k <= e.high[2]; ++k)
      for (std::int64_t j = e.low[1]; j <= e.high[1]; ++j)
        for (std::int64_t i = e.low[0]; i <= e.high[0]; ++i) {
          if (labels.at(i, j, k) != value) continue;
          const std::array<std::int64_t, 3> at{i, j, k};
          double distance = 0;
          for (std::size_t a = 0; a < 3; ++a) {
            const double d = static_cast<double>(at[a]) - sums[value][a] / static_cast<double>(e.voxels);
            distance += d * d;
          }
          if (distance < nearest) {
            nearest = distance;
            e.middle = at;
          }
        }
  }
  return extents;
}

}  // namespace lorkd::scene
