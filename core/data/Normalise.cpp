#include <algorithm>
#include <cmath>

#include "core/data/Prepare.h"

namespace lorkd::data {

namespace {

/// Value below which `share` of the voxels lie.
float percentile(std::vector<float> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void clipAndScore(std::vector<float>& values, float low, float high) {
  double sum = 0, squares = 0;
  for (auto& v : values) {
    v = std::clamp(v, low, high);
    sum += v;
    squares += static_cast<double>(v) * v;
  }
  const double n = static_cast<double>(values.size()), mean = sum / n;
  // A volume of one value has no deviation; it becomes all zero.
  const double deviation = std::max(std::sqrt(std::max(0.0, squares / n - mean * mean)), 1e-6);
  for (auto& v : values) v = static_cast<float>((v - mean) / deviation);
}

std::pair<float, float> typeRange(const image::Volume& volume) {
  if (volume.modality == "CT") return {-1024.0f, 3071.0f};
  const auto [least, most] = std::minmax_element(volume.voxels.begin(), volume.voxels.end());
  if (*least >= 0)
    for (const float top : {255.0f, 4095.0f, 65535.0f})
      if (*most <= top) return {0.0f, top};
  return {*least, *most};
}

}  // namespace

bool looksLikeHu(const std::vector<float>& values) {
  const auto air = std::ranges::count_if(values, [](float v) { return v < -500; });
  return air * 1000 > static_cast<std::ptrdiff_t>(values.size()) && *std::ranges::max_element(values) > 100;
}

plan::DataNormalisation normalisationFor(const std::string& modality, const plan::Data& options,
                                         const std::function<bool()>& hu) {
  using enum plan::DataNormalisation;
  const bool known = !modality.empty(), ct = modality == "CT";
  if (options.normalisation == Ct) return known && !ct ? Percentile : Ct;
  if (options.normalisation == Auto) return ct || (!known && hu()) ? Ct : Percentile;
  return options.normalisation;
}

void normalise(image::Volume& volume, const plan::Data& options) {
  if (volume.voxels.empty()) return;
  const auto kind = normalisationFor(volume.modality, options, [&] { return looksLikeHu(volume.voxels); });
  if (kind == plan::DataNormalisation::Ct) {
    clipAndScore(volume.voxels, static_cast<float>(options.clip[0]), static_cast<float>(options.clip[1]));
  } else if (kind == plan::DataNormalisation::Window) {
    const auto low = static_cast<float>(options.clip[0]), high = static_cast<float>(options.clip[1]);
    for (auto& v : volume.voxels) v = 4 * (std::clamp(v, low, high) - low) / (high - low) - 2;
  } else if (kind == plan::DataNormalisation::Percentile) {
    const float low = percentile(volume.voxels, 0.005), high = percentile(volume.voxels, 0.995);
    clipAndScore(volume.voxels, low, high);
  } else {
    const auto [low, high] = typeRange(volume);
    const float range = std::max(high - low, 1e-6f);
    for (auto& v : volume.voxels) v = 2 * (v - low) / range - 1;
  }
}

}  // namespace lorkd::data
