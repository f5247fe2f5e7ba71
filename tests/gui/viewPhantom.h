// Analytic images for the view tests: a ball off-centre in each patient direction.
#pragma once

#include <QColor>
#include <QImage>
#include <QPointF>
#include <cmath>
#include <functional>
#include <memory>

#include "core/image/Volume.h"

namespace lorkd::viewtest {

/// Grid whose middle lies at LPS (5, -10, 700), with the given direction.
inline image::Geometry grid(const image::Mat3& direction = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                            const std::array<std::int64_t, 3>& size = {64, 56, 40},
                            const image::Vec3& spacing = {2, 2, 3}) {
  image::Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.direction = direction;
  const image::Vec3 middle{5, -10, 700};
  for (std::size_t a = 0; a < 3; ++a) {
    g.origin[a] = middle[a];
    for (std::size_t c = 0; c < 3; ++c)
      g.origin[a] -= direction[a][c] * spacing[c] * 0.5 * static_cast<double>(size[c] - 1);
  }
  return g;
}

/// Right, anterior, superior of the middle.
inline const image::Vec3 ball{5 - 26, -10 - 22, 700 + 24};
inline constexpr double ballRadius = 11;

inline double distance(const image::Vec3& a, const image::Vec3& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

template <class Image>
void paint(Image& image, const std::function<double(const image::Vec3&)>& value) {
  const auto& s = image.geometry.size;
  for (std::int64_t k = 0; k < s[2]; ++k)
    for (std::int64_t j = 0; j < s[1]; ++j)
      for (std::int64_t i = 0; i < s[0]; ++i)
        image.at(i, j, k) = static_cast<std::decay_t<decltype(image.at(0, 0, 0))>>(
            value(image.geometry.indexToLps({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)})));
}

/// CT: -1000 HU, the ball 1000 HU; window 2000/0.
inline std::shared_ptr<image::Volume> ballVolume(const image::Geometry& g) {
  auto volume = std::make_shared<image::Volume>(g);
  volume->modality = "CT";
  volume->unit = "HU";
  volume->windowCenter = 0;
  volume->windowWidth = 2000;
  paint(*volume, [](const image::Vec3& p) { return distance(p, ball) < ballRadius ? 1000 : -1000; });
  return volume;
}

/// Value 1 in a ball around `middle`.
inline std::shared_ptr<image::LabelMap> ballLabels(const image::Geometry& g, const image::Vec3& middle, double radius) {
  auto labels = std::make_shared<image::LabelMap>(g);
  paint(*labels, [&](const image::Vec3& p) { return distance(p, middle) < radius ? 1 : 0; });
  return labels;
}

/// Middle, in logical pixels, of the pixels that satisfy `wanted`; (-1, -1) when there are fewer than 20.
inline QPointF centroid(const QImage& picture, const std::function<bool(const QColor&)>& wanted) {
  double x = 0, y = 0;
  int n = 0;
  for (int row = 0; row < picture.height(); ++row)
    for (int column = 0; column < picture.width(); ++column)
      if (wanted(picture.pixelColor(column, row))) {
        x += column + 0.5;
        y += row + 0.5;
        ++n;
      }
  const double scale = n < 20 ? 0 : 1 / (n * picture.devicePixelRatio());
  return n < 20 ? QPointF(-1, -1) : QPointF(x * scale, y * scale);
}

inline bool bright(const QColor& c) { return c.red() > 200 && c.green() > 200 && c.blue() > 200; }

/// Middle, in logical pixels, of the white disc in a slice drawn without a crosshair; (-1, -1) when there is none.
inline QPointF brightSpot(const QImage& picture) {
  const double ratio = picture.devicePixelRatio();
  const int edge = static_cast<int>(24 * ratio);
  auto inner = picture.copy(edge, edge, picture.width() - 2 * edge, picture.height() - 2 * edge);
  inner.setDevicePixelRatio(ratio);
  // Texts stand in the corners; the ball's disc is far larger than their strokes, so that only solid pixels count.
  const auto solid = [&](int x, int y) {
    for (int dx = -3; dx <= 3; dx += 3)
      for (int dy = -3; dy <= 3; dy += 3)
        if (!inner.valid(x + dx, y + dy) || !bright(inner.pixelColor(x + dx, y + dy))) return false;
    return true;
  };
  double sx = 0, sy = 0;
  int n = 0;
  for (int y = 0; y < inner.height(); ++y)
    for (int x = 0; x < inner.width(); ++x)
      if (solid(x, y)) {
        sx += x + 0.5;
        sy += y + 0.5;
        ++n;
      }
  return n < 20 ? QPointF(-1, -1) : QPointF((sx / n + edge) / ratio, (sy / n + edge) / ratio);
}

inline bool isColor(const QColor& seen, const QColor& wanted, int tolerance) {
  return std::abs(seen.red() - wanted.red()) <= tolerance && std::abs(seen.green() - wanted.green()) <= tolerance &&
         std::abs(seen.blue() - wanted.blue()) <= tolerance;
}

}  // namespace lorkd::viewtest
