#include "widgets/plot/LayerConflictBars.h"

#include <QKeyEvent>
#include <algorithm>
#include <cmath>

namespace lorkd::plot {
namespace {

/// Every adapted layer lies in the backbone; saying so on each bar tells nothing.
QString shortName(const QString& layer) {
  const QString trunk = QStringLiteral("backbone.");
  return layer.startsWith(trunk) ? layer.mid(trunk.size()) : layer;
}

}  // namespace

LayerConflictBars::LayerConflictBars(QWidget* parent) : ThemedPlot(parent) {
  setObjectName(QStringLiteral("layerConflict"));
  setAccessibleName(tr("Gradient conflict by layer"));
  QFont bold = font();
  bold.setBold(true);
  m_title = new QCPTextElement(this, tr("Pairs in conflict by layer"), bold);
  plotLayout()->insertRow(0);
  plotLayout()->addElement(0, 0, m_title);
  plotLayout()->setRowSpacing(0);
  m_bars = new QCPBars(yAxis, xAxis);
  m_mark = new QCPBars(yAxis, xAxis);
  for (auto* bars : {m_bars, m_mark}) bars->setWidth(0.72);
  yAxis->setRangeReversed(true);
  yAxis->setSubTicks(false);
  yAxis->setTickLength(0);
  yAxis->grid()->setVisible(false);
  xAxis->setRange(0, 1);
  xAxis->ticker()->setTickCount(4);
  xAxis->setLabel(tr("share of task pairs (0 to 1)"));
  ThemedPlot::setMinimumWidth(150);
  LayerConflictBars::applyTheme();
  setSentence(tr("No layer has been measured yet."));
}

void LayerConflictBars::applyTheme() {
  ThemedPlot::applyTheme();
  QColor fill = theme().diverging(-0.75);
  m_bars->setPen(Qt::NoPen);
  m_bars->setBrush(fill);
  m_mark->setPen(QPen(theme().text, 1.6));
  m_mark->setBrush(theme().diverging(-1));
  yAxis->grid()->setVisible(false);
}

void LayerConflictBars::setLayers(const QStringList& layers, const std::vector<double>& scores) {
  if (layers.size() != static_cast<qsizetype>(scores.size())) return;
  m_layers = layers;
  m_scores = scores;
  if (m_selected >= layerCount()) m_selected = -1;
  QVector<double> keys, values;
  QStringList spoken;
  for (int i = 0; i < layerCount(); ++i) {
    const double score = scores[static_cast<std::size_t>(i)];
    keys << i;
    values << (std::isnan(score) ? 0 : score);
    spoken << (std::isnan(score) ? tr("%1: no pair measured").arg(layers[i])
                                 : tr("%1: %2 %").arg(layers[i]).arg(100 * score, 0, 'f', 0));
  }
  m_bars->setData(keys, values, true);
  setAccessibleDescription(spoken.join(QLatin1Char('\n')));
  yAxis->setRange(-0.6, std::max(0.6, layerCount() - 0.4));
  const bool measured = std::ranges::any_of(scores, [](double score) { return !std::isnan(score); });
  setSentence(layers.isEmpty() ? tr("No layer has been measured yet.")
              : measured       ? QString()
                               : tr("No two tasks have been measured in one batch yet."));
  label();
}

/// Names every layer if there is room, else every second, third ...; long names keep their end, which tells them apart.
void LayerConflictBars::label() {
  auto ticker = QSharedPointer<QCPAxisTickerText>::create();
  const int room = std::max(1, (height() - 60) / std::max(1, fontMetrics().height() - 2));
  const int every = std::max(1, (layerCount() + room - 1) / room);
  for (int i = 0; i < layerCount(); ++i)
    if (i % every == 0 || i == m_selected)
      ticker->addTick(i, fontMetrics().elidedText(shortName(m_layers[i]), Qt::ElideLeft, std::max(60, width() / 2)));
  yAxis->setTicker(ticker);
  m_mark->setData(QVector<double>(), QVector<double>());
  if (m_selected >= 0)
    m_mark->addData(m_selected, std::max(0.004, std::isnan(m_scores[static_cast<std::size_t>(m_selected)])
                                                    ? 0
                                                    : m_scores[static_cast<std::size_t>(m_selected)]));
  m_title->setText(m_selected < 0 ? tr("Pairs in conflict by layer")
                                  : tr("Layer %1")
                                        .arg(fontMetrics().elidedText(shortName(m_layers[m_selected]), Qt::ElideLeft,
                                                                      std::max(60, width() * 3 / 5))));
  replot(QCustomPlot::rpQueuedReplot);
}

void LayerConflictBars::select(int layer) {
  if (layer < -1 || layer >= layerCount()) return;
  m_selected = layer == m_selected ? -1 : layer;
  label();
  Q_EMIT layerSelected(m_selected);
}

QPoint LayerConflictBars::barPosition(int layer) const {
  return QPoint(xAxis->axisRect()->left() + 4, static_cast<int>(std::lround(yAxis->coordToPixel(layer))));
}

void LayerConflictBars::mousePressEvent(QMouseEvent* event) {
  ThemedPlot::mousePressEvent(event);
  const auto* rect = xAxis->axisRect();
  // Names left of the bars are part of the target.
  if (event->button() != Qt::LeftButton || event->pos().y() < rect->top() || event->pos().y() > rect->bottom()) return;
  const int layer = static_cast<int>(std::lround(yAxis->pixelToCoord(event->pos().y())));
  if (layer >= 0) select(layer);
}

void LayerConflictBars::keyPressEvent(QKeyEvent* event) {
  const int by = event->key() == Qt::Key_Down ? 1 : event->key() == Qt::Key_Up ? -1 : 0;
  if (event->key() == Qt::Key_Escape && m_selected >= 0) return select(m_selected);
  if (by == 0) return ThemedPlot::keyPressEvent(event);
  const int next = std::clamp(m_selected + by, 0, layerCount() - 1);
  if (next != m_selected) select(next);
}

void LayerConflictBars::resizeEvent(QResizeEvent* event) {
  ThemedPlot::resizeEvent(event);
  label();
}

}  // namespace lorkd::plot
