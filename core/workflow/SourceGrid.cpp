#include "core/workflow/SourceGrid.h"

#include <algorithm>

#include "core/data/CaseList.h"
#include "core/data/Prepare.h"

namespace lorkd::workflow {

Result<data::MasksInSource> predictOnSource(nn::Network& network, int task, const image::Volume& volume,
                                            const plan::Plan& plan, torch::Device device, const CancelToken& cancel,
                                            const Tick& tick) {
  LORKD_TRY(working, data::prepareImage(volume, plan.data));
  const auto& size = working.geometry.size;
  const auto image = torch::from_blob(working.voxels.data(), {1, size[2], size[1], size[0]});
  LORKD_TRY(p, probabilities(network, task, image, plan, device, cancel, tick));
  std::vector<image::Volume> classes;
  for (std::int64_t c = 0; c < p.size(0); ++c) {
    auto& out = classes.emplace_back(working.geometry);
    const auto plane = p[c].contiguous();
    std::copy_n(plane.data_ptr<float>(), out.voxels.size(), out.voxels.begin());
  }
  return data::MasksInSource::of(std::move(classes), volume.geometry, plan.evaluation.threshold);
}

std::vector<bool> heldOut(const image::Geometry& geometry, const plan::Data& options) {
  const bool all = options.split.slab == plan::SplitSlab::None;
  std::vector<bool> keep(static_cast<std::size_t>(geometry.voxels()), all);
  if (all) return keep;
  const auto grid = data::workingGrid(geometry, options);
  const auto [first, end] = data::slabOf(grid.size[2], options.split, data::Split::Test);
  for (std::int64_t k = 0; k < geometry.size[2]; ++k)
    for (std::int64_t j = 0; j < geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < geometry.size[0]; ++i) {
        const auto slice = grid.lpsToIndex(geometry.indexToLps({double(i), double(j), double(k)}))[2];
        keep[static_cast<std::size_t>(geometry.offset(i, j, k))] =
            (first == 0 || slice >= static_cast<double>(first) - 0.5) &&
            (end == grid.size[2] || slice < static_cast<double>(end) - 0.5);
      }
  return keep;
}

}  // namespace lorkd::workflow
