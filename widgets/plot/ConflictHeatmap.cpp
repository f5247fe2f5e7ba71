#include "widgets/plot/ConflictHeatmap.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace lorkd::plot {
namespace {

QString number(double value) {
  return std::isnan(value) ? QStringLiteral("–")
                           : QString::asprintf("%+.2f", value).replace(QLatin1Char('-'), QChar(0x2212));
}

}  // namespace

ConflictHeatmap::ConflictHeatmap(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("conflictHeatmap"));
  setAccessibleName(tr("Gradient conflict between tasks"));
  setFocusPolicy(Qt::StrongFocus);
}

void ConflictHeatmap::setMatrix(const QStringList& tasks, const std::vector<double>& cosines,
                                const std::vector<double>& magnitudes) {
  const auto cells = static_cast<std::size_t>(tasks.size() * tasks.size());
  if (cosines.size() != cells || magnitudes.size() != cells) return;
  m_tasks = tasks;
  m_cosines = cosines;
  m_magnitudes = magnitudes;
  if (m_row >= tasks.size() || m_column >= tasks.size()) m_row = m_column = -1;
  QStringList spoken;
  for (int i = 0; i < tasks.size(); ++i)
    for (int j = i + 1; j < tasks.size(); ++j) spoken << cellText(i, j);
  setAccessibleDescription(spoken.join(QLatin1Char('\n')));
  update();
}

void ConflictHeatmap::setTitle(const QString& title) {
  m_title = title;
  update();
}

void ConflictHeatmap::select(int row, int column) {
  const int n = static_cast<int>(m_tasks.size());
  if (row < 0 || column < 0 || row >= n || column >= n) return;
  m_row = row;
  m_column = column;
  update();
  if (row != column) Q_EMIT pairSelected(row, column);
}

ConflictHeatmap::Frame ConflictHeatmap::frame(const QSize& size, const QFontMetricsF& metrics) const {
  double names = 0;
  for (const auto& task : m_tasks) names = std::max(names, metrics.horizontalAdvance(task));
  names = std::min(names, 0.3 * size.width()) + 10;
  const double line = metrics.height(), top = 1.8 * line + 1.6 * line, bar = 56;
  Frame frame;
  const double n = std::max<double>(1, static_cast<double>(m_tasks.size()));
  frame.side = std::max(8.0, std::min((size.width() - names - bar - 8) / n, (size.height() - top - 10) / n));
  frame.cells = QRectF(names, top, frame.side * n, frame.side * n);
  // Wide cells are easier to read than empty space at the right.
  const double wide = std::min(size.width() - names - bar - 8, 1.5 * frame.side * n);
  frame.cells.setWidth(std::max(frame.cells.width(), wide));
  frame.cells.translate(std::max(0.0, (size.width() - frame.cells.right() - bar - 8) / 2), 0);
  frame.bar = QRectF(frame.cells.right() + 12, top, 12, frame.cells.height());
  return frame;
}

QRectF ConflictHeatmap::cellRect(int row, int column) const {
  const auto f = frame(size(), QFontMetricsF(font()));
  const double n = static_cast<double>(m_tasks.size()), w = f.cells.width() / n, h = f.cells.height() / n;
  return QRectF(f.cells.left() + column * w, f.cells.top() + row * h, w, h);
}

QString ConflictHeatmap::cellText(int row, int column) const {
  const auto at = static_cast<std::size_t>(row) * tasks() + static_cast<std::size_t>(column);
  // The magnitudes are known as soon as each task has a gradient; the cosine takes both in one batch.
  if (std::isnan(m_cosines[at]))
    return (std::isnan(m_magnitudes[at]) ? tr("%1 and %2: no gradient of one of them")
                                         : tr("%1 and %2: never in one batch"))
        .arg(m_tasks[row], m_tasks[column]);
  return tr("%1 and %2: cosine %3, magnitude similarity %4")
      .arg(m_tasks[row], m_tasks[column], number(m_cosines[at]), QString::number(m_magnitudes[at], 'f', 2));
}

