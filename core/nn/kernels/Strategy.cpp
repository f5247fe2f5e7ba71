#include "core/nn/kernels/Strategy.h"

#include "core/nn/kernels/TapMap.h"

namespace lorkd::nn {

bool worksOnRows(std::int64_t taps, std::int64_t outPixels) { return taps == 1 || outPixels <= 16; }

Strategy chosenStrategy(const SeparatedConv& call, std::int64_t outPixels) {
  std::int64_t tasks = 0, samples = 0;
  for (const auto& slice : call.routing.slices) {
    tasks += slice.size() > 0;
    samples += slice.size();
  }
  const auto out = call.weight.size(0),
             length = call.weight[0].numel() / (call.weight.dim() > 2 ? call.weight.size(2) : 1);
  return 2 * samples * outPixels * (out + length) < 3 * tasks * out * length ? Strategy::Factored : Strategy::Merged;
}

std::int64_t outputPixels(const SeparatedConv& call) {
  std::int64_t pixels = 1;
  for (const auto size : outputSizes(call.x.sizes().slice(2), call.weight.sizes().slice(2), call.geometry))
    pixels *= size;
  return pixels;
}

Strategy takenStrategy(const SeparatedConv& call, Strategy asked) {
  const bool low = call.x.is_cpu() && call.x.scalar_type() != call.weight.scalar_type();
  if (asked == Strategy::Auto) asked = low ? Strategy::Merged : chosenStrategy(call, outputPixels(call));
  const bool recordsItself = call.x.is_cpu() && !low;
  return call.routing.gram && (asked == Strategy::Published || !recordsItself) ? Strategy::Merged : asked;
}

torch::Tensor separatedConvolution(const SeparatedConv& call, Strategy asked) {
  const auto strategy = takenStrategy(call, asked);
  if (strategy == Strategy::Published) return publishedConvolution(call);
  if (StockKernels::active()) return mergedConvolution(call);
  if (isPointwise(call)) {
    const bool rows = call.x.dim() == 2 || call.x.suggest_memory_format() != at::MemoryFormat::Contiguous;
    if (rows) return pointwiseConvolution(call, strategy);
    // From contiguous images, rows are worth their making where they save the tasks' weights.
    if (strategy == Strategy::Factored) return pointwiseConvolution(call, strategy).contiguous();
  }
  return strategy == Strategy::Factored ? factoredConvolution(call) : mergedConvolution(call);
}

}  // namespace lorkd::nn
