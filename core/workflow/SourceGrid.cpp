#include "core/workflow/SourceGrid.h"

#include <algorithm>

#include "core/data/CaseList.h"
#include "core/data/Prepare.h"

namespace lorkd::workflow {

Result<data::MasksInSource> predictOnSource(nn::Network& network, int task, const std::vector<image::Volume>& inputs,
                                            const image::Geometry& source, const plan::Plan& plan, torch::Device device,
                                            const CancelToken& cancel, const Tick& tick) {
  LORKD_TRY(working, data::prepareInputs(inputs, source, plan.data));
  const auto grid = working.front().geometry;
  std::vector<torch::Tensor> channels;
  for (auto& channel : working)
    channels.push_back(torch::from_blob(channel.voxels.data(), {grid.size[2], grid.size[1], grid.size[0]}));
  const auto image = channels.size() == 1 ? channels.front().unsqueeze(0) : torch::stack(channels);
  LORKD_TRY(p, probabilities(network, task, image, plan, device, cancel, tick));
  std::vector<image::Volume> classes;
  for (std::int64_t c = 0; c < p.size(0); ++c) {
    auto& out = classes.emplace_back(grid);
    const auto plane = p[c].contiguous();
    std::copy_n(plane.data_ptr<float>(), out.voxels.size(), out.voxels.begin());
  }
  return data::MasksInSource::of(std::move(classes), source, plan.evaluation.threshold, isExclusive(plan, task));
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
