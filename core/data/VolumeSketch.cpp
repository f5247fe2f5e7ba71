#include "core/data/VolumeSketch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/data/Orient.h"

namespace lorkd::data {
namespace {

constexpr std::size_t kBlocks = 16, kAll = kBlocks * kBlocks * kBlocks, kAround = 4;

/// Of each block, the mean of its voxels between two values.
std::vector<double> blockMeans(const image::Volume& volume, double low, double high) {
  const auto& g = volume.geometry;
  const auto order = closestToLps(g);
  std::array<std::vector<std::size_t>, 3> offset;  // of the block of each voxel along each of the volume's axes
  for (std::size_t a = 0, stride = 1; a < 3; ++a, stride *= kBlocks) {
    const auto old = order.axis[a];
    const auto size = static_cast<std::size_t>(g.size[old]);
    for (std::size_t n = 0; n < size; ++n)
      offset[old].push_back((order.flip[a] ? size - 1 - n : n) * kBlocks / size * stride);
  }
  std::vector<double> sums(kAll), counts(kAll);
  std::size_t at = 0;
  for (const auto k : offset[2])
    for (const auto j : offset[1])
      for (const auto i : offset[0]) {
        sums[i + j + k] += std::clamp<double>(volume.voxels[at++], low, high);
        ++counts[i + j + k];
      }
  for (std::size_t n = 0; n < kAll; ++n) sums[n] /= counts[n];
  return sums;
}

/// The blocks less the means of the larger ones that they lie in.
std::vector<double> details(std::vector<double> means) {
  constexpr std::size_t kLarge = kBlocks / kAround, kIn = kAround * kAround * kAround;
  const auto large = [](std::size_t n) {
    const auto x = n % kBlocks, y = n / kBlocks % kBlocks, z = n / kBlocks / kBlocks;
    return x / kAround + kLarge * (y / kAround + kLarge * (z / kAround));
  };
  std::vector<double> around(kLarge * kLarge * kLarge);
  for (std::size_t n = 0; n < kAll; ++n) around[large(n)] += means[n] / kIn;
  for (std::size_t n = 0; n < kAll; ++n) means[n] -= around[large(n)];
  return means;
}

/// Products of the steps of two sketches, summed.
std::int64_t product(const std::string& a, const std::string& b) {
  std::int32_t sum = 0;
  for (std::size_t n = 0; n < kAll; ++n) sum += static_cast<signed char>(a[n]) * static_cast<signed char>(b[n]);
  return sum;
}

}  // namespace

std::string sketchOf(const image::Volume& volume, double low, double high) {
  if (std::ranges::any_of(volume.geometry.size, [](auto side) { return side < std::int64_t(kBlocks); })) return {};
  const auto values = details(blockMeans(volume, low, high));
  double squares = 0;
  for (const double v : values) squares += v * v;
  const double deviation = std::sqrt(squares / kAll);
  if (!(deviation > 1e-6 * (high - low))) return {};
  std::string out;
  for (const double v : values)
    out += static_cast<char>(static_cast<signed char>(std::clamp(std::lround(30 * v / deviation), -127L, 127L)));
  return out;
}

double likeness(const std::string& a, const std::string& b) {
  if (a.size() != kAll || b.size() != kAll) return 0;
  const auto own = static_cast<double>(product(a, a)) * static_cast<double>(product(b, b));
  return own > 0 ? static_cast<double>(product(a, b)) / std::sqrt(own) : 0;
}

void findNearVolumes(const std::vector<AuditedImage>& images, std::vector<Double>& out) {
  const auto known = [&](const std::string& a, const std::string& b) {
    return std::ranges::any_of(out, [&](const Double& d) { return (d.a == a && d.b == b) || (d.a == b && d.b == a); });
  };
  for (std::size_t n = 1; n < images.size(); ++n) {
    const auto& b = images[n];
    if (!b.reading || b.reading->sketch.empty()) continue;
    std::pair<bool, double> best{false, kSameVolume};  // whether in another split, and how alike
    const AuditedImage* other = nullptr;
    for (std::size_t m = 0; m < n; ++m) {
      const auto& a = images[m];
      if (!a.reading || a.item.patient == b.item.patient || a.reading->fingerprint == b.reading->fingerprint) continue;
      const auto alike = likeness(a.reading->sketch, b.reading->sketch);
      const bool leak = a.split && b.split && *a.split != *b.split;
      if (alike < kSameVolume || std::pair(leak, alike) < best || known(a.item.id, b.item.id)) continue;
      best = {leak, alike};
      other = &a;
    }
    if (other)
      out.push_back({"nearly", other->item.id, b.item.id, best.first, other->split.value_or(Split::Train),
                     b.split.value_or(Split::Train)});
  }
}

}  // namespace lorkd::data
