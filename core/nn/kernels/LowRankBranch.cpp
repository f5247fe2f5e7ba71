#include "core/nn/kernels/LowRankBranch.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/nn/kernels/OneDnn.h"
#include "core/nn/kernels/Scratch.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

// The channels that piece `a` of a flattened kernel touches, and where its first value stands in the first of them.
struct Piece {
  std::int64_t channel, channels, offset;
};
Piece pieceOf(std::int64_t a, std::int64_t length, std::int64_t taps) {
  const auto first = a * length, end = first + length;
  return {first / taps, (end + taps - 1) / taps - first / taps, first % taps};
}

// What both passes know about the shapes.
struct Shapes {
  std::int64_t in, out, inPixels, outPixels, taps, pieces, length;
  Shapes(const Tensor& x, const Tensor& y, const TapMap& map, std::int64_t k)
      : in(x.size(2)),
        out(y.size(2)),
        inPixels(map.inPixels),
        outPixels(map.outPixels),
        taps(map.taps),
        pieces(k),
        length(x.size(2) * map.taps / k) {}
  Piece piece(std::int64_t a) const { return pieceOf(a, length, taps); }
  std::int64_t mostChannels() const {
    std::int64_t most = 0;
    for (std::int64_t a = 0; a < pieces; ++a) most = std::max(most, piece(a).channels);
    return most;
  }
};

// A's piece as (channels, taps in the map's order, rows of A), zero where a channel belongs to a neighbour piece.
// `gather` reads it from A, else it takes A's place or, with `add`, is added to it. A transposition by way of a tile
// that the first cache holds: the rows of A lie whole powers of two apart, so that a column of it finds no room there.
template <class T, bool gather>
void movePiece(std::conditional_t<gather, const T, T>* factor, std::conditional_t<gather, T, const T>* packed,
               std::int64_t rows, std::int64_t a, const Shapes& s, const TapMap& map, bool add = false) {
  constexpr std::int64_t tileValues = 4096;
  const auto piece = s.piece(a);
  const auto* order = map.tapOrder.data();
  const auto channelsAtOnce = std::max<std::int64_t>(1, tileValues / (s.taps * rows)), width = channelsAtOnce * s.taps;
  Scratch<T> tile(rows * width);
  for (std::int64_t first = 0; first < piece.channels; first += channelsAtOnce) {
    const auto last = std::min(first + channelsAtOnce, piece.channels);
    // The values of each row of A that belong to these channels.
    const auto begin = std::max<std::int64_t>(first * s.taps - piece.offset, 0);
    const auto end = std::min(last * s.taps - piece.offset, s.length);
    if constexpr (gather)
      for (std::int64_t m = 0; m < rows; ++m)
        std::copy(factor + m * s.length + begin, factor + m * s.length + end, tile.data() + m * width);
    for (auto c = first; c < last; ++c)
      for (std::int64_t i = 0; i < s.taps; ++i) {
        const auto at = c * s.taps + order[i] - piece.offset;
        auto* line = packed + (c * s.taps + i) * rows;
        if (at < begin || at >= end) {
          if constexpr (gather) std::fill_n(line, rows, T(0));
          continue;
        }
        auto* column = tile.data() + (at - begin);
        for (std::int64_t m = 0; m < rows; ++m)
          if constexpr (gather)
            line[m] = column[m * width];
          else
            column[m * width] = line[m];
      }
    if constexpr (!gather)
      for (std::int64_t m = 0; m < rows; ++m) {
        auto* own = factor + m * s.length + begin;
        const T* value = tile.data() + m * width;
        if (!add)
          std::copy(value, value + (end - begin), own);
        else
          for (std::int64_t k = 0; k < end - begin; ++k) own[k] += value[k];
      }
  }
}

// A part of a slice's samples: what one thread does at a time.
struct Portion {
  std::size_t slice;
  std::int64_t begin, end;
};

