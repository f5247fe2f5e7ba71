// Reading a curve plot: the words beside the pointer, clicks on names, the table.
#include <QDateTime>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/plot/CurvePlot.h"
#include "widgets/plot/PlotExport.h"

namespace lorkd::plot {
namespace {

constexpr double reach = 40;  // pixels from the pointer within which a curve is spoken of

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

void CurvePlot::mousePressEvent(QMouseEvent* event) {
  const int entry =
      m_key && sentence().isEmpty() && event->button() == Qt::LeftButton ? m_key->entryAt(event->pos()) : -1;
  if (entry >= 0) return hideEntry(entry, !m_key->entries()[static_cast<std::size_t>(entry)].hidden);
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
