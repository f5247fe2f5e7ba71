// Predictions and truth of a case on its own, original grid.
#pragma once

#include <vector>

#include "core/base/Progress.h"
#include "core/data/MasksInSource.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"
#include "core/workflow/Scoring.h"

namespace lorkd::workflow {

/// What one segmentation task finds, a mask a class in the geometry `source` of an image whose channels are `inputs`
/// (see data::readInputs); masks may overlap.
Result<data::MasksInSource> predictOnSource(nn::Network& network, int task, const std::vector<image::Volume>& inputs,
                                            const image::Geometry& source, const plan::Plan& plan, torch::Device device,
                                            const CancelToken& cancel, const Tick& tick = {});

/// Which voxels of a source count as unseen: all, or those in the slices of the working grid that data::prepare held
/// out for testing.
std::vector<bool> heldOut(const image::Geometry& geometry, const plan::Data& options);

}  // namespace lorkd::workflow
