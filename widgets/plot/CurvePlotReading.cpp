// Reading a curve plot: the words beside the pointer, clicks on names, the fit of the axes, the table.
#include <QDateTime>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/plot/CurvePlot.h"
#include "widgets/plot/PlotExport.h"

namespace lorkd::plot {
namespace {

constexpr double reach = 40;  // pixels from the pointer within which a curve is spoken of

/// Log ticks when the range spans decades, plain ones otherwise: a log ticker alone leaves short ranges without labels.
void chooseTicker(QCPAxis* axis, bool logarithmic) {
  const bool decades = logarithmic && axis->range().lower > 0 && axis->range().upper / axis->range().lower >= 20;
  if (decades == !qSharedPointerDynamicCast<QCPAxisTickerLog>(axis->ticker()).isNull() &&
      axis->ticker()->tickCount() == 4)
    return;
  if (decades)
    axis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
  else
    axis->setTicker(QSharedPointer<QCPAxisTicker>::create());
  axis->ticker()->setTickCount(4);
  axis->setNumberFormat(decades ? QStringLiteral("gb") : QStringLiteral("g"));
  axis->setNumberPrecision(decades ? 0 : 4);
}

}  // namespace

QString durationText(double seconds) {
  if (!std::isfinite(seconds)) return QString();
  if (seconds < 60) return QCoreApplication::translate("Duration", "%1 s").arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
  const auto whole = static_cast<qint64>(std::llround(seconds));
  const QString minutes = QStringLiteral("%1").arg(whole / 60 % 60, 2, 10, QLatin1Char('0'));
  const QString rest = QStringLiteral("%1").arg(whole % 60, 2, 10, QLatin1Char('0'));
  if (whole < 3600) return QStringLiteral("%1:%2").arg(whole / 60).arg(rest);
  if (whole < 86400) return QStringLiteral("%1:%2:%3").arg(whole / 3600).arg(minutes, rest);
  return QCoreApplication::translate("Duration", "%1 d %2:%3")
      .arg(whole / 86400)
      .arg(whole / 3600 % 24, 2, 10, QLatin1Char('0'))
      .arg(minutes);
}

void CurvePlot::fit() {
  double left = std::numeric_limits<double>::infinity(), right = -left;
  for (const auto& curve : m_curves) {
    if (!curve.smooth->visible() || curve.data.size() == 0) continue;
    left = std::min(left, keyOf(curve, 0));
    right = std::max(right, keyOf(curve, curve.data.size() - 1));
  }
  if (left > right) left = 0, right = 1;
  if (left == right) right = left + 1;
  const double margin = 0.02 * (right - left);
  for (int p = 0; p < panelCount(); ++p) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const auto& curve : m_curves) {
      if (curve.look.panel != p || !curve.smooth->visible()) continue;
      for (double v : curve.data.value) {
        if (!std::isfinite(v) || (m_logY && v <= 0)) continue;
        low = std::min(low, v);
        high = std::max(high, v);
      }
    }
    if (low > high) low = m_logY ? 0.1 : 0, high = 1;
    auto* y = panelRect(p)->axis(QCPAxis::atLeft);
    if (m_logY) {
      const double ratio = std::max(1.02, std::pow(high / low, 0.05));
      y->setRange(low / ratio, high * ratio);
    } else {
      const double space = high > low ? 0.06 * (high - low) : std::max(0.05, 0.05 * std::abs(high));
      y->setRange(low - space, high + space);
    }
    panelRect(p)->axis(QCPAxis::atBottom)->setRange(left - margin, right + margin);
  }
  for (int p = 0; p < panelCount(); ++p) chooseTicker(panelRect(p)->axis(QCPAxis::atLeft), m_logY);
}

/// QCustomPlot sends no legend clicks while drags zoom, so names are looked for here.
void CurvePlot::mousePressEvent(QMouseEvent* event) {
  for (int i = 0; i < curveCount() && event->button() == Qt::LeftButton; ++i) {
    const auto* legend = panelLegend(look(i).panel);
    const auto* name = legend->visible() ? legend->itemWithPlottable(smoothGraph(i)) : nullptr;
    if (name && name->rect().contains(event->pos())) return setCurveVisible(i, !curveVisible(i));
  }
  ThemedPlot::mousePressEvent(event);
}

void CurvePlot::mouseMoveEvent(QMouseEvent* event) {
  ThemedPlot::mouseMoveEvent(event);
  if (event->buttons() == Qt::NoButton)
    hover(event->pos());
  else
    hideHover();
}

void CurvePlot::leaveEvent(QEvent* event) {
  ThemedPlot::leaveEvent(event);
  hideHover();
}

