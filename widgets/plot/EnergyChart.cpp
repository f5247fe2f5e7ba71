#include "widgets/plot/EnergyChart.h"

#include <algorithm>

namespace lorkd::plot {

EnergyChart::EnergyChart(QWidget* parent) : ThemedPlot(parent) {
  setObjectName(QStringLiteral("energyChart"));
  setAccessibleName(tr("Energy kept by rank"));
  yAxis->setLabel(tr("energy kept (%)"));
  auto ticker = QSharedPointer<QCPAxisTickerFixed>::create();
  ticker->setTickStep(1);
  ticker->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
  xAxis->setTicker(ticker);
  xAxis->setSubTicks(false);
  m_key = new PlotKey(this);
  plotLayout()->addElement(1, 0, m_key);
  setCurves({});
}

double EnergyChart::drawn(int curve, int rank) const {
  return m_curves[static_cast<std::size_t>(curve)].line->data()->at(rank - 1)->value;
}

int EnergyChart::marked(int curve) const {
  const auto data = m_curves[static_cast<std::size_t>(curve)].mark->data();
  return data->isEmpty() ? 0 : static_cast<int>(data->at(0)->key);
}

void EnergyChart::setCurves(const std::vector<EnergyCurve>& curves) {
  clearPlottables();
  m_curves.clear();
  std::size_t most = 2;
  double lowest = 90;
  QStringList spoken;
  std::vector<KeyEntry> names;
  for (const auto& curve : curves) {
    names.push_back({curve.task, curve.color, 0, true, {}, false});
    auto *line = addGraph(), *mark = addGraph();
    mark->setLineStyle(QCPGraph::lsNone);
    for (std::size_t r = 0; r < curve.kept.size(); ++r) {
      line->addData(static_cast<double>(r + 1), 100 * curve.kept[r]);
      lowest = std::min(lowest, 100 * curve.kept[r]);
    }
    const auto at = static_cast<std::size_t>(curve.advised);
    if (curve.advised > 0 && at <= curve.kept.size()) {
      mark->addData(curve.advised, 100 * curve.kept[at - 1]);
      spoken
          << tr("%1: rank %2 keeps %3 %").arg(curve.task).arg(curve.advised).arg(100 * curve.kept[at - 1], 0, 'f', 1);
    }
    most = std::max(most, curve.kept.size());
    m_curves.push_back({curve, line, mark});
  }
  xAxis->setRange(0.7, static_cast<double>(most) + 0.3);
  yAxis->setRange(std::max(0.0, lowest - 5), 102);
  m_key->setEntries(std::move(names));
  // Where each layer has a rank of its own, a task has none to mark.
  const bool dots = std::ranges::any_of(m_curves, [](const Drawn& drawn) { return !drawn.mark->data()->isEmpty(); });
  xAxis->setLabel(dots ? tr("rank of the task (large dot: advised)") : tr("rank of the task"));
  const bool any = std::ranges::any_of(curves, [](const EnergyCurve& curve) { return !curve.kept.empty(); });
  setSentence(any ? QString() : tr("No energy has been measured yet."));
  setAccessibleDescription(spoken.join(QLatin1Char('\n')));
  applyTheme();
  replot(QCustomPlot::rpQueuedReplot);
}

void EnergyChart::applyTheme() {
  ThemedPlot::applyTheme();
  for (const auto& [curve, line, mark] : m_curves) {
    const auto color = theme().readable(curve.color);
    line->setPen(QPen(color, 2));
    line->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, color, theme().background, 6));
    mark->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, color, color, 13));
  }
}

}  // namespace lorkd::plot
