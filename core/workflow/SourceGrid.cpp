#include "core/workflow/SourceGrid.h"

#include <algorithm>

#include "core/data/CaseList.h"
#include "core/data/Prepare.h"
#include "core/workflow/Scoring.h"

namespace lorkd::workflow {

Result<std::vector<image::Mask>> predictOnSource(nn::Network& network, int task, const image::Volume& volume,
                                        const plan::Plan& plan, torch::Device device, const CancelToken& cancel) {
  LORKD_TRY(working, data::prepareImage(volume, plan.data));
  const auto& size = working.geometry.size;
  const auto image = torch::from_blob(working.voxels.data(), {1, size[2], size[1], size[0]});
  LORKD_TRY(p, probabilities(network, task, image, plan, device, cancel));
  std::vector<image::Volume> classes;
  for (std::int64_t c = 0; c < p.size(0); ++c) {
    auto& out = classes.emplace_back(working.geometry);
    const auto plane = p[c].contiguous();
    std::copy_n(plane.data_ptr<float>(), out.voxels.size(), out.voxels.begin());
  }
  return data::masksInSource(classes, volume.geometry, plan.evaluation.threshold);
}

Result<std::vector<image::Mask>> predictOnSource(nn::Network& network, int task, const data::Case& item, const plan::Plan& plan,
                                        torch::Device device, const CancelToken& cancel) {
  LORKD_TRY(volume, data::readImage(item));
  return predictOnSource(network, task, volume, plan, device, cancel);
}

Result<std::vector<std::vector<std::uint8_t>>> truthMasks(const data::Case& item, const plan::Task& task) {
  LORKD_TRY(set, data::readSegments(item));
  std::vector<std::vector<std::uint8_t>> masks;
  for (std::size_t c = 0; c < task.classes.size(); ++c) {
    auto& mask = masks.emplace_back(static_cast<std::size_t>(set.geometry.voxels()), 0);
    for (const auto& label : data::classLabels(task, c))
      if (const auto* segment = set.find(label))
        std::transform(mask.begin(), mask.end(), segment->mask.begin(), mask.begin(),
                       [](std::uint8_t a, std::uint8_t b) { return a | b; });
  }
  return masks;
}

std::vector<bool> heldOut(const image::Geometry& geometry, const plan::Split& split) {
  std::vector<bool> keep(static_cast<std::size_t>(geometry.voxels()), split.slab == plan::SplitSlab::None);
  if (split.slab == plan::SplitSlab::None) return keep;
  // Height along S of every voxel, against the extent of the whole grid.
  const auto height = [&](std::int64_t i, std::int64_t j, std::int64_t k) {
    return geometry.indexToLps({double(i), double(j), double(k)})[2];
  };
  double low = 1e30, high = -1e30;
  for (int corner = 0; corner < 8; ++corner) {
    const double s = height((corner & 1) ? geometry.size[0] - 1 : 0, (corner & 2) ? geometry.size[1] - 1 : 0,
                            (corner & 4) ? geometry.size[2] - 1 : 0);
    low = std::min(low, s), high = std::max(high, s);
  }
  const bool superior = split.slab == plan::SplitSlab::Superior;
  const double cut = superior ? high - split.test * (high - low) : low + split.test * (high - low);
  for (std::int64_t k = 0; k < geometry.size[2]; ++k)
    for (std::int64_t j = 0; j < geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < geometry.size[0]; ++i) {
        const double s = height(i, j, k);
        keep[static_cast<std::size_t>(geometry.offset(i, j, k))] = superior ? s > cut : s < cut;
      }
  return keep;
}

}  // namespace lorkd::workflow
