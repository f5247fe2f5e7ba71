#include "core/data/LabelGrid.h"

#include <algorithm>
#include <set>

#include "core/data/Orient.h"
#include "core/image/Label.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace {

std::vector<std::uint16_t> occurring(const image::LabelMap& labels) {
  std::vector<bool> occurs(65536);
  for (const auto value : labels.voxels) occurs[value] = true;
  std::vector<std::uint16_t> out;
  for (std::size_t value = 1; value < occurs.size(); ++value)
    if (occurs[value]) out.push_back(static_cast<std::uint16_t>(value));
  return out;
}

}  // namespace

bool sameLabelGrid(const image::Geometry& labels, const image::Geometry& image) {
  return labels.sameGrid(image, 0.05 * *std::min_element(image.spacing.begin(), image.spacing.end()));
}

bool sameVoxels(const image::Geometry& labels, const image::Geometry& image) {
  return sameLabelGrid(reoriented(labels, closestToLps(labels)), reoriented(image, closestToLps(image)));
}

bool liesIn(const image::Geometry& labels, const image::Geometry& image) {
  constexpr int samples = 9;  // along each axis
  int inside = 0;
  for (int n = 0; n < samples * samples * samples; ++n) {
    image::Vec3 index{};
    const int at[] = {n % samples, n / samples % samples, n / samples / samples};
    for (std::size_t a = 0; a < 3; ++a) index[a] = (at[a] + 0.5) / samples * static_cast<double>(labels.size[a]) - 0.5;
    const auto there = image.lpsToIndex(labels.indexToLps(index));
    bool in = true;
    for (std::size_t a = 0; a < 3; ++a)
      in = in && there[a] >= -0.5 && there[a] <= static_cast<double>(image.size[a]) - 0.5;
    inside += in;
  }
  return 2 * inside >= samples * samples * samples;
}

Result<LayerValues> labelValues(const std::filesystem::path& labels) {
  LORKD_TRY(layers, io::readLabelLayers(labels));
  LayerValues out;
  for (const auto& layer : layers) out.push_back(occurring(layer));
  return out;
}

Result<std::vector<image::Label>> labelsOf(const LayerValues& values, const std::filesystem::path& names) {
  std::vector<image::Label> out;
  std::set<std::string> met;
  for (std::size_t layer = 0; layer < values.size(); ++layer) {
    LORKD_TRY(own, io::labelsOf(values[layer], names, static_cast<int>(layer)));
    for (auto& label : own)
      if (met.insert(label.name).second) out.push_back(std::move(label));
  }
  return out;
}

}  // namespace lorkd::data