void CurvePlot::hideHover() {
  if (!m_words || !m_words->visible()) return;
  m_words->setVisible(false);
  m_tracer->setVisible(false);
  replot(QCustomPlot::rpQueuedReplot);
}

QString CurvePlot::hoverText() const { return m_words && m_words->visible() ? m_words->text() : QString(); }

void CurvePlot::hover(const QPoint& position) {
  const Curve* nearest = nullptr;
  std::size_t index = 0;
  double distance = reach;
  for (const auto& curve : m_curves) {
    auto* x = curve.smooth->keyAxis();
    if (!curve.smooth->visible() || curve.data.size() == 0 || !x->axisRect()->rect().contains(position)) continue;
    const double key = x->pixelToCoord(position.x());
    std::size_t low = 0, high = curve.data.size() - 1;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      (keyOf(curve, middle) < key ? low : high) = keyOf(curve, middle) < key ? middle + 1 : middle;
    }
    if (low > 0 && key - keyOf(curve, low - 1) < keyOf(curve, low) - key) --low;
    const double shown = curve.look.validation ? curve.data.value[low] : curve.data.smooth[low];
    const double away = std::hypot(0.5 * (x->coordToPixel(keyOf(curve, low)) - position.x()),
                                   curve.smooth->valueAxis()->coordToPixel(shown) - position.y());
    if (away < distance) nearest = &curve, index = low, distance = away;
  }
  if (!nearest) return hideHover();
  if (!m_words) {
    m_tracer = new QCPItemTracer(this);
    m_tracer->setStyle(QCPItemTracer::tsCircle);
    m_tracer->setSize(8);
    m_words = new QCPItemText(this);
    m_words->setClipToAxisRect(false);
    m_words->setTextAlignment(Qt::AlignLeft);
    m_words->setPadding({6, 4, 6, 4});
    m_words->position->setType(QCPItemPosition::ptAbsolute);
    m_words->setLayer(QStringLiteral("overlay"));
    m_tracer->setLayer(QStringLiteral("overlay"));
    applyTheme();
  }
  const auto& data = nearest->data;
  const QString who = nearest->look.run.isEmpty() || nearest->look.run == nearest->look.name
                          ? nearest->look.name
                          : nearest->look.name + QStringLiteral(" · ") + nearest->look.run;
  const QString value = QString::number(data.value[index], 'g', 5);
  const QString when = tr("step %1 · %2 · %3")
                           .arg(data.step[index], 0, 'f', 0)
                           .arg(durationText(data.time[index] - nearest->look.origin),
                                QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(data.time[index] * 1000))
                                    .toString(QStringLiteral("d MMM HH:mm:ss")));
  m_words->setText(who + QLatin1Char('\n') +
                   (nearest->look.validation
                        ? tr("validation %1").arg(value)
                        : tr("smoothed %1   raw %2").arg(QString::number(data.smooth[index], 'g', 5), value)) +
                   QLatin1Char('\n') + when);
  m_tracer->setGraph(nearest->smooth);
  m_tracer->setGraphKey(keyOf(*nearest, index));
  m_tracer->setClipAxisRect(nearest->smooth->keyAxis()->axisRect());
  m_tracer->setVisible(true);
  const bool right = position.x() > width() / 2, low = position.y() > height() / 2;
  m_words->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | (low ? Qt::AlignBottom : Qt::AlignTop));
  m_words->position->setCoords(position.x() + (right ? -14 : 14), position.y() + (low ? -10 : 14));
  m_words->setVisible(true);
  replot(QCustomPlot::rpQueuedReplot);
}

QString CurvePlot::csv() const {
  QString table = csvRow({QStringLiteral("run"), QStringLiteral("panel"), QStringLiteral("curve"),
                          QStringLiteral("quantity"), QStringLiteral("kind"), QStringLiteral("step"),
                          QStringLiteral("time"), QStringLiteral("value"), QStringLiteral("smoothed")});
  for (const auto& curve : m_curves) {
    if (!curve.smooth->visible()) continue;
    const auto& d = curve.data;
    for (std::size_t i = 0; i < d.size(); ++i)
      table += csvRow({curve.look.run, m_panels[static_cast<std::size_t>(curve.look.panel)].title, curve.look.name,
                       m_quantity, curve.look.validation ? QStringLiteral("validation") : QStringLiteral("train"),
                       csvNumber(d.step[i]), csvNumber(d.time[i]), csvNumber(d.value[i]), csvNumber(d.smooth[i])});
  }
  return table;
}

}  // namespace lorkd::plot
