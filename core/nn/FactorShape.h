// Shapes and sizes of the low-rank factors; no LibTorch, so that forms can count parameters as one types.
// Source: LoRKD (arXiv 2404.17184, 2409.19540) and the behaviour of its published code.
#pragma once

#include <cstdint>
#include <string>

namespace lorkd::nn {

/// A layer that experts adapt: linear (dims 0), conv2d (dims 2) or conv3d (dims 3) with a cubic kernel.
struct AdaptedLayer {
  std::string name;  ///< dotted module path inside the backbone
  int dims = 3;
  std::int64_t in = 0, out = 0, kernel = 3;
  bool decoder = false;  ///< its rank is the task's rank times the decoder factor
};

/// Rows and columns of A and B for rank r: A (aRows, aCols), B (bRows, bCols); B·A views row-major as the weight.
/// linear: A (r, in), B (out, r). conv2d: A (r·k, in·k), B (out·k, r·k). conv3d: A (r·k, in·k²), B (out·k, r·k).
struct FactorShape {
  std::int64_t aRows = 0, aCols = 0, bRows = 0, bCols = 0;
  std::int64_t parameters() const { return aRows * aCols + bRows * bCols; }
};

inline FactorShape factorShape(const AdaptedLayer& layer, std::int64_t rank) {
  const std::int64_t k = layer.dims == 0 ? 1 : layer.kernel;
  const std::int64_t taps = layer.dims == 3 ? k * k : k;
  return {rank * k, layer.in * taps, layer.out * k, rank * k};
}

/// Rank of a task in a layer.
inline std::int64_t layerRank(const AdaptedLayer& layer, std::int64_t taskRank, std::int64_t decoderFactor) {
  return layer.decoder ? taskRank * decoderFactor : taskRank;
}

}  // namespace lorkd::nn
