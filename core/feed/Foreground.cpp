#include "core/feed/Foreground.h"

#include <algorithm>

#include "core/base/Random.h"

namespace lorkd::feed {

namespace {

/// Calls found(class, index) for every labelled voxel, ascending.
template <class Found>
void eachLabelled(const Labels& labels, const Found& found) {
  constexpr std::int64_t slab = 8;  // slices at a time
  const auto depth = labels.size()[0];
  std::uint32_t voxel = 0;
  for (std::int64_t z = 0; z < depth; z += slab)
    for (const auto set : labels.slices(z, std::min(z + slab, depth))) {
      for (const auto& [cls, value] : labels.sets()[set])
        if (value == 1) found(cls, voxel);
      ++voxel;
    }
}

}  // namespace

Foreground findForeground(const Labels& labels, std::uint64_t seed) {
  // Counted first and picked then: a list of all of them might be larger than the volume.
  const auto classes = static_cast<std::size_t>(labels.classes());
  std::vector<std::size_t> counts(classes), rank(classes);
  eachLabelled(labels, [&](std::uint32_t cls, std::uint32_t) { ++counts[cls]; });
  std::vector<std::vector<std::size_t>> ranks(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    const auto count = counts[c];
    Random random(seed, {static_cast<std::uint64_t>(c)});
    for (std::size_t i = 0; i < std::min(count, foregroundLimit); ++i) {
      const auto begin = i * count / foregroundLimit, end = (i + 1) * count / foregroundLimit;
      ranks[c].push_back(count <= foregroundLimit
                             ? i
                             : begin + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(end - begin))));
    }
  }
  Foreground some(classes);
  eachLabelled(labels, [&](std::uint32_t cls, std::uint32_t voxel) {
    if (some[cls].size() < ranks[cls].size() && rank[cls]++ == ranks[cls][some[cls].size()]) some[cls].push_back(voxel);
  });
  std::erase_if(some, [](const auto& list) { return list.empty(); });
  return some;
}

}  // namespace lorkd::feed
