// What a forward pass costs.
#pragma once

#include <cstdint>
#include <functional>

namespace lorkd::eval {

/// Multiply-adds of the convolutions (plain, grouped, transposed) and matrix products that `work` runs in this thread,
/// counted as LibTorch dispatches them: output elements times the products summed in each. Biases, norms, activations
/// and pooling are not counted, as is the custom of the published figures.
std::int64_t multiplyAdds(const std::function<void()>& work);

}  // namespace lorkd::eval
