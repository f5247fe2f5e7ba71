// The voxels of one image, for an audit.
#include <algorithm>
#include <cmath>

#include "core/base/Digest.h"
#include "core/data/Audit.h"
#include "core/data/Orient.h"
#include "core/data/Prepare.h"
#include "core/io/Images2D.h"

namespace lorkd::data {
namespace {

constexpr std::size_t kBins = 65536;
constexpr double kAir = -900;            // HU: the air around a patient is darker, lungs are not
constexpr std::size_t kBodySteps = 200;  // of the body's quantiles

/// From one bin of the histogram to the next.
double stepOf(const std::vector<float>& voxels, float low, float high) {
  const bool whole = high - low < kBins && std::ranges::all_of(voxels, [](float v) { return v == std::floor(v); });
  return whole || high <= low ? 1.0 : (double(high) - low) / (kBins - 1);
}

/// How many voxels have which value: whole numbers as they are, others in as many steps between the ends.
std::vector<std::uint64_t> histogram(const std::vector<float>& voxels, float low, double step) {
  std::vector<std::uint64_t> bins(kBins);
  for (const float v : voxels) ++bins[static_cast<std::size_t>(std::lround((double(v) - low) / step))];
  return bins;
}

/// The value below which `share` of the voxels lie.
double percentile(const std::vector<std::uint64_t>& bins, std::uint64_t total, double share, double low, double high) {
  const auto wanted = static_cast<double>(total) * share;
  double below = 0;
  std::size_t last = 0;
  for (std::size_t n = 0; n < bins.size(); ++n)
    if (bins[n] > 0) last = n;
  for (std::size_t n = 0; n <= last; ++n) {
    below += static_cast<double>(bins[n]);
    if (below >= wanted)
      return last == 0 ? low : low + (high - low) * static_cast<double>(n) / static_cast<double>(last);
  }
  return high;
}

/// The middle slice across S, feet away from the viewer, at most 128 pixels a side and square on the screen, with what
/// belongs to any structure outlined.
Result<std::string> thumbnailOf(const image::Volume& volume, const std::vector<std::uint8_t>& marked, const Reading& r,
                                bool ct) {
  const auto order = closestToLps(volume.geometry);
  const auto& g = volume.geometry;
  const auto i = order.axis[0], j = order.axis[1], k = order.axis[2];
  const double wide = static_cast<double>(g.size[i]) * g.spacing[i],
               high = static_cast<double>(g.size[j]) * g.spacing[j];
  constexpr double kSide = 128;
  io::Picture picture;
  picture.width = std::max<std::int64_t>(1, std::lround(kSide * std::min(1.0, wide / high)));
  picture.height = std::max<std::int64_t>(1, std::lround(kSide * std::min(1.0, high / wide)));
  picture.channels = 3;
  const auto [low, top] = ct ? std::pair(-160.0, 240.0) : std::pair(r.percentiles[0], r.percentiles[2]);
  const auto offsetOf = [&](std::int64_t x, std::int64_t y) {
    std::array<std::int64_t, 3> at{};
    const auto place = [&](std::size_t axis, std::size_t a, double share) {
      const auto n = std::clamp<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(g.size[axis])), 0,
                                              g.size[axis] - 1);
      at[axis] = order.flip[a] ? g.size[axis] - 1 - n : n;
    };
    place(i, 0, (static_cast<double>(x) + 0.5) / static_cast<double>(picture.width));
    place(j, 1, (static_cast<double>(y) + 0.5) / static_cast<double>(picture.height));
    at[k] = g.size[k] / 2;
    return static_cast<std::size_t>(g.offset(at[0], at[1], at[2]));
  };
  const auto inside = [&](std::int64_t x, std::int64_t y) {
    if (marked.empty() || x < 0 || y < 0 || x >= picture.width || y >= picture.height) return false;
    return marked[offsetOf(x, y)] != 0;
  };
  for (std::int64_t y = 0; y < picture.height; ++y)
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const double value = (volume.voxels[offsetOf(x, y)] - low) / std::max(1e-6, top - low);
      const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
      const bool edge = inside(x, y) && !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1));
      for (const std::uint8_t c :
           {edge ? std::uint8_t(255) : grey, edge ? std::uint8_t(170) : grey, edge ? std::uint8_t(0) : grey})
        picture.pixels.push_back(c);
    }
  return io::encodePng(picture);
}

