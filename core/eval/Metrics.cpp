#include "core/eval/Metrics.h"

namespace lorkd::eval {
namespace {

/// Ranks 1..N of the values; equal values share the mean of their ranks.
torch::Tensor averageRanks(const torch::Tensor& values) {
  auto [unique, inverse, counts] = torch::unique_consecutive(std::get<0>(values.sort()), false, true);
  const auto last = counts.cumsum(0).to(torch::kFloat64);
  const auto mean = last - (counts.to(torch::kFloat64) - 1) / 2;
  return mean.index_select(0, torch::searchsorted(unique, values));
}

}  // namespace

std::optional<double> dice(const torch::Tensor& prediction, const torch::Tensor& truth) {
  const auto p = prediction.to(torch::kBool), t = truth.to(torch::kBool);
  TORCH_CHECK(p.sizes() == t.sizes(), "dice needs masks of one shape");
  // sum() would make a copy of eight bytes a voxel.
  const auto count = [](const torch::Tensor& mask) { return mask.count_nonzero().item<std::int64_t>(); };
  const auto total = count(p) + count(t);
  if (total == 0) return std::nullopt;
  return 2.0 * static_cast<double>(count(p & t)) / static_cast<double>(total);
}

double accuracy(const torch::Tensor& logits, const torch::Tensor& labels) {
  return logits.argmax(1).eq(labels).to(torch::kFloat64).mean().item<double>();
}

std::optional<double> auc(const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto scores = torch::softmax(logits.to(torch::kFloat64), 1);
  if (!scores.isfinite().all().item<bool>()) return std::nullopt;
  const auto n = static_cast<double>(labels.numel());
  double sum = 0;
  int classes = 0;
  for (std::int64_t c = 0; c < scores.size(1); ++c) {
    const auto positive = labels.eq(c);
    const auto p = static_cast<double>(positive.sum().item<std::int64_t>());
    if (p == 0 || p == n) continue;
    // Mann and Whitney: the rank sum of the positives counts the pairs that are in order.
    const auto ranks = averageRanks(scores.select(1, c).contiguous()).masked_select(positive).sum().item<double>();
    sum += (ranks - p * (p + 1) / 2) / (p * (n - p));
    ++classes;
  }
  if (classes == 0) return std::nullopt;
  return sum / classes;
}

}  // namespace lorkd::eval