// Slices cut so that every thread has work, and into no more than `most` samples, so that buffers stay in the caches.
std::vector<Portion> unitsOf(const std::vector<BranchSlice>& slices, std::int64_t most) {
  std::int64_t samples = 0;
  for (const auto& slice : slices) samples += slice.end - slice.begin;
  const auto share = std::max<std::int64_t>(1, std::min(most, samples / at::get_num_threads()));
  std::vector<Portion> units;
  for (std::size_t j = 0; j < slices.size(); ++j) {
    const auto size = slices[j].end - slices[j].begin;
    const auto parts = (size + share - 1) / share;
    for (std::int64_t p = 0; p < parts; ++p)
      units.push_back({j, slices[j].begin + size * p / parts, slices[j].begin + size * (p + 1) / parts});
  }
  return units;
}

constexpr std::int64_t bufferValues = 1 << 19;

std::int64_t samplesAtOnce(const Shapes& s, std::int64_t rows) {
  return std::max<std::int64_t>(1, bufferValues / (s.inPixels * s.taps * rows));
}

// Channels [channel, channel + channels) of a class's pixels; the rows as they stand where the class has every pixel.
template <class T>
const T* classRows(const T* x, const Portion& unit, const TapMap::Class& c, const Piece& piece, const Shapes& s,
                   Scratch<T>& buffer, std::int64_t& stride) {
  const auto pixels = static_cast<std::int64_t>(c.pixels.size());
  if (pixels == s.inPixels) {
    stride = s.in;
    return x + unit.begin * s.inPixels * s.in + piece.channel;
  }
  stride = piece.channels;
  auto* to = buffer.ofSize((unit.end - unit.begin) * pixels * stride);
  for (auto n = unit.begin; n < unit.end; ++n)
    for (const auto pixel : c.pixels) to = std::copy_n(x + (n * s.inPixels + pixel) * s.in + piece.channel, stride, to);
  return buffer.data();
}

template <class T>
void forwardUnit(const T* x, T* y, T* z, const Scratch<T>& packed, const BranchSlice& slice, const Portion& unit,
                 const Shapes& s, const TapMap& map) {
  const auto rows = slice.a.size(0), width = s.pieces * rows, samples = unit.end - unit.begin;
  const auto block = s.mostChannels() * s.taps * rows;
  Scratch<T> u, gathered;
  for (std::int64_t a = 0; a < s.pieces; ++a) {
    const auto piece = s.piece(a);
    for (const auto& c : map.classes) {
      const auto pixels = static_cast<std::int64_t>(c.pixels.size()), columns = c.taps * rows;
      if (pixels == 0) continue;
      std::int64_t stride = 0;
      const T* from = classRows(x, unit, c, piece, s, gathered, stride);
      u.ofSize(samples * pixels * columns);
      gemm<T>(false, false, samples * pixels, columns, piece.channels, 1, from, stride,
              packed.data() + a * block + c.firstTap * rows, s.taps * rows, 0, u.data(), columns);
      const T* value = u.data();
      for (std::int64_t n = 0; n < samples; ++n)
        for (const auto out : c.out) {
          if (out >= 0) {
            T* sum = z + (n * s.outPixels + out) * width + a * rows;
            for (std::int64_t m = 0; m < rows; ++m) sum[m] += value[m];
          }
          value += rows;
        }
    }
  }
  gemm<T>(false, true, samples * s.outPixels, s.out, width, static_cast<T>(slice.scale), z, width,
          slice.b.data_ptr<T>(), width, 1, y + unit.begin * s.outPixels * s.out, s.out);
}

