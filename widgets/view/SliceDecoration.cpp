#include "widgets/view/SliceDecoration.h"

#include <QPainter>

namespace lorkd::view {

namespace {

const QColor pale(0xE8, 0xEA, 0xED);

void paintCross(QPainter& painter, const QSize& size, const SliceDecoration& what) {
  constexpr double gap = 9;  // what lies under the cursor stays visible
  const QPointF at(std::round(what.cross->x()) + 0.5, std::round(what.cross->y()) + 0.5);
  painter.setRenderHint(QPainter::Antialiasing, false);
  const auto line = [&](const QPointF& from, const QPointF& to, QColor color) {
    painter.setPen(QPen(QColor(0, 0, 0, 110), 3));
    painter.drawLine(from, to);
    color.setAlpha(215);
    painter.setPen(QPen(color, 1));
    painter.drawLine(from, to);
  };
  if (at.x() >= 0 && at.x() < size.width()) {
    if (at.y() - gap > 0) line({at.x(), 0}, {at.x(), at.y() - gap}, what.crossColors[0]);
    if (at.y() + gap < size.height())
      line({at.x(), at.y() + gap}, {at.x(), double(size.height())}, what.crossColors[0]);
  }
  if (at.y() >= 0 && at.y() < size.height()) {
    if (at.x() - gap > 0) line({0, at.y()}, {at.x() - gap, at.y()}, what.crossColors[1]);
    if (at.x() + gap < size.width()) line({at.x() + gap, at.y()}, {double(size.width()), at.y()}, what.crossColors[1]);
  }
  painter.setRenderHint(QPainter::Antialiasing, true);
}

}  // namespace

void paintOutlinedText(QPainter& painter, const QRectF& box, int alignment, const QString& text, const QColor& color) {
  painter.setPen(QColor(0, 0, 0, 190));
  for (const auto& shift : {QPointF(-1, 0), QPointF(1, 0), QPointF(0, -1), QPointF(0, 1)})
    painter.drawText(box.translated(shift), alignment, text);
  painter.setPen(color);
  painter.drawText(box, alignment, text);
}

void paintDecoration(QPainter& painter, const QSize& size, const SliceDecoration& what) {
  if (what.cross) paintCross(painter, size, what);
  const double w = size.width(), h = size.height();
  constexpr double bar = 3, margin = 8;
  painter.fillRect(QRectF(0, 0, w, bar), what.color);
  if (what.focused) {
    painter.setPen(QPen(QColor(0x7A, 0xB8, 0xFF, 200), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(0.5, bar + 0.5, w - 1, h - bar - 1));
  }
  if (what.position >= 0) {
    const double length = h - bar - 2 * margin, thumb = std::max(14.0, 0.04 * length);
    painter.fillRect(QRectF(w - 4, bar + margin, 2, length), QColor(255, 255, 255, 34));
    painter.fillRect(QRectF(w - 5, bar + margin + (1 - what.position) * (length - thumb), 4, thumb), what.color);
  }

  QFont font = painter.font();
  font.setPointSizeF(std::max(8.0, font.pointSizeF() * 0.92));
  QFont bold = font;
  bold.setBold(true);
  painter.setFont(bold);
  const QFontMetricsF metrics(bold);
  const double line = metrics.height();
  const QRectF inside(margin, bar + 5, w - 2 * margin, h - bar - 10);
  if (w > 90 && h > 90) {
    paintOutlinedText(painter, inside, Qt::AlignLeft | Qt::AlignVCenter, what.letters[0], pale);
    paintOutlinedText(painter, inside, Qt::AlignRight | Qt::AlignVCenter, what.letters[1], pale);
    paintOutlinedText(painter, inside, Qt::AlignHCenter | Qt::AlignBottom, what.letters[2], pale);
    paintOutlinedText(painter, inside, Qt::AlignHCenter | Qt::AlignTop, what.letters[3], pale);
  }

  // A corner block may not reach the letter in the middle of its edge.
  const double room = w / 2 - margin - 22;
  if (room < 40 || h < 4 * line) return;
  const auto block = [&](const QStringList& lines, bool right, bool bottom, bool firstIsTitle) {
    const int fit = std::min(static_cast<int>(lines.size()), static_cast<int>((h / 2 - 2 * line) / line));
    for (int i = 0; i < fit; ++i) {
      painter.setFont(firstIsTitle && i == 0 ? bold : font);
      const auto text = QFontMetricsF(painter.font()).elidedText(lines[i], Qt::ElideRight, room);
      const double y = bottom ? inside.bottom() - line * (fit - i) : inside.top() + line * i;
      paintOutlinedText(painter, QRectF(right ? inside.right() - room : inside.left(), y, room, line),
                        (right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, text,
                        firstIsTitle && i > 0 ? what.topLeftColors.value(i - 1, pale) : pale);
    }
  };
  block(QStringList(what.title) + what.topLeft, false, false, true);
  block(what.topRight, true, false, false);
  block(what.bottomLeft, false, true, false);
  block(what.bottomRight, true, true, false);
}

}  // namespace lorkd::view
