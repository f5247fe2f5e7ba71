#include "core/nn/kernels/PairGram.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

namespace lorkd::nn {

torch::Tensor pairGram(const torch::Tensor& x, const torch::Tensor& dy, const TapMap& map,
                       const std::vector<TaskSlice>& slices) {
  const auto rows = [](const torch::Tensor& t) { return at::mm(t.flatten(0, 1), t.flatten(0, 1).t()); };
  const auto inputs = rows(x), outputs = rows(dy);
  const auto samples = x.size(0);
  // The pixels that each tap joins.
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> joined(static_cast<std::size_t>(map.taps));
  for (const auto& run : map.runs)
    for (std::int64_t i = 0; i < run.count; ++i)
      joined[static_cast<std::size_t>(run.tap)].emplace_back(run.in + i, run.out + i);

  auto pairs = at::zeros({samples, samples}, at::kDouble);
  auto* const to = pairs.data_ptr<double>();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "Gram of pairs", [&] {
    const auto* const kx = inputs.data_ptr<scalar_t>();
    const auto* const ky = outputs.data_ptr<scalar_t>();
    const auto inStride = inputs.size(1), outStride = outputs.size(1);
    at::parallel_for(0, samples, 1, [&](std::int64_t first, std::int64_t last) {
      for (auto i = first; i < last; ++i)
        for (std::int64_t j = 0; j < samples; ++j) {
          double sum = 0;
          for (const auto& tap : joined)
            for (const auto& [in, out] : tap) {
              const auto* lineX = kx + (i * map.inPixels + in) * inStride + j * map.inPixels;
              const auto* lineY = ky + (i * map.outPixels + out) * outStride + j * map.outPixels;
              for (const auto& [otherIn, otherOut] : tap)
                sum += static_cast<double>(lineX[otherIn]) * static_cast<double>(lineY[otherOut]);
            }
          to[i * samples + j] = sum;
        }
    });
  });
  auto members = at::zeros({static_cast<std::int64_t>(slices.size()), samples}, at::kDouble);
  for (std::size_t s = 0; s < slices.size(); ++s)
    members[static_cast<std::int64_t>(s)].slice(0, slices[s].begin, slices[s].end).fill_(1);
  return members.mm(pairs).mm(members.t());
}

bool pairGramIsCheaper(const torch::Tensor& x, const torch::Tensor& dy, std::int64_t values, std::size_t slices) {
  const auto squared = [](const torch::Tensor& t) {
    const auto rows = t.size(0) * t.size(1);
    return rows * rows * t.size(2);
  };
  return squared(x) + squared(dy) < 60 * static_cast<std::int64_t>(slices) * values;
}

}  // namespace lorkd::nn