// Writes the unit's part of dB to `db` and that of dA to `packedGradient`, adds to dx; each may be null.
template <class T>
void backwardUnit(const T* x, const T* dy, T* dx, const T* z, const Scratch<T>& packed, T* packedGradient, T* db,
                  const BranchSlice& slice, const Portion& unit, const Shapes& s, const TapMap& map) {
  const auto rows = slice.a.size(0), width = s.pieces * rows, samples = unit.end - unit.begin;
  const auto block = s.mostChannels() * s.taps * rows;
  const auto scale = static_cast<T>(slice.scale);
  const T* gradient = dy + unit.begin * s.outPixels * s.out;
  if (db) gemm<T>(true, false, s.out, width, samples * s.outPixels, scale, gradient, s.out, z, width, 0, db, width);
  Scratch<T> dz(samples * s.outPixels * width), du, gathered, back;
  gemm<T>(false, false, samples * s.outPixels, width, s.out, scale, gradient, s.out, slice.b.data_ptr<T>(), width, 0,
          dz.data(), width);
  for (std::int64_t a = 0; a < s.pieces; ++a) {
    const auto piece = s.piece(a);
    for (const auto& c : map.classes) {
      const auto pixels = static_cast<std::int64_t>(c.pixels.size()), columns = c.taps * rows;
      T* const gradientColumns = packedGradient ? packedGradient + a * block + c.firstTap * rows : nullptr;
      if (pixels == 0) {
        for (std::int64_t i = 0; packedGradient && i < piece.channels; ++i)
          std::fill_n(gradientColumns + i * s.taps * rows, columns, T(0));
        continue;
      }
      T* value = du.ofSize(samples * pixels * columns);
      for (std::int64_t n = 0; n < samples; ++n)
        for (const auto out : c.out) {
          if (out >= 0)
            std::copy_n(dz.data() + (n * s.outPixels + out) * width + a * rows, rows, value);
          else
            std::fill_n(value, rows, T(0));
          value += rows;
        }
      std::int64_t stride = 0;
      if (packedGradient) {
        const T* from = classRows(x, unit, c, piece, s, gathered, stride);
        gemm<T>(true, false, piece.channels, columns, samples * pixels, 1, from, stride, du.data(), columns, 0,
                gradientColumns, s.taps * rows);
      }
      if (!dx) continue;
      const T* weights = packed.data() + a * block + c.firstTap * rows;
      if (pixels == s.inPixels) {
        gemm<T>(false, true, samples * pixels, piece.channels, columns, 1, du.data(), columns, weights, s.taps * rows,
                1, dx + unit.begin * s.inPixels * s.in + piece.channel, s.in);
        continue;
      }
      back.ofSize(samples * pixels * piece.channels);
      gemm<T>(false, true, samples * pixels, piece.channels, columns, 1, du.data(), columns, weights, s.taps * rows, 0,
              back.data(), piece.channels);
      const T* from = back.data();
      for (auto n = unit.begin; n < unit.end; ++n)
        for (const auto pixel : c.pixels) {
          T* to = dx + (n * s.inPixels + pixel) * s.in + piece.channel;
          for (std::int64_t i = 0; i < piece.channels; ++i) to[i] += from[i];
          from += piece.channels;
        }
    }
  }
}

// Every slice's A in the pieces' layout.
template <class T>
std::vector<Scratch<T>> pack(const std::vector<BranchSlice>& slices, const Shapes& s, const TapMap& map) {
  std::vector<Scratch<T>> packed(slices.size());
  at::parallel_for(0, static_cast<std::int64_t>(slices.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (auto j = static_cast<std::size_t>(first); j < static_cast<std::size_t>(last); ++j) {
      const auto rows = slices[j].a.size(0), block = s.mostChannels() * s.taps * rows;
      packed[j].ofSize(s.pieces * block);
      for (std::int64_t a = 0; a < s.pieces; ++a)
        movePiece<T, true>(slices[j].a.data_ptr<T>(), packed[j].data() + a * block, rows, a, s, map);
    }
  });
  return packed;
}

std::int64_t mostRows(const std::vector<BranchSlice>& slices) {
  std::int64_t most = 1;
  for (const auto& slice : slices) most = std::max(most, slice.a.size(0));
  return most;
}

// Calls f(unit number) for all units on LibTorch's threads.
template <class F>
void eachUnit(const std::vector<Portion>& units, F&& f) {
  at::parallel_for(0, static_cast<std::int64_t>(units.size()), 1, [&](std::int64_t first, std::int64_t last) {
    const at::AutoDispatchBelowADInplaceOrView plain;  // autograd is switched on and off by thread
    const OneThread guard;
    for (auto u = static_cast<std::size_t>(first); u < static_cast<std::size_t>(last); ++u) f(u);
  });
}

}  // namespace

