// Mixed-task batches, sorted by task, cut and augmented ahead of the training step on loader threads.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "core/feed/Dataset.h"
#include "core/nn/Routing.h"

namespace lorkd::feed {

struct Batch {
  torch::Tensor images;  ///< (N, C, D?, H, W) float32
  nn::Routing routing;
  /// One per slice: (n, C, D, H, W) uint8, 1 inside, 0 outside, or not known (see base/Truth.h); where images are
  /// classified (n) int64 or, of overlapping classes, (n, C) uint8 likewise.
  std::vector<torch::Tensor> targets;
};

/// Batch `step` (with training.accumulate, of N batches a step, number N·step + k) is a pure function of the plan and
/// the step, whatever the number of threads: a resumed run sees exactly the batches that an undisturbed one sees.
class BatchSource {
 public:
  BatchSource(const Dataset& dataset, const plan::Plan& plan);
  ~BatchSource();
  /// The batch of a step; later steps are prepared meanwhile. Errors: those of Dataset; Unsupported, which
  /// wantsMemory() tells from others, where the batch does not fit into memory.
  Result<Batch> batch(std::int64_t step);
  /// Samples of each task in a batch of this step (see TaskShares.h): every task at least one where the batch
  /// allows it.
  std::vector<std::int64_t> taskCounts(std::int64_t step) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace lorkd::feed
