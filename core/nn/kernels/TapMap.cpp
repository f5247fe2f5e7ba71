#include "core/nn/kernels/TapMap.h"

#include <map>
#include <mutex>

namespace lorkd::nn {
namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t product(const Sizes& sizes) {
  std::int64_t all = 1;
  for (const auto size : sizes) all *= size;
  return all;
}

Sizes unravel(std::int64_t index, const Sizes& sizes) {
  Sizes place(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; index /= sizes[axis]) place[axis] = index % sizes[axis];
  return place;
}

// The output pixel at which input pixel `in` is met through `tap`, or −1.
std::int64_t outputOf(const Sizes& in, const Sizes& tap, const Sizes& outSizes, const ConvGeometry& g) {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    const auto reach = in[axis] + g.padding[axis] - tap[axis] * g.dilation[axis];
    if (reach < 0 || reach % g.stride[axis] != 0 || reach / g.stride[axis] >= outSizes[axis]) return -1;
    index = index * outSizes[axis] + reach / g.stride[axis];
  }
  return index;
}

Sizes residues(const Sizes& place, const Sizes& offset, const Sizes& stride) {
  Sizes rest(place.size());
  for (std::size_t axis = 0; axis < place.size(); ++axis) rest[axis] = (place[axis] + offset[axis]) % stride[axis];
  return rest;
}

TapMap makeMap(const Sizes& inSizes, const Sizes& kernel, const ConvGeometry& g) {
  TapMap map;
  map.outSizes = outputSizes(inSizes, kernel, g);
  map.taps = product(kernel);
  map.inPixels = product(inSizes);
  map.outPixels = product(map.outSizes);

  const Sizes none(inSizes.size(), 0);
  std::map<Sizes, Sizes> tapsOf;  // by residue
  for (std::int64_t tap = 0; tap < map.taps; ++tap) {
    auto place = unravel(tap, kernel);
    for (std::size_t axis = 0; axis < place.size(); ++axis) place[axis] *= g.dilation[axis];
    tapsOf[residues(place, none, g.stride)].push_back(tap);
  }
  std::map<Sizes, Sizes> pixelsOf;
  for (std::int64_t pixel = 0; pixel < map.inPixels; ++pixel)
    pixelsOf[residues(unravel(pixel, inSizes), g.padding, g.stride)].push_back(pixel);
  for (const auto& [residue, taps] : tapsOf) {
    TapMap::Class c;
    c.firstTap = static_cast<std::int64_t>(map.tapOrder.size());
    c.taps = static_cast<std::int64_t>(taps.size());
    c.pixels = pixelsOf[residue];
    map.tapOrder.insert(map.tapOrder.end(), taps.begin(), taps.end());
    for (const auto pixel : c.pixels)
      for (const auto tap : taps)
        c.out.push_back(outputOf(unravel(pixel, inSizes), unravel(tap, kernel), map.outSizes, g));
    map.classes.push_back(std::move(c));
  }

  Sizes met(static_cast<std::size_t>(map.taps * map.outPixels), -1);  // [tap · out pixels + out]: input pixel
  for (const auto& c : map.classes)
    for (std::size_t i = 0; i < c.out.size(); ++i)
      if (const auto taps = static_cast<std::size_t>(c.taps); c.out[i] >= 0) {
        const auto tap = map.tapOrder[static_cast<std::size_t>(c.firstTap) + i % taps];
        met[static_cast<std::size_t>(tap * map.outPixels + c.out[i])] = c.pixels[i / taps];
      }
  for (std::int64_t i = 0; i < map.taps * map.outPixels; ++i) {
    const auto tap = i / map.outPixels, out = i % map.outPixels, in = met[static_cast<std::size_t>(i)];
    auto* last = map.runs.empty() ? nullptr : &map.runs.back();
    if (in < 0) continue;
    if (last && last->tap == tap && last->out + last->count == out && last->in + last->count == in)
      ++last->count;
    else
      map.runs.push_back({tap, in, out, 1});
  }
  return map;
}

}  // namespace

std::shared_ptr<const TapMap> tapMap(const Sizes& inSizes, const Sizes& kernel, const ConvGeometry& g) {
  static std::mutex mutex;
  static std::map<std::vector<Sizes>, std::shared_ptr<const TapMap>> known;
  const std::lock_guard lock(mutex);
  auto& map = known[{inSizes, kernel, g.stride, g.padding, g.dilation}];
  if (!map) {
    map = std::make_shared<const TapMap>(makeMap(inSizes, kernel, g));
    // Inputs of ever new sizes shall not fill the memory.
    if (auto kept = map; known.size() > 256) {
      known.clear();
      return kept;
    }
  }
  return map;
}

}  // namespace lorkd::nn
