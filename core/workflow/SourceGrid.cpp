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
  const auto classes = plan.tasks[static_cast<std::size_t>(task)].second.classes.size();
  data::MasksInSource out(classes, grid, source, plan.evaluation.threshold, isExclusive(plan, task));
  const auto margin = out.margin();
  LORKD_CHECK(eachPart(
      network, task, image, plan, device, {margin[2], margin[1], margin[0]},
      [&](const eval::WindowPart& part) -> Result<void> {
        const auto& p = part.probabilities;
        const auto turned = [](const auto& dhw) { return std::array{dhw[2], dhw[1], dhw[0]}; };
        data::ProbabilityPart own{
            turned(part.low), {p.size(3), p.size(2), p.size(1)}, turned(part.from), turned(part.to), {}};
        std::vector<torch::Tensor> kept;
        for (const auto& one : p.unbind(0)) {
          kept.push_back(one.contiguous());  // no copy, unless the volume was padded
          own.classes.push_back(kept.back().data_ptr<float>());
        }
        out.add(own);
        return {};
      },
      cancel, tick));
  return out;
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
