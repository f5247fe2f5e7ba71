// The texts and lines that Qt draws over a slice.
#pragma once

#include <QColor>
#include <QPointF>
#include <QRectF>
#include <QStringList>
#include <array>
#include <optional>

class QPainter;
class QSize;

namespace lorkd::view {

struct SliceDecoration {
  QString title;
  QColor color;                    ///< of the plane
  std::array<QString, 4> letters;  ///< left, right, bottom, top
  QStringList topLeft, topRight, bottomLeft, bottomRight;
  QList<QColor> topLeftColors;        ///< of the lines of topLeft; those without one are pale
  std::optional<QPointF> cross;       ///< the cursor, logical pixels
  std::array<QColor, 2> crossColors;  ///< of the planes seen edge-on: the vertical line's, the horizontal line's
  bool focused = false;
  double position = -1;  ///< share of the stack that lies below this slice; negative draws no bar
};

/// Draws over `size` logical pixels, leaving out corners that have no room.
void paintDecoration(QPainter& painter, const QSize& size, const SliceDecoration& what);

/// Text that stays readable on black and on white.
void paintOutlinedText(QPainter& painter, const QRectF& box, int alignment, const QString& text, const QColor& color);

}  // namespace lorkd::view
