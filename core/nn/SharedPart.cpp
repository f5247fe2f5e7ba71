#include "core/nn/SharedPart.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

// (N, pixels, C) -> (pixels, N, C): the rows of neighbouring pixels follow each other for the whole batch.
Tensor pixelMajor(const Tensor& rows) { return rows.transpose(0, 1).contiguous(); }
Tensor sampleMajor(const Tensor& rows) { return rows.transpose(0, 1).contiguous(); }

// Rows of `count` pixels from `first` on, as a matrix.
Tensor rowsOf(const Tensor& pixels, std::int64_t first, std::int64_t count) {
  return pixels.narrow(0, first, count).view({count * pixels.size(1), pixels.size(2)});
}

// (O, I, k…) -> (taps, O, I); a weight of one tap is its own only matrix.
Tensor tapMatrices(const Tensor& weight) {
  return weight.reshape({weight.size(0), weight.size(1), -1}).permute({2, 0, 1}).contiguous();
}

}  // namespace

Tensor tapsForward(const Tensor& x, const Tensor& weight, const TapMap& map) {
  if (map.identity()) return at::matmul(x, weight.view({weight.size(0), weight.size(1)}).t());
  const auto in = pixelMajor(x), taps = tapMatrices(weight);
  auto out = at::zeros({map.outPixels, x.size(0), weight.size(0)}, x.options());
  for (const auto& run : map.runs)
    rowsOf(out, run.out, run.count).addmm_(rowsOf(in, run.in, run.count), taps[run.tap].t());
  return sampleMajor(out);
}

TapGradients tapsBackward(const Tensor& dy, const Tensor& x, const Tensor& weight, const TapMap& map, bool wantX,
                          bool wantWeight) {
  TapGradients result;
  if (map.identity()) {
    const auto matrix = weight.view({weight.size(0), weight.size(1)});
    if (wantX) result.x = at::matmul(dy, matrix);
    if (wantWeight) result.weight = at::mm(dy.flatten(0, 1).t(), x.flatten(0, 1)).view(weight.sizes());
    return result;
  }
  const auto gradient = pixelMajor(dy);
  Tensor in, taps, dx, dw;
  if (wantX) {
    taps = tapMatrices(weight);
    dx = at::zeros({map.inPixels, x.size(0), x.size(2)}, x.options());
  }
  if (wantWeight) {
    in = pixelMajor(x);
    dw = at::zeros({map.taps, weight.size(0), weight.size(1)}, x.options());
  }
  for (const auto& run : map.runs) {
    const auto g = rowsOf(gradient, run.out, run.count);
    if (wantX) rowsOf(dx, run.in, run.count).addmm_(g, taps[run.tap]);
    if (wantWeight) dw[run.tap].addmm_(g.t(), rowsOf(in, run.in, run.count));
  }
  if (wantX) result.x = sampleMajor(dx);
  if (wantWeight) result.weight = dw.permute({1, 2, 0}).contiguous().view(weight.sizes());
  return result;
}

}  // namespace lorkd::nn
