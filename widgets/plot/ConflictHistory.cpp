#include "widgets/plot/ConflictHistory.h"

#include <algorithm>
#include <cmath>

#include "widgets/plot/Rolling.h"
#include "widgets/plot/StepTicker.h"

namespace lorkd::plot {
namespace {

QCPAxisRect* addRect(ThemedPlot* plot, int row, double low, double high) {
  auto* rect = new QCPAxisRect(plot);
  plot->plotLayout()->addElement(row, 0, rect);
  for (auto* axis : rect->axes()) {
    axis->setLayer(QStringLiteral("axes"));
    axis->grid()->setLayer(QStringLiteral("grid"));
  }
  rect->axis(QCPAxis::atLeft)->setRange(low, high);
  rect->axis(QCPAxis::atBottom)->setTicker(QSharedPointer<StepTicker>::create());
  rect->axis(QCPAxis::atBottom)->setNumberFormat(QStringLiteral("f"));
  rect->axis(QCPAxis::atBottom)->setNumberPrecision(0);
  rect->setMinimumSize(80, 36);
  return rect;
}

QString rounded(double value) { return std::isnan(value) ? QStringLiteral("–") : QString::number(value, 'f', 2); }

}  // namespace

ConflictHistory::ConflictHistory(QWidget* parent) : ThemedPlot(parent) {
  setObjectName(QStringLiteral("conflictHistory"));
  setAccessibleName(tr("History of gradient conflict"));
  setAutoAddPlottableToLegend(false);
  plotLayout()->clear();
  QFont bold = font();
  bold.setBold(true);
  m_title = new QCPTextElement(this, tr("Cosine of a pair"), bold);
  m_lowerTitle = new QCPTextElement(this, tr("Share of pairs in conflict"), bold);
  plotLayout()->addElement(0, 0, m_title);
  m_upper = addRect(this, 1, -1.05, 1.05);
  plotLayout()->addElement(2, 0, m_lowerTitle);
  m_lower = addRect(this, 3, -0.03, 1.03);
  plotLayout()->setRowStretchFactor(1, 2.6);
  plotLayout()->setRowSpacing(0);
  auto* group = new QCPMarginGroup(this);
  m_upper->setMarginGroup(QCP::msLeft | QCP::msRight, group);
  m_lower->setMarginGroup(QCP::msLeft | QCP::msRight, group);
  for (auto* rect : {m_upper, m_lower}) {
    auto halves = QSharedPointer<QCPAxisTickerFixed>::create();
    halves->setTickStep(0.5);
    rect->axis(QCPAxis::atLeft)->setTicker(halves);
    rect->axis(QCPAxis::atLeft)->setSubTicks(false);
  }
  m_upper->axis(QCPAxis::atBottom)->setTickLabels(false);
  m_upper->axis(QCPAxis::atLeft)->setLabel(tr("cosine"));
  m_lower->axis(QCPAxis::atLeft)->setLabel(tr("share"));
  m_lower->axis(QCPAxis::atBottom)->setLabel(tr("optimiser step"));

  auto* x = m_upper->axis(QCPAxis::atBottom);
  auto* y = m_upper->axis(QCPAxis::atLeft);
  m_zero = new QCPItemStraightLine(this);
  m_zero->setClipAxisRect(m_upper);
  for (auto* point : {m_zero->point1, m_zero->point2}) point->setAxes(x, y);
  m_zero->point1->setCoords(0, 0);
  m_zero->point2->setCoords(1, 0);
  m_low = addGraph(x, y);
  m_high = addGraph(x, y);
  m_high->setChannelFillGraph(m_low);
  m_points = addGraph(x, y);
  m_points->setLineStyle(QCPGraph::lsNone);
  m_mean = addGraph(x, y);
  m_fraction = addGraph(m_lower->axis(QCPAxis::atBottom), m_lower->axis(QCPAxis::atLeft));
  m_fraction->setLineStyle(QCPGraph::lsStepCenter);
  ConflictHistory::applyTheme();
  setSentence(tr("No measurement of gradient conflict yet."));
}

void ConflictHistory::applyTheme() {
  ThemedPlot::applyTheme();
  const QColor line = theme().readable(QColor(0x00, 0x72, 0xb2));
  QColor band = line, share = theme().diverging(-1), faint = theme().text;
  band.setAlpha(theme().dark ? 70 : 50);
  faint.setAlpha(38);
  m_zero->setPen(QPen(theme().text, 1.2, Qt::DashLine));
  m_low->setPen(Qt::NoPen);
  m_high->setPen(Qt::NoPen);
  m_high->setBrush(band);
  m_mean->setPen(QPen(line, 2.2));
  QColor dots = line;
  dots.setAlpha(130);
  m_points->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, dots, 4));
  m_fraction->setPen(QPen(share, 1.5));
  share.setAlpha(60);
  m_fraction->setBrush(share);
  for (auto* other : m_others) other->setPen(QPen(faint, 1.2));
}

