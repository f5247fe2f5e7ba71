#include "core/feed/Targets.h"

#include "core/base/Truth.h"
#include "core/feed/Places.h"

namespace lorkd::feed {
namespace {

/// The masks of a patch, 0 at first, and how sets of classes are put into them: neighbours in a row are mostly of one
/// set, and are filled at once.
class Masks {
 public:
  Masks(const Labels& labels, const Size3& patch, std::uint8_t* out)
      : m_labels(labels), m_voxels(patch[0] * patch[1] * patch[2]), m_out(out) {
    std::fill_n(out, labels.classes() * m_voxels, std::uint8_t(0));
  }
  ~Masks() { flush(); }
  Masks(const Masks&) = delete;
  Masks& operator=(const Masks&) = delete;

  void put(std::int64_t from, std::int64_t count, std::uint32_t set) {
    if (set == m_set && from == m_end) {
      m_end += count;
      return;
    }
    flush();
    m_set = set, m_from = from, m_end = from + count;
  }
  void put(std::int64_t voxel, std::uint32_t cls, std::uint8_t value) { m_out[cls * m_voxels + voxel] = value; }

 private:
  void flush() {
    for (const auto& [cls, value] : m_labels.sets()[m_set])
      std::fill_n(m_out + cls * m_voxels + m_from, m_end - m_from, value);
  }
  const Labels& m_labels;
  const std::int64_t m_voxels;
  std::uint8_t* m_out;
  std::uint32_t m_set = 0;
  std::int64_t m_from = 0, m_end = 0;
};

/// A part of a volume's sets.
struct Part {
  Extent3 low{}, size{};
  std::vector<std::uint32_t> sets;
  std::uint32_t at(std::int64_t z, std::int64_t y, std::int64_t x) const {
    return sets[static_cast<std::size_t>(((z - low[0]) * size[1] + y - low[1]) * size[2] + x - low[2])];
  }
};

/// From `low` to before `high`; false where that is nothing.
bool read(const Labels& labels, const Extent3& low, const Extent3& high, Part& out) {
  out.low = low;
  std::size_t voxels = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    if (high[a] <= low[a]) return false;
    out.size[a] = high[a] - low[a];
    voxels *= static_cast<std::size_t>(out.size[a]);
  }
  out.sets.resize(voxels);
  labels.read(out.low, out.size, out.sets.data());
  return true;
}

void cutStraight(const Labels& labels, const Size3& start, const Size3& patch, bool mirror, Masks& masks) {
  Extent3 low{}, high{};
  for (std::size_t a = 0; a < 3; ++a) {
    low[a] = std::max<std::int64_t>(0, start[a]);
    high[a] = std::min(labels.size()[a], start[a] + patch[a]);
  }
  Part part;
  if (!read(labels, low, high, part)) return;
  for (auto z = low[0]; z < high[0]; ++z)
    for (auto y = low[1]; y < high[1]; ++y) {
      const auto row = ((z - start[0]) * patch[1] + y - start[1]) * patch[2];
      for (std::int64_t n = 0; n < part.size[2]; ++n) {
        const auto x = mirror ? high[2] - 1 - n : low[2] + n;
        const auto column = x - start[2];
        masks.put(row + (mirror ? patch[2] - 1 - column : column), 1, part.at(z, y, x));
      }
    }
}

/// The sets of the eight voxels around a place.
using Corners = std::array<std::uint32_t, 8>;

/// What class `cls` is amid these.
std::uint8_t valueAmid(const Labels& labels, const Corners& corners, std::uint32_t cls, const Place& z, const Place& y,
                       const Place& x) {
  for (const std::uint8_t wanted : {std::uint8_t(1), notKnown}) {
    const auto is = [&](std::size_t n) { return labels.value(corners[n], cls) == wanted ? 1.0f : 0.0f; };
    const auto plane = [&](std::size_t n) {
      return between(between(is(n), is(n + 1), x.share), between(is(n + 2), is(n + 3), x.share), y.share);
    };
    if (between(plane(0), plane(4), z.share) >= 0.5f) return wanted;
  }
  return 0;
}

void cutTurned(const Labels& labels, const Size3& start, const Size3& patch, const Augmentation& augmentation,
               Masks& masks) {
  const Places places(labels.size(), start, patch, augmentation);
  Extent3 low = labels.size(), high{};
  const auto around = [&](std::size_t axis, const Place& place) {
    low[axis] = std::min(low[axis], place.low);
    high[axis] = std::max(high[axis], place.high + 1);
  };
  std::vector<std::pair<Place, Place>> inPlane;
  for (std::int64_t h = 0; h < patch[1]; ++h)
    for (std::int64_t w = 0; w < patch[2]; ++w) {
      const auto& [y, x] = inPlane.emplace_back(places.inPlane(h, w));
      if (y.inside && x.inside) around(1, y), around(2, x);
    }
  for (std::int64_t d = 0; d < patch[0]; ++d)
    if (places.plane(d).inside) around(0, places.plane(d));
  Part part;
  if (!read(labels, low, high, part)) return;

  std::vector<std::int64_t> seen(static_cast<std::size_t>(labels.classes()), -1);  // at which voxel a class was last
  std::int64_t voxel = 0;
  for (std::int64_t d = 0; d < patch[0]; ++d) {
    const auto& z = places.plane(d);
    for (const auto& [y, x] : inPlane) {
      const auto here = voxel++;
      if (!z.inside || !y.inside || !x.inside) continue;
      Corners corners;
      std::size_t n = 0;
      for (const auto k : {z.low, z.high})
        for (const auto j : {y.low, y.high})
          for (const auto i : {x.low, x.high}) corners[n++] = part.at(k, j, i);
      if (std::ranges::all_of(corners, [&](auto set) { return set == corners[0]; })) {
        masks.put(here, 1, corners[0]);
        continue;
      }
      for (const auto set : corners)
        for (const auto& member : labels.sets()[set]) {
          if (std::exchange(seen[member.cls], here) == here) continue;
          masks.put(here, member.cls, valueAmid(labels, corners, member.cls, z, y, x));
        }
    }
  }
}

}  // namespace

void cutTargets(const Labels& labels, const Size3& start, const Size3& patch, const Augmentation& augmentation,
                std::uint8_t* out) {
  Masks masks(labels, patch, out);
  if (augmentation.moves())
    cutTurned(labels, start, patch, augmentation, masks);
  else
    cutStraight(labels, start, patch, augmentation.mirror, masks);
}

}  // namespace lorkd::feed
