#include "core/data/Prepare.h"
#include "core/io/Resample.h"

namespace lorkd::data {

Result<image::LabelMap> labelsInSource(const std::vector<image::Volume>& probabilities, const image::Geometry& source,
                                       double threshold) {
  if (probabilities.empty()) return fail(ErrorCode::InvalidArgument, "there is no class to map back");
  const auto& grid = probabilities.front().geometry;
  image::LabelMap labels(source);
  std::vector<float> best(labels.voxels.size(), static_cast<float>(threshold));
  for (std::size_t cls = 0; cls < probabilities.size(); ++cls) {
    if (!probabilities[cls].geometry.sameGrid(grid))
      return fail(ErrorCode::InvalidArgument, "the classes lie on different grids");
    const auto there = io::resampleLinear(probabilities[cls], source);
    for (std::size_t n = 0; n < best.size(); ++n)
      if (there.voxels[n] > best[n] || (labels.voxels[n] == 0 && there.voxels[n] >= best[n])) {
        best[n] = there.voxels[n];
        labels.voxels[n] = static_cast<std::uint16_t>(cls + 1);
      }
  }
  // Interpolation puts something outside its input; nothing was predicted there.
  std::size_t n = 0;
  for (std::int64_t k = 0; k < source.size[2]; ++k)
    for (std::int64_t j = 0; j < source.size[1]; ++j)
      for (std::int64_t i = 0; i < source.size[0]; ++i, ++n) {
        if (labels.voxels[n] == 0) continue;
        const auto at = grid.lpsToIndex(
            source.indexToLps({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}));
        for (std::size_t a = 0; a < 3; ++a)
          if (at[a] < -0.5 - 1e-6 || at[a] > static_cast<double>(grid.size[a]) - 0.5 + 1e-6) labels.voxels[n] = 0;
      }
  return labels;
}

}  // namespace lorkd::data