/// Reading::body from how many voxels have which value. `step` lies between the values of bins, `low` in the first.
std::vector<float> bodyOf(const std::vector<std::uint64_t>& bins, double low, double step, bool ct) {
  const auto valueOf = [&](std::size_t n) { return low + step * static_cast<double>(n); };
  const auto counts = [&](std::size_t n) {
    if (ct) return valueOf(n) > kAir;
    return low >= 0 ? valueOf(n) > 0 : n > 0 && std::abs(valueOf(n)) > step / 2;
  };
  std::uint64_t total = 0, below = 0;
  for (std::size_t n = 0; n < bins.size(); ++n) total += counts(n) ? bins[n] : 0;
  std::vector<float> out;
  if (total == 0) return out;
  for (std::size_t n = 0; n < bins.size() && out.size() < kBodySteps; ++n) {
    if (bins[n] == 0 || !counts(n)) continue;
    below += bins[n];
    while (out.size() < kBodySteps && below * kBodySteps >= total * (out.size() + 1))
      out.push_back(static_cast<float>(valueOf(n)));
  }
  return out;
}

}  // namespace

double shareOutside(const Reading& reading, double low, double high) {
  if (reading.body.empty()) return 0;
  const auto outside = std::ranges::count_if(reading.body, [&](float v) { return v < low || v > high; });
  return static_cast<double>(outside) / static_cast<double>(reading.body.size());
}

Result<Reading> readForAudit(const Case& c) {
  LORKD_TRY(volume, readImage(c));
  if (volume.voxels.empty()) return fail(ErrorCode::Format, "the image is empty");
  if (!std::ranges::all_of(volume.voxels, [](float v) { return std::isfinite(v); }))
    return fail(ErrorCode::Numeric, "the image has values that are no numbers");
  Reading r;
  const auto [low, high] = std::ranges::minmax(volume.voxels);
  r.lowest = low;
  r.highest = high;
  const double step = stepOf(volume.voxels, low, high);
  const auto bins = histogram(volume.voxels, low, step);
  constexpr std::array shares{0.005, 0.5, 0.995};
  for (std::size_t n = 0; n < 3; ++n) r.percentiles[n] = percentile(bins, volume.voxels.size(), shares[n], low, high);
  const bool ct = c.modality == "CT" || low < -500;
  r.body = bodyOf(bins, low, step, ct);
  r.looksLikeHu = looksLikeHu(volume.voxels);
  Sha256 digest;
  digest.update(std::to_string(low) + " " + std::to_string(high) + "\n");
  digest.update({reinterpret_cast<const char*>(bins.data()), bins.size() * sizeof bins[0]});
  if (low < high) r.fingerprint = digest.hex();  // two empty images are no copies
  std::vector<std::uint8_t> marked;              // by any structure
  if (!c.labelFiles.empty()) {
    marked.resize(volume.voxels.size());
    // A map of a hundred structures makes no hundred masks at once.
    const auto at = std::max<std::size_t>(1, (std::size_t(1) << 30) / volume.voxels.size());
    const bool map = c.kind == "volume" || c.geometry.pixels;
    for (std::size_t from = 0; from == 0 || (map && from < c.labels.size()); from += at) {
      std::vector<std::string> names;
      if (map)
        names.assign(c.labels.begin() + static_cast<std::ptrdiff_t>(from),
                     c.labels.begin() + static_cast<std::ptrdiff_t>(std::min(from + at, c.labels.size())));
      LORKD_TRY(segments, readSegments(c, names));
      for (const auto& s : segments.segments) {
        auto& count = r.labelVoxels[s.name];
        for (std::size_t n = 0; n < std::min(s.mask.size(), marked.size()); ++n) {
          count += s.mask[n] != 0;
          marked[n] |= s.mask[n];
        }
      }
    }
  }
  LORKD_TRY(png, thumbnailOf(volume, marked, r, ct));
  r.thumbnail = std::move(png);
  return r;
}

}  // namespace lorkd::data
