#include "core/image/Volume.h"

#include <algorithm>

namespace lorkd::image {

const Segment* SegmentSet::find(const std::string& name) const {
  const auto found = std::ranges::find(segments, name, &Segment::name);
  return found == segments.end() ? nullptr : &*found;
}

}  // namespace lorkd::image
