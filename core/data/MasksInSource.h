// Probabilities on the working grid taken back to the grid of their source, part by part.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/image/Volume.h"

namespace lorkd::data {

/// Probabilities of every class in a part of the working grid, indices along i, j, k. The voxels from `from` to before
/// `to` are decided by this part; those around them are needed for that.
struct ProbabilityPart {
  std::array<std::int64_t, 3> low{}, size{};
  std::array<std::int64_t, 3> from{}, to{};
  std::vector<const float*> classes;  ///< of each: size voxels, i fastest
};

/// Which voxels of a source belong to which class: each probability is interpolated linearly on `source`. Of
/// overlapping classes (independent sigmoids) a voxel belongs to every one whose probability is above `threshold`
/// there; of exclusive ones to the most probable, if that is more probable than the background, which has the rest
/// to 1. Voxels outside the working grid (in another slab) belong to none. Keeps a bit a voxel and class, or two bytes
/// a voxel of exclusive ones.
class MasksInSource {
 public:
  /// `grid` is the working grid, whose axes run along those of `source`, in any order and sense.
  MasksInSource(std::size_t classes, const image::Geometry& grid, const image::Geometry& source, double threshold,
                bool exclusive);
  /// Voxels along i, j, k that a part needs around what it decides: one for the interpolation, more where the source is
  /// coarser than the working grid, so that probabilities are smoothed as images are (see io::resampleLinear).
  std::array<std::int64_t, 3> margin() const;
  void add(const ProbabilityPart& part);

  std::size_t classes() const { return m_classes; }
  const image::Geometry& source() const { return m_source; }
  /// Made when it is asked for, since those of many classes would not fit into memory.
  image::Mask mask(std::size_t cls) const;
  /// One map of all, the n-th class as value n + 1. A voxel of several goes to the one with the fewest voxels, so that
  /// a small structure shows inside a large one that covers it too.
  image::LabelMap paint() const;

 private:
  /// A voxel of the source along one axis of the working grid: between two voxels of that, the second one's share.
  struct Place {
    std::int64_t low = 0, high = 0;
    float share = 0;
    bool inside = false;
  };
  struct Decided;
  /// Calls use(number among the decided voxels, place in the source, value) for those of rows where the interpolated
  /// value may be above `least`.
  template <class Use>
  void interpolate(const float* values, const ProbabilityPart& part, const Decided& decided, float least,
                   const Use& use) const;

  std::size_t m_classes = 0;
  image::Geometry m_grid, m_source;
  float m_threshold = 0;
  bool m_exclusive = false;
  std::array<std::vector<Place>, 3> m_places;  ///< by axis of the grid: of each voxel of the source along it
  std::array<std::int64_t, 3> m_stride{};      ///< by axis of the grid: of one voxel further in the source
  image::LabelMap m_labels;                    ///< of exclusive classes
  std::vector<std::vector<bool>> m_masks;      ///< of overlapping ones
};

}  // namespace lorkd::data