std::vector<Tensor> branchForward(const Tensor& x, const Tensor& y, const std::vector<BranchSlice>& slices,
                                  const TapMap& map, std::int64_t pieces) {
  const Shapes s(x, y, map, pieces);
  std::vector<Tensor> z;
  for (const auto& slice : slices)
    z.push_back(at::zeros({(slice.end - slice.begin) * s.outPixels, pieces * slice.a.size(0)}, x.options()));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "low-rank branch", [&] {
    using T = scalar_t;
    const auto packed = pack<T>(slices, s, map);
    const auto units = unitsOf(slices, samplesAtOnce(s, mostRows(slices)));
    eachUnit(units, [&](std::size_t u) {
      const auto& unit = units[u];
      const auto& slice = slices[unit.slice];
      auto* own = z[unit.slice].data_ptr<T>() + (unit.begin - slice.begin) * s.outPixels * z[unit.slice].size(1);
      forwardUnit<T>(x.data_ptr<T>(), y.data_ptr<T>(), own, packed[unit.slice], slice, unit, s, map);
    });
  });
  return z;
}

std::vector<BranchGradients> branchBackward(const Tensor& x, const Tensor& dy, const Tensor& dx,
                                            const std::vector<Tensor>& z, const std::vector<BranchSlice>& slices,
                                            const TapMap& map, std::int64_t pieces, bool wantFactors) {
  const Shapes s(x, dy, map, pieces);
  std::vector<BranchGradients> result(slices.size());
  for (std::size_t j = 0; wantFactors && j < slices.size(); ++j) {
    const bool met = slices[j].end > slices[j].begin;
    result[j].a = met ? at::empty_like(slices[j].a) : at::zeros_like(slices[j].a);
    result[j].b = met ? at::empty_like(slices[j].b) : at::zeros_like(slices[j].b);
  }
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "low-rank branch", [&] {
    using T = scalar_t;
    const auto packed = pack<T>(slices, s, map);
    // Units' parts are added up in the units' order, so that sums come in one order for one number of threads. The
    // first of a slice writes its part of dB where the sum shall stand.
    const auto units = unitsOf(slices, samplesAtOnce(s, mostRows(slices)));
    std::vector<Scratch<T>> da(units.size()), db(units.size());
    const auto isFirst = [&](std::size_t u) { return units[u].begin == slices[units[u].slice].begin; };
    eachUnit(units, [&](std::size_t u) {
      const auto& unit = units[u];
      const auto& slice = slices[unit.slice];
      T *a = nullptr, *b = nullptr;
      if (wantFactors) {
        a = da[u].ofSize(s.pieces * s.mostChannels() * s.taps * slice.a.size(0));
        b = isFirst(u) ? result[unit.slice].b.data_ptr<T>() : db[u].ofSize(slice.b.numel());
      }
      const auto* own = z[unit.slice].data_ptr<T>() + (unit.begin - slice.begin) * s.outPixels * z[unit.slice].size(1);
      backwardUnit<T>(x.data_ptr<T>(), dy.data_ptr<T>(), dx.defined() ? dx.data_ptr<T>() : nullptr, own,
                      packed[unit.slice], a, b, slice, unit, s, map);
    });
    if (!wantFactors) return;
    at::parallel_for(0, static_cast<std::int64_t>(slices.size()), 1, [&](std::int64_t first, std::int64_t last) {
      for (auto j = static_cast<std::size_t>(first); j < static_cast<std::size_t>(last); ++j) {
        const auto rows = slices[j].a.size(0), block = s.mostChannels() * s.taps * rows;
        for (std::size_t u = 0; u < units.size(); ++u) {
          if (units[u].slice != j) continue;
          for (std::int64_t a = 0; a < s.pieces; ++a)
            movePiece<T, false>(result[j].a.data_ptr<T>(), da[u].data() + a * block, rows, a, s, map,
                                a > 0 || !isFirst(u));
          if (isFirst(u)) continue;
          auto* to = result[j].b.data_ptr<T>();
          for (std::int64_t i = 0; i < slices[j].b.numel(); ++i) to[i] += db[u].data()[i];
        }
      }
    });
  });
  return result;
}

}  // namespace lorkd::nn
