#include "widgets/run/StateLook.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>
#include <QPixmap>

#include "widgets/plot/PlotTheme.h"

namespace lorkd::watch {

using run::State;

QString stateText(State state) {
  switch (state) {
    case State::Queued:
      return QCoreApplication::translate("State", "Queued");
    case State::Running:
      return QCoreApplication::translate("State", "Running");
    case State::Paused:
      return QCoreApplication::translate("State", "Paused");
    case State::Finished:
      return QCoreApplication::translate("State", "Finished");
    case State::Failed:
      return QCoreApplication::translate("State", "Failed");
    case State::Interrupted:
      return QCoreApplication::translate("State", "Interrupted");
  }
  return QString();
}

QColor stateColor(State state, const QPalette& palette) {
  const auto theme = plot::PlotTheme::of(palette);
  switch (state) {
    case State::Queued:
      return theme.faint;
    case State::Running:
      return theme.readable(QColor(0x00, 0x72, 0xb2));
    case State::Paused:
      return theme.readable(QColor(0xe6, 0x9f, 0x00));
    case State::Finished:
      return theme.readable(QColor(0x00, 0x9e, 0x73));
    case State::Failed:
    case State::Interrupted:
      return theme.readable(QColor(0xd5, 0x5e, 0x00));
  }
  return theme.text;
}

namespace {

QPixmap statePicture(State state, const QColor& color) {
  QPixmap picture(64, 64);  // scaled down by the view; sharp on dense screens
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  painter.setRenderHint(QPainter::Antialiasing);
  QPen pen(color, 9, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
  painter.setPen(pen);
  switch (state) {
    case State::Queued:
      painter.drawEllipse(14, 14, 36, 36);
      break;
    case State::Running:
      painter.setBrush(color);
      painter.drawPolygon(QPolygon({QPoint(18, 12), QPoint(50, 32), QPoint(18, 52)}));
      break;
    case State::Paused:
      painter.drawLine(22, 14, 22, 50);
      painter.drawLine(42, 14, 42, 50);
      break;
    case State::Finished:
      painter.drawPolyline(QPolygon({QPoint(12, 34), QPoint(26, 48), QPoint(52, 16)}));
      break;
    case State::Failed:
      painter.drawLine(16, 16, 48, 48);
      painter.drawLine(48, 16, 16, 48);
      break;
    case State::Interrupted:
      painter.drawLine(32, 10, 32, 36);
      painter.drawPoint(32, 53);
      break;
  }
  return picture;
}

}  // namespace

QIcon stateIcon(State state, const QPalette& palette) {
  QIcon icon(statePicture(state, stateColor(state, palette)));
  // A chosen row may have the very colour of the state.
  icon.addPixmap(statePicture(state, palette.color(QPalette::HighlightedText)), QIcon::Selected);
  return icon;
}

}  // namespace lorkd::watch
