// Gram matrices of the tasks' weight gradients without any of the gradients. Internal to this room; CPU only.
//
// A sample's weight gradient is a sum of outer products dy[pixel] ⊗ x[pixel met through the tap], so
//   ⟨dW_i, dW_j⟩ = Σ_tap Σ_p,q ⟨dy_i[p], dy_j[q]⟩·⟨x_i[in(tap, p)], x_j[in(tap, q)]⟩,
// which asks for two small Gram matrices of the rows and no (O, I, k…) tensor per task.
#pragma once

#include <torch/torch.h>

#include "core/nn/Routing.h"
#include "core/nn/kernels/TapMap.h"

namespace lorkd::nn {

/// K (slices, slices) float64 of the slices' gradients on the weight. x (N, in pixels, I), dy (N, out pixels, O).
torch::Tensor pairGram(const torch::Tensor& x, const torch::Tensor& dy, const TapMap& map,
                       const std::vector<TaskSlice>& slices);

/// Whether that costs less than forming each task's gradient, a weight of `values` values: by multiply-adds, of which
/// about 60 take as long as writing and reading back one value of a tensor that no cache holds.
bool pairGramIsCheaper(const torch::Tensor& x, const torch::Tensor& dy, std::int64_t values, std::size_t slices);

}  // namespace lorkd::nn