QString ConflictHistory::caption() const { return m_title->text(); }

void ConflictHistory::showPair(const std::vector<run::ConflictMeasurement>& all, const QStringList& tasks, int layer,
                               int i, int j, std::size_t window) {
  QVector<double> steps;
  for (const auto& measurement : all) steps << static_cast<double>(measurement.step);
  const auto fill = [&](QCPGraph* graph, const std::vector<double>& values) {
    graph->setData(steps, QVector<double>(values.begin(), values.end()), true);
  };
  for (auto* other : m_others) removeGraph(other);
  m_others.clear();
  const int n = static_cast<int>(tasks.size());
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b) {
      if ((a == i && b == j) || (a == j && b == i)) continue;
      auto* graph = addGraph(m_upper->axis(QCPAxis::atBottom), m_upper->axis(QCPAxis::atLeft));
      fill(graph,
           rollingBand(cosineHistory(all, layer, static_cast<std::size_t>(a), static_cast<std::size_t>(b)), window)
               .mean);
      graph->setLayer(QStringLiteral("grid"));
      m_others.push_back(graph);
    }
  const bool pair = i >= 0 && j >= 0 && i < n && j < n && i != j;
  const auto history = pair ? cosineHistory(all, layer, static_cast<std::size_t>(i), static_cast<std::size_t>(j))
                            : std::vector<double>(all.size(), std::nan(""));
  const Band band = rollingBand(history, window);
  fill(m_points, history);
  fill(m_mean, band.mean);
  fill(m_low, band.low);
  fill(m_high, band.high);
  std::vector<double> fractions;
  for (const auto& measurement : all) fractions.push_back(conflictFraction(measurement.of(layer)));
  const Band shares = rollingBand(fractions, window);
  fill(m_fraction, shares.mean);

  const bool together = std::ranges::any_of(history, [](double value) { return !std::isnan(value); });
  // At the beginning there are fewer than are asked for.
  const auto recent = static_cast<std::ptrdiff_t>(std::min(window, history.size()));
  const auto averaged = std::count_if(history.end() - recent, history.end(), [](double v) { return !std::isnan(v); });
  m_title->setText(!pair      ? tr("Cosine: click a cell of the matrix")
                   : together ? tr("%1 and %2: cosine, mean of %3 ± deviation").arg(tasks[i], tasks[j]).arg(averaged) +
                                    (m_others.empty() ? QString() : tr(" (faint: the other pairs)"))
                              : tr("%1 and %2: never measured in one batch").arg(tasks[i], tasks[j]));
  setSentence(all.empty() ? tr("No measurement of gradient conflict yet.") : QString());
  const double last = shares.mean.empty() ? std::nan("") : shares.mean.back();
  m_lowerTitle->setText(all.empty() || std::isnan(last)
                            ? tr("Share of pairs in conflict")
                            : tr("Share of pairs in conflict: %1 %").arg(100 * last, 0, 'f', 0));
  const auto running = runningCosine(history);
  setAccessibleDescription(all.empty() ? tr("No measurement yet")
                                       : tr("%1. Mean %2, running cosine %3, condition number %4.")
                                             .arg(m_title->text(), rounded(band.mean.back()), rounded(running.back()),
                                                  rounded(conditionNumber(all.back().of(layer)))));
  setToolTip(accessibleDescription());
  const double left = steps.isEmpty() ? 0 : steps.first(),
               right = steps.isEmpty() ? 1 : std::max(steps.last(), left + 1);
  for (auto* rect : {m_upper, m_lower}) rect->axis(QCPAxis::atBottom)->setRange(left, right);
  applyTheme();
  replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace lorkd::plot
