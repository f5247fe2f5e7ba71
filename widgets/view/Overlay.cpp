#include "widgets/view/Overlay.h"

#include <QStringList>
#include <algorithm>
#include <limits>

#include "core/io/Resample.h"

namespace lorkd::view {

namespace {

/// Puts each segment on the first layer where it meets no other; its value is its position counted from 1.
std::vector<std::shared_ptr<image::LabelMap>> spread(const image::SegmentSet& set, std::vector<std::size_t>& layerOf,
                                                     const CancelToken& cancel) {
  std::vector<std::shared_ptr<image::LabelMap>> layers;
  for (std::size_t s = 0; s < set.segments.size() && !cancel.cancelled(); ++s) {
    const auto& mask = set.segments[s].mask;
    const auto fits = [&](const image::LabelMap& layer) {
      for (std::size_t v = 0; v < mask.size(); ++v)
        if (mask[v] && layer.voxels[v]) return false;
      return true;
    };
    std::size_t at = 0;
    while (at < layers.size() && !fits(*layers[at])) ++at;
    if (at == layers.size()) layers.push_back(std::make_shared<image::LabelMap>(set.geometry));
    auto& voxels = layers[at]->voxels;
    const auto value = static_cast<std::uint16_t>(s + 1);
    for (std::size_t v = 0; v < mask.size(); ++v)
      if (mask[v]) voxels[v] = value;
    layerOf.push_back(at);
  }
  return layers;
}

Result<void> check(const Overlay& overlay) {
  const auto name = overlay.name.toStdString();
  if (!overlay.labels == !overlay.segments)
    return fail(ErrorCode::InvalidArgument, "overlay needs labels or segments", {}, name);
  if (overlay.labels && std::int64_t(overlay.labels->voxels.size()) != overlay.labels->geometry.voxels())
    return fail(ErrorCode::InvalidArgument, "labels do not fill their grid", {}, name);
  if (!overlay.segments) return {};
  if (overlay.segments->segments.size() > std::numeric_limits<std::uint16_t>::max())
    return fail(ErrorCode::Unsupported, "more than 65535 segments", {}, name);
  for (const auto& segment : overlay.segments->segments)
    if (std::int64_t(segment.mask.size()) != overlay.segments->geometry.voxels())
      return fail(ErrorCode::InvalidArgument, "segment \"" + segment.name + "\" does not fill its grid", {}, name);
  return {};
}

}  // namespace

Result<PreparedOverlay> prepareOverlay(const Overlay& overlay, const image::Geometry& grid, const CancelToken& cancel) {
  LORKD_CHECK(check(overlay));
  PreparedOverlay out;
  out.source = overlay;
  std::vector<std::size_t> layerOfValue;
  std::vector<std::shared_ptr<const image::LabelMap>> maps;
  if (overlay.segments) {
    for (auto& map : spread(*overlay.segments, layerOfValue, cancel)) maps.push_back(std::move(map));
  } else {
    maps.push_back(overlay.labels);
  }
  for (auto& map : maps) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "cancelled");
    if (!map->geometry.sameGrid(grid)) map = std::make_shared<image::LabelMap>(io::resampleNearest(*map, grid));
    out.layers.push_back({map, scene::labelExtents(*map)});
  }
  if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "cancelled");

  auto& classes = out.source.classes;
  if (classes.empty() && overlay.segments) {
    for (const auto& s : overlay.segments->segments)
      classes.push_back(
          {int(classes.size()) + 1, QString::fromStdString(s.name), QColor(QString::fromStdString(s.color))});
  } else if (classes.empty()) {
    const auto& extents = out.layers[0].extents;
    for (std::size_t v = 1; v < extents.size(); ++v)
      if (extents[v].voxels > 0) classes.push_back({int(v), QString::number(v), {}});
  }
  std::erase_if(classes,
                [](const auto& c) { return c.value < 1 || c.value > std::numeric_limits<std::uint16_t>::max(); });
  for (const auto& c : classes) {
    const auto at = static_cast<std::size_t>(c.value - 1);
    out.layerOfClass.push_back(at < layerOfValue.size() ? layerOfValue[at] : 0);
  }
  return out;
}

