// Scores of a network in the middle of its training.
#pragma once

#include <functional>

#include "core/feed/Dataset.h"
#include "core/nn/Network.h"
#include "core/train/Trainer.h"
#include "core/workflow/ControlDesk.h"

namespace lorkd::workflow {

/// Scores every task on the validation cases, by training.best (a task with validation pictures of one class alone has
/// no AUC, and its accuracy counts instead), and obeys the desk between windows and pictures: a stop ends it with
/// Cancelled, a pause holds it, a checkpoint is written by `save`, which finds the network as it was given. `tick`
/// tells whoever watches that work goes on. The network is left in training mode.
Result<train::Validation> validate(nn::Network& network, const feed::Dataset& dataset, const plan::Plan& plan,
                                   torch::Device device, ControlDesk& desk, const std::function<void()>& tick,
                                   const std::function<Result<void>()>& save, const CancelToken& cancel);

}  // namespace lorkd::workflow
