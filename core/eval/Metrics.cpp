#include "core/eval/Metrics.h"

namespace lorkd::eval {

std::optional<double> dice(const torch::Tensor& prediction, const torch::Tensor& truth) {
  const auto p = prediction.to(torch::kBool), t = truth.to(torch::kBool);
  TORCH_CHECK(p.sizes() == t.sizes(), "dice needs masks of one shape");
  // sum() would make a copy of eight bytes a voxel.
  const auto count = [](const torch::Tensor& mask) { return mask.count_nonzero().item<std::int64_t>(); };
  const auto total = count(p) + count(t);
  if (total == 0) return std::nullopt;
  return 2.0 * static_cast<double>(count(p & t)) / static_cast<double>(total);
}

}  // namespace lorkd::eval