const scene::LabelExtent* PreparedOverlay::extent(std::size_t classIndex) const {
  if (layers.empty()) return nullptr;
  const auto& extents = layers[layerOfClass[classIndex]].extents;
  const auto value = static_cast<std::size_t>(source.classes[classIndex].value);
  return value < extents.size() && extents[value].voxels > 0 ? &extents[value] : nullptr;
}

QStringList PreparedOverlay::namesAt(std::int64_t i, std::int64_t j, std::int64_t k) const {
  QStringList names;
  for (std::size_t c = 0; c < source.classes.size(); ++c)
    if (source.classes[c].visible && !layers.empty() &&
        layers[layerOfClass[c]].labels->at(i, j, k) == source.classes[c].value)
      names += source.classes[c].name;
  return names;
}

std::vector<scene::LabelLayer> PreparedOverlay::sceneLayers() const {
  std::vector<scene::LabelLayer> out;
  for (const auto& layer : layers)
    out.push_back({layer.labels, {}, source.opacity, true, source.role == OverlayRole::Truth});
  for (std::size_t c = 0; c < source.classes.size() && !out.empty(); ++c) {
    const auto& k = source.classes[c];
    out[layerOfClass[c]].classes.push_back({static_cast<std::uint16_t>(k.value), toRgb(k.color), k.visible, k.pattern});
  }
  return out;
}

Difference differ(const PreparedOverlay& truth, const PreparedOverlay& answer, const CancelToken& cancel) {
  Difference out;
  if (truth.layers.empty() || answer.layers.empty()) return out;
  const auto& geometry = truth.layers[0].labels->geometry;
  auto map = std::make_shared<image::LabelMap>(geometry);
  std::int64_t truePositive = 0, falsePositive = 0, falseNegative = 0;
  for (std::size_t a = 0; a < answer.source.classes.size(); ++a) {
    const auto& wanted = answer.source.classes[a];
    const auto found = std::ranges::find(truth.source.classes, wanted.name, &OverlayClass::name);
    if (found == truth.source.classes.end() || cancel.cancelled()) continue;
    out.classes += wanted.name;
    const auto t = static_cast<std::size_t>(found - truth.source.classes.begin());
    const auto& truthLabels = *truth.layers[truth.layerOfClass[t]].labels;
    const auto& answerLabels = *answer.layers[answer.layerOfClass[a]].labels;
    std::array<std::int64_t, 3> low = geometry.size, high{-1, -1, -1};
    for (const auto* e : {truth.extent(t), answer.extent(a)})
      for (std::size_t d = 0; e && d < 3; ++d) {
        low[d] = std::min(low[d], e->low[d]);
        high[d] = std::max(high[d], e->high[d]);
      }
    for (auto k = low[2]; k <= high[2]; ++k)
      for (auto j = low[1]; j <= high[1]; ++j)
        for (auto i = low[0]; i <= high[0]; ++i) {
          const bool isTrue = truthLabels.at(i, j, k) == found->value, said = answerLabels.at(i, j, k) == wanted.value;
          truePositive += isTrue && said;
          falsePositive += said && !isTrue;
          falseNegative += isTrue && !said;
          // Bits: a voxel that is one class's false positive and another's false negative becomes 3.
          if (isTrue != said) map->at(i, j, k) |= said ? 1 : 2;
        }
  }
  const double voxelMl = geometry.spacing[0] * geometry.spacing[1] * geometry.spacing[2] / 1000;
  out.labels = map;
  out.falsePositiveMl = static_cast<double>(falsePositive) * voxelMl;
  out.falseNegativeMl = static_cast<double>(falseNegative) * voxelMl;
  const auto both = 2 * truePositive + falsePositive + falseNegative;
  out.dice = both == 0 ? 1 : 2.0 * static_cast<double>(truePositive) / static_cast<double>(both);
  return out;
}

scene::Rgb toRgb(const QColor& color) { return {color.redF(), color.greenF(), color.blueF()}; }

}  // namespace lorkd::view
