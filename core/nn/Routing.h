// Which samples of a batch belong to which task.
#pragma once

#include <cstdint>
#include <vector>

namespace lorkd::nn {

class GramRecorder;

/// Samples [begin, end) of a batch belong to one task.
struct TaskSlice {
  int task = 0;
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

/// The way of a mixed-task batch through the network: slices sorted by task, contiguous, covering the batch.
struct Routing {
  std::vector<TaskSlice> slices;
  /// If set, backward passes add this step's T×T Gram matrices of the tasks' gradients on the shared weights to it.
  GramRecorder* gram = nullptr;

  std::int64_t batch() const { return slices.empty() ? 0 : slices.back().end; }
  static Routing single(int task, std::int64_t samples) { return {{{task, 0, samples}}, nullptr}; }
};

}  // namespace lorkd::nn
