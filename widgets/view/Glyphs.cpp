#include "widgets/view/Glyphs.h"

#include <QGuiApplication>
#include <QPainter>
#include <QPainterPath>
#include <QPalette>

#include "widgets/view/PaintedIcon.h"

namespace lorkd::view {

namespace {

/// Draws in a 24 by 24 box with the pen set.
void draw(QPainter& p, const QString& name, const QColor& ink) {
  const auto fill = [&](const QRectF& r) { p.fillRect(r, ink); };
  if (name == "four") {
    for (const double x : {3.0, 13.0})
      for (const double y : {3.0, 13.0}) p.drawRect(QRectF(x, y, 8, 8));
  } else if (name == "axial" || name == "sagittal" || name == "coronal") {
    p.drawRoundedRect(QRectF(3, 3, 18, 18), 2, 2);
    p.setFont([&] {
      QFont f = p.font();
      f.setPixelSize(13);
      f.setBold(true);
      return f;
    }());
    p.drawText(QRectF(3, 3, 18, 18), Qt::AlignCenter, name.left(1).toUpper());
  } else if (name == "cube") {
    p.drawPolygon(QPolygonF({{12, 3}, {20, 7.5}, {20, 16.5}, {12, 21}, {4, 16.5}, {4, 7.5}}));
    p.drawPolyline(QPolygonF({{4, 7.5}, {12, 12}, {20, 7.5}}));
    p.drawLine(QPointF(12, 12), QPointF(12, 21));
  } else if (name == "tiles") {
    for (const double x : {2.5, 9.5, 16.5}) p.drawRect(QRectF(x, 6, 5, 12));
  } else if (name == "contrast") {
    p.drawEllipse(QRectF(4, 4, 16, 16));
    p.setBrush(ink);
    p.drawChord(QRectF(4, 4, 16, 16), 90 * 16, -180 * 16);
  } else if (name == "crosshair") {
    p.drawEllipse(QRectF(7, 7, 10, 10));
    for (const auto& [from, to] : {std::pair{QPointF(12, 2), QPointF(12, 9)},
                                   {QPointF(12, 15), QPointF(12, 22)},
                                   {QPointF(2, 12), QPointF(9, 12)},
                                   {QPointF(15, 12), QPointF(22, 12)}})
      p.drawLine(from, to);
  } else if (name == "invert") {
    p.drawRect(QRectF(4, 4, 16, 16));
    p.setBrush(ink);
    p.drawPolygon(QPolygonF({{4, 20}, {20, 20}, {20, 4}}));
  } else if (name == "reset") {
    p.drawArc(QRectF(5, 5, 14, 14), 60 * 16, 290 * 16);
    p.drawPolyline(QPolygonF({{15.5, 2.5}, {15.8, 6.2}, {12, 7}}));
  } else if (name == "layers") {
    p.drawPolygon(QPolygonF({{12, 4}, {21, 9}, {12, 14}, {3, 9}}));
    p.drawPolyline(QPolygonF({{3, 14}, {12, 19}, {21, 14}}));
  } else if (name == "difference") {
    p.drawEllipse(QRectF(3, 6, 12, 12));
    p.drawEllipse(QRectF(9, 6, 12, 12));
    fill(QRectF(11.2, 9.5, 1.6, 5));
  } else if (name == "eye" || name == "eyeOff") {
    QPainterPath lid(QPointF(2, 12));
    lid.quadTo(QPointF(12, 1.5), QPointF(22, 12));
    lid.quadTo(QPointF(12, 22.5), QPointF(2, 12));
    if (name == "eyeOff") p.setOpacity(0.38);
    p.drawPath(lid);
    if (name == "eye")
      p.drawEllipse(QRectF(8.6, 8.6, 6.8, 6.8));
    else
      p.drawLine(QPointF(4, 20), QPointF(20, 4));
  } else if (name == "previous") {
    p.drawPolyline(QPolygonF({{15, 5}, {8, 12}, {15, 19}}));
  } else if (name == "next") {
    p.drawPolyline(QPolygonF({{9, 5}, {16, 12}, {9, 19}}));
  }
}

class GlyphEngine final : public PaintedIcon {
 public:
  explicit GlyphEngine(QString name) : m_name(std::move(name)) {}
  QIconEngine* clone() const override { return new GlyphEngine(m_name); }
  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
    const auto role = mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::WindowText;
    const QColor ink = QGuiApplication::palette().color(group, role);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->translate(rect.topLeft());
    painter->scale(rect.width() / 24.0, rect.height() / 24.0);
    painter->setPen(QPen(ink, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->setBrush(Qt::NoBrush);
    draw(*painter, m_name, ink);
    painter->restore();
  }

 private:
  QString m_name;
};

}  // namespace

QIcon glyph(const QString& name) { return QIcon(new GlyphEngine(name)); }

}  // namespace lorkd::view
