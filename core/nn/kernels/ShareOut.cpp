#include "core/nn/kernels/ShareOut.h"

#include <algorithm>
#include <cstdlib>

namespace lorkd::nn {

std::vector<std::vector<Unit>> shareOut(const std::vector<TaskSlice>& slices, std::int64_t total) {
  const auto threads = static_cast<std::int64_t>(at::get_num_threads());
  std::vector<std::int64_t> borders{0};
  for (std::int64_t j = 1; j < threads; ++j) {
    const auto even = total * j / threads;
    auto border = even;
    for (const auto& slice : slices)
      if (8 * threads * std::abs(slice.end - even) <= total) border = slice.end;
    borders.push_back(std::max(border, borders.back()));
  }
  borders.push_back(total);
  std::vector<std::vector<Unit>> shares(static_cast<std::size_t>(threads));
  for (std::size_t j = 0; j < shares.size(); ++j)
    for (std::size_t s = 0; s < slices.size(); ++s) {
      const auto begin = std::max(borders[j], slices[s].begin), end = std::min(borders[j + 1], slices[s].end);
      if (begin < end) shares[j].push_back({s, begin, end});
    }
  return shares;
}

void addTo(torch::Tensor& sum, const torch::Tensor& part) {
  if (sum.defined())
    sum.add_(part);
  else
    sum = part;
}

}  // namespace lorkd::nn
