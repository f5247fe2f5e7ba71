// A small picture of how a class is drawn, for lists and legends. A header alone: rooms that link no VTK use it, too.
#pragma once

#include <QIcon>
#include <QPainter>
#include <algorithm>

#include "core/run/Looks.h"
#include "widgets/view/PaintedIcon.h"

namespace lorkd::view {

/// Draws the lines of a pattern (plan::Hatch) into a box, `step` apart, with the pen set.
inline void paintHatch(QPainter& painter, const QRectF& box, int pattern, double step) {
  painter.save();
  painter.setClipRect(box, Qt::IntersectClip);
  const double w = box.width(), h = box.height(), slant = step * 1.41421356;
  if (pattern & plan::Level)
    for (double y = step / 2; y < h; y += step)
      painter.drawLine(QPointF(box.left(), box.top() + y), QPointF(box.right(), box.top() + y));
  if (pattern & plan::Upright)
    for (double x = step / 2; x < w; x += step)
      painter.drawLine(QPointF(box.left() + x, box.top()), QPointF(box.left() + x, box.bottom()));
  for (double x = slant / 2; x < w + h; x += slant) {
    if (pattern & plan::Rising)
      painter.drawLine(QPointF(box.left() + x, box.top()), QPointF(box.left() + x - h, box.bottom()));
    if (pattern & plan::Falling)
      painter.drawLine(QPointF(box.right() - x, box.top()), QPointF(box.right() - x + h, box.bottom()));
  }
  painter.restore();
}

/// Draws a square: filled as predictions are, or the white-cased line that truth is drawn as.
class SwatchEngine final : public PaintedIcon {
 public:
  SwatchEngine(const QColor& color, int pattern, bool outlined)
      : m_color(color), m_pattern(pattern), m_outlined(outlined) {}
  QIconEngine* clone() const override { return new SwatchEngine(*this); }
  void paint(QPainter* painter, const QRect& rect, QIcon::Mode, QIcon::State) override {
    if (!m_color.isValid()) return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const double unit = rect.width() / 16.0, inset = 2.2 * unit;
    const auto box = QRectF(rect).adjusted(inset, inset, -inset, -inset);
    const double step = std::max(3.0, 4 * unit);
    if (m_outlined) {
      // The picture's dark grey behind it: on a white list a white casing would not be seen.
      painter->fillRect(QRectF(rect).adjusted(0.2 * unit, 0.2 * unit, -0.2 * unit, -0.2 * unit), QColor(70, 73, 79));
      painter->setPen(QPen(m_color, 0.9 * unit));
      paintHatch(*painter, box, m_pattern, step);
      painter->setBrush(Qt::NoBrush);
      for (const auto& [color, width] : {std::pair{QColor(Qt::white), 4.0}, {m_color, 2.0}}) {
        painter->setPen(QPen(color, width * unit, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        painter->drawRect(box.adjusted(0.6 * unit, 0.6 * unit, -0.6 * unit, -0.6 * unit));
      }
    } else {
      painter->setPen(QPen(m_color.darker(140), 1));
      painter->setBrush(m_color);
      painter->drawRoundedRect(box, 2, 2);
      painter->setPen(QPen(QColor(plan::inkOn(m_color.name().toStdString())), unit));
      paintHatch(*painter, box, m_pattern, step);
    }
    painter->restore();
  }

 private:
  QColor m_color;
  int m_pattern;
  bool m_outlined;
};

/// Room alone where the colour is not valid, so that texts stay in line.
inline QIcon swatch(const QColor& color, int pattern = 0, bool outlined = false) {
  return QIcon(new SwatchEngine(color, pattern, outlined));
}

}  // namespace lorkd::view
