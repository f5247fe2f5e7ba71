// Volumes of few numbers in little space, of which any part can be read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/Error.h"

namespace lorkd {

/// Voxels along the slowest, the middle and the fastest axis: D, H, W.
using Extent3 = std::array<std::int64_t, 3>;

/// Numbers of a volume in blocks of 8 × 8 × 8, each with a table of the numbers that it holds and, for each voxel, the
/// place in that table in as few bits as it takes: most blocks of a label map are of one number and take eight bytes.
/// A part is read without the rest. The idea is that of Neuroglancer's "compressed segmentation".
/// Words: D, H, W; two a block (x fastest); then what they point at. A block of one number: that number, 1. Another:
/// the place of its data among the words and the length n of its table; the data are the table, and 512 values of 1, 2,
/// 4, 8 or 16 bits (the least of these that n − 1 fits into), the first in a word's lowest bits.
class NumberBlocks {
 public:
  /// `numbers` of a volume of `size`, the fastest axis last.
  static std::vector<std::uint32_t> pack(std::span<const std::uint32_t> numbers, const Extent3& size);
  /// Over words that stay where they are. Errors: Mismatch where they are of a volume of another size; Format where
  /// they point beyond their end, or hold a number that is not below `limit`.
  static Result<NumberBlocks> of(std::span<const std::uint32_t> words, const Extent3& size, std::uint32_t limit);
  const Extent3& size() const { return m_size; }
  /// The numbers of the voxels from `low`, `size` of them, which lie inside the volume.
  void read(const Extent3& low, const Extent3& size, std::uint32_t* out) const;

 private:
  bool sound(std::uint32_t limit) const;
  std::span<const std::uint32_t> m_words;
  Extent3 m_size{};
};

}  // namespace lorkd
