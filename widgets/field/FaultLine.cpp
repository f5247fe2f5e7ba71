#include "widgets/field/FaultLine.h"

#include <QEvent>
#include <QPainter>
#include <QVBoxLayout>

namespace lorkd::field {

QColor faultColor(const QPalette& palette) {
  return palette.color(QPalette::Window).lightness() < 128 ? QColor(0xff, 0x8a, 0x80) : QColor(0xb7, 0x1c, 0x1c);
}

void markFault(QWidget* field) {
  QPainter painter(field);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(faultColor(field->palette()), 2));
  painter.drawRoundedRect(QRectF(field->rect()).adjusted(1, 1, -1, -1), 2, 2);
}

FaultLine::FaultLine(QWidget* parent) : QLabel(parent) {
  setWordWrap(true);
  setTextFormat(Qt::PlainText);
  setTextInteractionFlags(Qt::TextSelectableByMouse);
  setFocusPolicy(Qt::NoFocus);
  setAccessibleName(tr("What is wrong"));
  dress();
  hide();
}

void FaultLine::say(const QString& why) {
  m_why = why;
  setText(why);
  setVisible(!why.isEmpty());
}

void FaultLine::dress() {
  QPalette colours = palette();
  const auto red = faultColor(colours);
  if (colours.color(QPalette::WindowText) == red) return;
  colours.setColor(QPalette::WindowText, red);
  setPalette(colours);
}

void FaultLine::changeEvent(QEvent* event) {
  QLabel::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) dress();
}

QWidget* stacked(QWidget* above, QWidget* below, QWidget* parent) {
  auto* both = new QWidget(parent);
  auto* column = new QVBoxLayout(both);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  // The words take the width there is; the field keeps its own.
  both->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  const bool grows = above->sizePolicy().expandingDirections() & Qt::Horizontal;
  column->addWidget(above, 0, grows ? Qt::Alignment() : Qt::AlignLeft);
  column->addWidget(below);
  return both;
}

}  // namespace lorkd::field
