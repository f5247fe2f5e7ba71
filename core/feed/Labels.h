// The classes of a prepared volume (see data/Prepare.h): which of them each voxel belongs to, read part by part.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <span>
#include <vector>

#include "core/base/NumberBlocks.h"
#include "core/base/SafeTensors.h"

namespace lorkd::feed {

/// A view of a mapped file; copies are cheap. Every voxel has the number of a set of classes; the empty set is 0.
class Labels {
 public:
  /// A class of a set: inside it is 1, or not known (base/Truth.h).
  struct Member {
    std::uint32_t cls = 0;
    std::uint8_t value = 0;
  };

  Labels() = default;
  /// Those of task number `task`, of a volume of `size`. Errors: NotFound, Format (naming the tensor),
  /// Mismatch (a volume of another size).
  static Result<Labels> of(const safetensors::File& file, int task, const Extent3& size);

  std::int64_t classes() const { return m_classes; }
  const Extent3& size() const { return m_blocks.size(); }
  std::size_t bytes() const { return m_bytes; }
  /// The classes of each set, ascending.
  const std::vector<std::vector<Member>>& sets() const { return *m_sets; }
  /// What a class is in a set: 1, 0, or not known.
  std::uint8_t value(std::uint32_t set, std::uint32_t cls) const {
    return std::to_integer<std::uint8_t>(m_table[set * static_cast<std::size_t>(m_classes) + cls]);
  }
  /// The sets of the voxels from `low`, `size` of them, which lie inside the volume.
  void read(const Extent3& low, const Extent3& size, std::uint32_t* out) const { m_blocks.read(low, size, out); }
  /// The sets of whole slices, `first` to before `end`.
  std::vector<std::uint32_t> slices(std::int64_t first, std::int64_t end) const;
  /// Masks (C, slices, H, W) uint8 of these slices: 1 inside, 0 outside, or not known. A byte a voxel and class.
  torch::Tensor masks(std::int64_t first, std::int64_t end) const;
  torch::Tensor masks() const { return masks(0, size()[0]); }

 private:
  NumberBlocks m_blocks;
  std::int64_t m_classes = 0;
  std::size_t m_bytes = 0;
  std::span<const std::byte> m_table;
  std::shared_ptr<const std::vector<std::vector<Member>>> m_sets;
  std::shared_ptr<const void> m_mapping;
};

}  // namespace lorkd::feed
