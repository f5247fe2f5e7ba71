#include "widgets/plot/RankChart.h"

#include <algorithm>

namespace lorkd::plot {

RankChart::RankChart(QWidget* parent) : ThemedPlot(parent) {
  setObjectName(QStringLiteral("rankChart"));
  setAccessibleName(tr("Parameters of each task's expert"));
  QFont bold = font();
  bold.setBold(true);
  m_title = new QCPTextElement(this, tr("Parameters added per task"), bold);
  plotLayout()->insertRow(0);
  plotLayout()->addElement(0, 0, m_title);
  yAxis->setRangeReversed(true);
  yAxis->setSubTicks(false);
  yAxis->setTickLength(0);
  xAxis->setVisible(false);
  axisRect()->setMinimumMargins({4, 2, 4, 4});
  RankChart::applyTheme();
  setSentence(tr("No parameters of tasks have been counted yet."));
}

void RankChart::applyTheme() {
  ThemedPlot::applyTheme();
  yAxis->grid()->setVisible(false);
  yAxis->setTickLabelColor(theme().text);
  yAxis->setBasePen(QPen(theme().frame));
  for (std::size_t i = 0; i < m_drawn.size(); ++i) {
    m_drawn[i]->setBrush(theme().readable(m_bars[i].color));
    m_drawn[i]->setPen(Qt::NoPen);
    m_labels[i]->setColor(theme().text);
  }
}

double RankChart::barLength(int bar) const { return m_drawn[static_cast<std::size_t>(bar)]->data()->at(0)->value; }

void RankChart::setBars(const std::vector<RankBar>& bars, std::int64_t backbone) {
  clearItems();
  clearPlottables();
  m_drawn.clear();
  m_labels.clear();
  m_bars = bars;
  auto ticker = QSharedPointer<QCPAxisTickerText>::create();
  std::int64_t most = 1, sum = 0;
  QStringList spoken;
  const QLocale locale;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto& bar = bars[i];
    most = std::max(most, bar.parameters);
    sum += bar.parameters;
    ticker->addTick(static_cast<double>(i), bar.task);
    auto* drawn = new QCPBars(yAxis, xAxis);
    drawn->setWidth(0.62);
    drawn->addData(static_cast<double>(i), static_cast<double>(bar.parameters));
    m_drawn.push_back(drawn);
    auto* text = new QCPItemText(this);
    text->position->setCoords(static_cast<double>(bar.parameters), static_cast<double>(i));
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    text->setPadding({6, 0, 0, 0});
    text->setClipToAxisRect(false);
    const QString count = locale.toString(static_cast<qlonglong>(bar.parameters));
    text->setText(backbone > 0
                      ? tr("%1 (r = %2, %3 %)")
                            .arg(count)
                            .arg(bar.rank)
                            .arg(100.0 * static_cast<double>(bar.parameters) / static_cast<double>(backbone), 0, 'f', 1)
                      : tr("%1 (r = %2)").arg(count).arg(bar.rank));
    m_labels.push_back(text);
    spoken << tr("%1: %2").arg(bar.task, text->text());
  }
  yAxis->setTicker(ticker);
  yAxis->setRange(-0.6, std::max(0.6, static_cast<double>(bars.size()) - 0.4));
  // Room for the words beside the longest bar.
  xAxis->setRange(0, 1.75 * static_cast<double>(most));
  m_title->setText(backbone > 0 ? tr("Parameters added per task: %1 on %2 shared")
                                      .arg(locale.toString(static_cast<qlonglong>(sum)),
                                           locale.toString(static_cast<qlonglong>(backbone)))
                                : tr("Parameters added per task"));
  setAccessibleDescription(spoken.join(QLatin1Char('\n')));
  const bool counted = std::ranges::any_of(bars, [](const RankBar& bar) { return bar.parameters > 0; });
  setSentence(counted ? QString() : tr("No parameters of tasks have been counted yet."));
  applyTheme();
  replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace lorkd::plot
