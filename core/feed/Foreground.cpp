#include "core/feed/Foreground.h"

#include <algorithm>
#include <cstring>

#include "core/base/Random.h"

namespace lorkd::feed {

namespace {

/// Calls found(index) for every labelled voxel, ascending.
template <class Found>
void eachLabelled(const std::uint8_t* mask, std::int64_t voxels, const Found& found) {
  for (std::int64_t i = 0; i < voxels;) {
    std::uint64_t word = 1;  // eight voxels at once: masks are mostly empty
    if (i + 8 <= voxels) std::memcpy(&word, mask + i, 8);
    if (word == 0) {
      i += 8;
      continue;
    }
    for (const auto end = std::min(i + 8, voxels); i < end; ++i)
      if (mask[i] == 1) found(static_cast<std::uint32_t>(i));
  }
}

}  // namespace

Foreground findForeground(const std::uint8_t* masks, std::int64_t classes, std::int64_t voxels, std::uint64_t seed) {
  Foreground out;
  for (std::int64_t c = 0; c < classes; ++c) {
    const auto* mask = masks + c * voxels;
    // Counted first and picked then: a list of all of them might be larger than the volume.
    std::size_t count = 0;
    eachLabelled(mask, voxels, [&](std::uint32_t) { ++count; });
    if (count == 0) continue;
    std::vector<std::size_t> ranks;
    Random random(seed, {static_cast<std::uint64_t>(c)});
    for (std::size_t i = 0; i < std::min(count, foregroundLimit); ++i) {
      const auto begin = i * count / foregroundLimit, end = (i + 1) * count / foregroundLimit;
      ranks.push_back(count <= foregroundLimit
                          ? i
                          : begin + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(end - begin))));
    }
    auto& some = out.emplace_back();
    std::size_t rank = 0;
    eachLabelled(mask, voxels, [&](std::uint32_t voxel) {
      if (some.size() < ranks.size() && rank++ == ranks[some.size()]) some.push_back(voxel);
    });
  }
  return out;
}

}  // namespace lorkd::feed
