// Which of many classes each voxel belongs to, kept as a number a voxel: the number of a set of classes. Classes may
// overlap and need not be known everywhere; masks of a hundred of them would be many times as large as their image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/NumberBlocks.h"

namespace lorkd {

/// A volume's sets: a row a set, a byte a class (1 inside, 0 outside, or not known: base/Truth.h), row 0 of none; and
/// the number of each voxel's set, as NumberBlocks.
struct PackedSets {
  std::size_t sets = 0;
  std::vector<std::uint8_t> table;
  std::vector<std::uint32_t> words;
};

/// The sets that occur among `voxels` voxels.
class ClassSets {
 public:
  explicit ClassSets(std::size_t voxels) : m_numbers(voxels, 0) {}
  /// The next class, by its mask: 1 inside, 0 outside, or not known. Errors: InvalidArgument (a mask of another size);
  /// Unsupported where the classes overlap in more ways than real structures do (four million).
  Result<void> add(std::span<const std::uint8_t> mask);
  std::size_t classes() const { return m_classes; }
  /// Voxels that one class marks at least, and those that several do.
  std::pair<std::size_t, std::size_t> marked() const;
  /// Of the part that begins at voxel `first` and has this size.
  PackedSets pack(std::size_t first, const Extent3& size) const;

 private:
  /// A set is another one and one class more, so that many sets take little.
  struct Node {
    std::uint32_t before = 0, cls = 0;
    std::uint8_t value = 0;
  };
  void dropUnused();

  std::vector<std::uint32_t> m_numbers;
  std::vector<Node> m_nodes = std::vector<Node>(1);
  std::uint32_t m_classes = 0;
};

}  // namespace lorkd
