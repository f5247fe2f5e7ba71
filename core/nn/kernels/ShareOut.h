// A batch, sorted by task, shared out among threads. Internal to this room; CPU only.
#pragma once

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <vector>

#include "core/nn/Routing.h"
#include "core/nn/kernels/OneDnn.h"

namespace lorkd::nn {

/// Samples (or rows) [begin, end) of slice number `slice`, for one thread.
struct Unit {
  std::size_t slice;
  std::int64_t begin, end;
};

/// Equal shares of `total` samples for LibTorch's threads, cut where one slice ends; shares may be empty. A border
/// close to one between slices moves there, because each part of a task has to make its weight anew.
std::vector<std::vector<Unit>> shareOut(const std::vector<TaskSlice>& slices, std::int64_t total);

/// Calls f(number) for [0, count) on LibTorch's threads, each number on one thread.
template <class F>
void onThreads(std::size_t count, F&& f) {
  at::parallel_for(0, static_cast<std::int64_t>(count), 1, [&](std::int64_t first, std::int64_t last) {
    const at::AutoDispatchBelowADInplaceOrView plain;  // autograd is switched on and off by thread
    const OneThread guard;
    for (auto j = first; j < last; ++j) f(static_cast<std::size_t>(j));
  });
}

/// sum += part, or the part itself where there is no sum yet.
void addTo(torch::Tensor& sum, const torch::Tensor& part);

}  // namespace lorkd::nn
