#include "core/nn/kernels/SharedPart.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/nn/kernels/OneDnn.h"
#include "core/nn/kernels/Scratch.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

// (N, pixels, C) -> (pixels, N, C): the rows of neighbouring pixels follow each other for the whole batch.
Tensor pixelMajor(const Tensor& rows) { return rows.transpose(0, 1).contiguous(); }
Tensor sampleMajor(const Tensor& rows) { return rows.transpose(0, 1).contiguous(); }

// Calls f(begin, end) on each thread with its own range of [0, size), in whole vectors.
template <class F>
void inRanges(std::int64_t size, F&& f) {
  constexpr std::int64_t vector = 16;
  const auto vectors = (size + vector - 1) / vector;
  const auto parts = std::clamp<std::int64_t>(vectors / 2, 1, at::get_num_threads());
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    const at::AutoDispatchBelowADInplaceOrView plain;  // autograd is switched on and off by thread
    const OneThread guard;
    for (auto p = first; p < last; ++p)
      f(vectors * p / parts * vector, std::min(size, vectors * (p + 1) / parts * vector));
  });
}

// A weight (O, I, taps) as it lies in memory.
template <class T>
struct Weight {
  T* values;
  std::int64_t out, in, taps;
  explicit Weight(const Tensor& w) : values(w.data_ptr<T>()), out(w.size(0)), in(w.size(1)), taps(w[0][0].numel()) {}
  T* at(std::int64_t o, std::int64_t i) const { return values + (o * in + i) * taps; }
};

// Rows [o0, o1) and columns [i0, i1) of every tap's matrix, (taps, o1 − o0, i1 − i0), out of a weight.
template <class T>
Scratch<T> tapBlocks(const Weight<T>& w, std::int64_t o0, std::int64_t o1, std::int64_t i0, std::int64_t i1) {
  const auto rows = o1 - o0, columns = i1 - i0;
  Scratch<T> blocks(w.taps * rows * columns);
  for (auto o = o0; o < o1; ++o) {
    const T* from = w.at(o, i0);
    T* to = blocks.data() + (o - o0) * columns;
    for (std::int64_t tap = 0; tap < w.taps; ++tap)
      for (std::int64_t i = 0; i < columns; ++i) to[tap * rows * columns + i] = from[i * w.taps + tap];
  }
  return blocks;
}

}  // namespace

Tensor tapsForward(const Tensor& x, const Tensor& weight, const TapMap& map) {
  const auto samples = x.size(0), in = x.size(2), out = weight.size(0);
  const auto kernel = weight.contiguous();
  const auto pixels = pixelMajor(x);
  auto y = at::zeros({map.outPixels, samples, out}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shared weight", [&] {
    const Weight<scalar_t> w(kernel);
    inRanges(out, [&](std::int64_t begin, std::int64_t end) {
      const auto blocks = tapBlocks(w, begin, end, 0, in);
      for (const auto& run : map.runs)
        gemm<scalar_t>(false, true, run.count * samples, end - begin, in, 1,
                       pixels.data_ptr<scalar_t>() + run.in * samples * in, in,
                       blocks.data() + run.tap * (end - begin) * in, in, 1,
                       y.data_ptr<scalar_t>() + run.out * samples * out + begin, out);
    });
  });
  return sampleMajor(y);
}

TapGradients tapsBackward(const Tensor& dy, const Tensor& x, const Tensor& weight, const TapMap& map, bool wantX,
                          bool wantWeight) {
  TapGradients result;
  const auto samples = x.size(0), in = x.size(2), out = weight.size(0), taps = map.taps;
  const auto kernel = weight.contiguous(), gradient = pixelMajor(dy);
  if (wantX) {
    const auto dx = at::zeros({map.inPixels, samples, in}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shared weight", [&] {
      const Weight<scalar_t> w(kernel);
      inRanges(in, [&](std::int64_t begin, std::int64_t end) {
        const auto blocks = tapBlocks(w, 0, out, begin, end);
        for (const auto& run : map.runs)
          gemm<scalar_t>(false, false, run.count * samples, end - begin, out, 1,
                         gradient.data_ptr<scalar_t>() + run.out * samples * out, out,
                         blocks.data() + run.tap * out * (end - begin), end - begin, 1,
                         dx.data_ptr<scalar_t>() + run.in * samples * in + begin, in);
      });
    });
    result.x = sampleMajor(dx);
  }
  if (!wantWeight) return result;
  const auto pixels = pixelMajor(x);
  result.weight = at::empty(weight.sizes(), weight.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shared weight", [&] {
    const Weight<scalar_t> w(result.weight);
    inRanges(out, [&](std::int64_t begin, std::int64_t end) {
      const auto rows = end - begin;
      Scratch<scalar_t> blocks(taps * rows * in);
      std::int64_t met = 0;  // taps so far; runs come tap by tap
      const auto meetNothing = [&](std::int64_t until) {
        std::fill(blocks.data() + met * rows * in, blocks.data() + until * rows * in, scalar_t(0));
      };
      for (const auto& run : map.runs) {
        const bool first = run.tap >= met;
        if (first) {
          meetNothing(run.tap);
          met = run.tap + 1;
        }
        gemm<scalar_t>(true, false, rows, in, run.count * samples, 1,
                       gradient.data_ptr<scalar_t>() + run.out * samples * out + begin, out,
                       pixels.data_ptr<scalar_t>() + run.in * samples * in, in, first ? 0 : 1,
                       blocks.data() + run.tap * rows * in, in);
      }
      meetNothing(taps);
      for (auto o = begin; o < end; ++o)
        for (std::int64_t tap = 0; tap < taps; ++tap)
          for (std::int64_t i = 0; i < in; ++i) w.at(o, i)[tap] = blocks.data()[(tap * rows + o - begin) * in + i];
    });
  });
  return result;
}

}  // namespace lorkd::nn
