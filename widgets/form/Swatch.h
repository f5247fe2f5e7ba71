// A small square of a colour, for rows of tables.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPainter>
#include <QPixmap>

namespace lorkd::form {

/// Room alone where there is no colour, so that texts stay in line.
inline QIcon swatch(const QString& color) {
  QPixmap pixmap(14, 14);
  pixmap.fill(Qt::transparent);
  if (const QColor fill(color); fill.isValid()) {
    QPainter painter(&pixmap);
    painter.setPen(QColor(128, 128, 128));
    painter.setBrush(fill);
    painter.drawRect(0, 0, 13, 13);
  }
  return pixmap;
}

}  // namespace lorkd::form