void ConflictHeatmap::paint(QPainter& painter, const QSize& size) const {
  const PlotTheme theme = PlotTheme::of(palette());
  painter.setRenderHint(QPainter::Antialiasing);
  painter.fillRect(QRect(QPoint(), size), theme.background);
  QFont plain = font(), bold = font(), small = font();
  bold.setBold(true);
  small.setPointSizeF(std::max(6.5, font().pointSizeF() * 0.82));
  painter.setFont(bold);
  painter.setPen(theme.text);
  const QFontMetricsF metrics(plain);
  painter.drawText(QRectF(0, 4, size.width(), metrics.height() * 1.4), Qt::AlignHCenter | Qt::AlignVCenter, m_title);
  painter.setFont(plain);
  if (m_tasks.isEmpty()) {
    painter.setPen(theme.faint);
    painter.drawText(QRect(QPoint(), size), Qt::AlignCenter, tr("No measurement of gradient conflict yet"));
    return;
  }
  const Frame f = frame(size, metrics);
  const int n = static_cast<int>(m_tasks.size());
  const double w = f.cells.width() / n, h = f.cells.height() / n;
  for (int i = 0; i < n; ++i) {
    painter.setFont(i == m_row ? bold : plain);
    painter.setPen(theme.text);
    painter.drawText(QRectF(2, f.cells.top() + i * h, f.cells.left() - 8, h), Qt::AlignRight | Qt::AlignVCenter,
                     metrics.elidedText(m_tasks[i], Qt::ElideRight, f.cells.left() - 8));
    painter.setFont(i == m_column ? bold : plain);
    painter.drawText(QRectF(f.cells.left() + i * w, f.cells.top() - 1.6 * metrics.height(), w, 1.5 * metrics.height()),
                     Qt::AlignHCenter | Qt::AlignBottom, metrics.elidedText(m_tasks[i], Qt::ElideRight, w - 2));
  }
  // Figures grow with the cells, so that a large screen is read from further away.
  QFont figure = font(), smallFigure = small;
  const double growth = std::clamp(std::min(h / 80, w / 110), 1.0, 1.8);
  figure.setPointSizeF(font().pointSizeF() * growth);
  smallFigure.setPointSizeF(small.pointSizeF() * growth);
  const double line = QFontMetricsF(figure).height();
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(i) * tasks() + static_cast<std::size_t>(j);
      const QRectF cell = QRectF(f.cells.left() + j * w, f.cells.top() + i * h, w, h).adjusted(1, 1, -1, -1);
      const QColor fill = theme.diverging(m_cosines[at]);
      painter.setPen(Qt::NoPen);
      painter.setBrush(fill);
      painter.setOpacity(i == j ? 0.45 : 1.0);
      painter.drawRoundedRect(cell, 3, 3);
      if (std::isnan(m_cosines[at])) {
        painter.setBrush(QBrush(theme.faint, Qt::BDiagPattern));
        painter.drawRoundedRect(cell, 3, 3);
      }
      painter.setOpacity(1.0);
      const bool roomy =
          h > 2.6 * metrics.height() && w > metrics.horizontalAdvance(QStringLiteral("m 0.00  ")) && i != j;
      if (h < 0.9 * metrics.height()) continue;
      painter.setPen(i == j ? theme.text : PlotTheme::on(fill));
      painter.setFont(figure);
      const double middle = cell.center().y();
      painter.drawText(roomy ? QRectF(cell.left(), cell.top(), w - 2, middle + 0.15 * line - cell.top()) : cell,
                       roomy ? Qt::AlignHCenter | Qt::AlignBottom : Qt::AlignCenter, number(m_cosines[at]));
      if (!roomy || std::isnan(m_magnitudes[at])) continue;
      painter.setFont(smallFigure);
      painter.setOpacity(0.8);
      painter.drawText(QRectF(cell.left(), middle + 0.2 * line, w - 2, cell.bottom() - middle - 0.2 * line),
                       Qt::AlignHCenter | Qt::AlignTop,
                       tr("m %1", "magnitude similarity").arg(m_magnitudes[at], 0, 'f', 2));
      painter.setOpacity(1.0);
    }
  if (m_row >= 0) {
    painter.setBrush(Qt::NoBrush);
    for (const auto& [i, j] : {std::pair(m_row, m_column), std::pair(m_column, m_row)}) {
      painter.setPen(
          QPen(theme.text, i == m_row && j == m_column ? 2.5 : 1, i == m_row ? Qt::SolidLine : Qt::DashLine));
      painter.drawRoundedRect(QRectF(f.cells.left() + j * w, f.cells.top() + i * h, w, h).adjusted(1, 1, -1, -1), 3, 3);
    }
  }
  QLinearGradient gradient(f.bar.topLeft(), f.bar.bottomLeft());
  for (int k = 0; k <= 20; ++k) gradient.setColorAt(k / 20.0, theme.diverging(1 - k / 10.0));
  painter.setPen(QPen(theme.frame));
  painter.setBrush(gradient);
  painter.drawRect(f.bar);
  painter.setFont(small);
  painter.setPen(theme.faint);
  painter.drawText(QRectF(f.bar.left() - 6, f.bar.top() - 2.2 * line, 60, 1.5 * line), Qt::AlignLeft | Qt::AlignBottom,
                   tr("cosine"));
  for (int k = 0; k < 3; ++k)
    painter.drawText(QRectF(f.bar.right() + 4, f.bar.top() + k * f.bar.height() / 2 - line / 2, 40, line),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     k == 0   ? QStringLiteral("+1")
                     : k == 1 ? QStringLiteral("0")
                              : QString(QChar(0x2212)) + QLatin1Char('1'));
}

void ConflictHeatmap::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paint(painter, size());
  if (!hasFocus()) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(PlotTheme::of(palette()).accent, 1));
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

std::pair<int, int> ConflictHeatmap::cellAt(const QPointF& position) const {
  for (int i = 0; i < m_tasks.size(); ++i)
    for (int j = 0; j < m_tasks.size(); ++j)
      if (cellRect(i, j).contains(position)) return {i, j};
  return {-1, -1};
}

void ConflictHeatmap::mousePressEvent(QMouseEvent* event) {
  const auto [row, column] = cellAt(event->position());
  if (event->button() == Qt::LeftButton) select(row, column);
}

void ConflictHeatmap::keyPressEvent(QKeyEvent* event) {
  const int n = static_cast<int>(m_tasks.size());
  const int dx = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
  const int dy = event->key() == Qt::Key_Down ? 1 : event->key() == Qt::Key_Up ? -1 : 0;
  if (n == 0 || (dx == 0 && dy == 0)) return QWidget::keyPressEvent(event);
  select(std::clamp(std::max(m_row, 0) + dy, 0, n - 1), std::clamp(std::max(m_column, 0) + dx, 0, n - 1));
}

bool ConflictHeatmap::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const auto [row, column] = cellAt(help->pos());
    if (row >= 0 && row != column)
      QToolTip::showText(help->globalPos(), cellText(row, column), this);
    else
      QToolTip::hideText();
    return true;
  }
  return QWidget::event(event);
}

}  // namespace lorkd::plot
