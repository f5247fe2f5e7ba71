// New tensors for layers: with memory, or only counted.
#pragma once

#include <torch/torch.h>

namespace lorkd::nn {

/// While one lives, layers that this thread makes have shapes and no memory (device "meta"): for counting parameters of
/// a network of any size. Such a network cannot be run.
class CountingOnly {
 public:
  CountingOnly();
  ~CountingOnly();
  CountingOnly(const CountingOnly&) = delete;
  CountingOnly& operator=(const CountingOnly&) = delete;
};

/// Whether one lives in this thread.
bool countingOnly();

/// An uninitialised float tensor for a layer's parameter; without memory under CountingOnly.
torch::Tensor fresh(at::IntArrayRef sizes);

}  // namespace lorkd::nn
