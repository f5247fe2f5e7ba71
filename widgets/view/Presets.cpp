#include "widgets/view/Presets.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

namespace lorkd::view {

std::vector<WindowPreset> standardPresets() {
  const auto tr = [](const char* text) { return QCoreApplication::translate("lorkd::view::WindowPreset", text); };
  return {{tr("Soft tissue"), 40, 400},
          {tr("Lung"), -600, 1500},
          {tr("Bone"), 480, 2500},
          {tr("Brain"), 40, 80},
          {tr("Liver"), 90, 150}};
}

scene::Window firstWindow(const image::Volume& volume) {
  if (volume.windowWidth > 0) return {volume.windowCenter, volume.windowWidth, false};
  // A million samples place a percentile well within a grey level.
  const std::size_t step = std::max<std::size_t>(1, volume.voxels.size() / 1'000'000);
  std::vector<float> sample;
  for (std::size_t i = 0; i < volume.voxels.size(); i += step)
    if (std::isfinite(volume.voxels[i])) sample.push_back(volume.voxels[i]);
  if (sample.empty()) return {};
  const auto percentile = [&](double share) {
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(sample.size() - 1));
    std::ranges::nth_element(sample, at);
    return static_cast<double>(*at);
  };
  const double low = percentile(0.001), high = percentile(0.999);
  return {(low + high) / 2, std::max(high - low, 1e-3), false};
}

}  // namespace lorkd::view
