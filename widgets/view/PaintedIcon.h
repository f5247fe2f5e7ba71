// Icons that are drawn, at any size.
#pragma once

#include <QIconEngine>
#include <QPainter>
#include <QPixmap>

namespace lorkd::view {

/// An icon engine that only has to say how it is painted.
class PaintedIcon : public QIconEngine {
 public:
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect({0, 0}, size), mode, state);
    return pixmap;
  }
};

}  // namespace lorkd::view
