// Predictions and truth of a case on its own, original grid.
#pragma once

#include <vector>

#include "core/base/Progress.h"
#include "core/data/Catalogue.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"
#include "core/workflow/Scoring.h"

namespace lorkd::workflow {

/// One mask per class of one segmentation task, in the source geometry of `volume`; masks may overlap.
Result<std::vector<image::Mask>> predictOnSource(nn::Network& network, int task, const image::Volume& volume,
                                                 const plan::Plan& plan, torch::Device device,
                                                 const CancelToken& cancel, const Tick& tick = {});
Result<std::vector<image::Mask>> predictOnSource(nn::Network& network, int task, const data::Case& item,
                                                 const plan::Plan& plan, torch::Device device,
                                                 const CancelToken& cancel, const Tick& tick = {});

/// One 0/1 mask per class of a task, on the case's grid.
Result<std::vector<image::Mask>> truthMasks(const data::Case& item, const plan::Task& task);

/// Which voxels of a source count as unseen: all, or those in the slices of the working grid that data::prepare held
/// out for testing.
std::vector<bool> heldOut(const image::Geometry& geometry, const plan::Data& options);

}  // namespace lorkd::workflow
