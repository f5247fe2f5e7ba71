#include "core/feed/Foreground.h"

#include <cstring>

#include "core/base/Random.h"

namespace lorkd::feed {

Foreground findForeground(const std::uint8_t* masks, std::int64_t classes, std::int64_t voxels, std::uint64_t seed) {
  Foreground out;
  std::vector<std::uint32_t> all;
  for (std::int64_t c = 0; c < classes; ++c) {
    const auto* mask = masks + c * voxels;
    all.clear();
    for (std::int64_t i = 0; i < voxels;) {
      std::uint64_t word = 1;  // eight voxels at once: masks are mostly empty
      if (i + 8 <= voxels) std::memcpy(&word, mask + i, 8);
      if (word == 0) {
        i += 8;
        continue;
      }
      for (const auto end = std::min(i + 8, voxels); i < end; ++i)
        if (mask[i]) all.push_back(static_cast<std::uint32_t>(i));
    }
    if (all.empty()) continue;
    if (all.size() <= foregroundLimit) {
      out.push_back(all);
      continue;
    }
    Random random(seed, {static_cast<std::uint64_t>(c)});
    std::vector<std::uint32_t> some(foregroundLimit);
    for (std::size_t i = 0; i < foregroundLimit; ++i) {
      const auto begin = i * all.size() / foregroundLimit, end = (i + 1) * all.size() / foregroundLimit;
      some[i] = all[begin + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(end - begin)))];
    }
    out.push_back(std::move(some));
  }
  return out;
}

}  // namespace lorkd::feed
