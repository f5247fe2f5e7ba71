// The axes of a curve plot: their titles and ticks, their fit to the values, and what stands in for them without any.
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/plot/CurvePlot.h"
#include "widgets/plot/StepTicker.h"

namespace lorkd::plot {
namespace {

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

QCPRange both(const QCPRange& a, const QCPRange& b) { return {std::min(a.lower, b.lower), std::max(a.upper, b.upper)}; }

}  // namespace

void CurvePlot::setupAxes(QCPAxisRect* rect) {
  auto* x = rect->axis(QCPAxis::atBottom);
  auto* y = rect->axis(QCPAxis::atLeft);
  if (m_x == XAxis::Wall) {
    auto ticker = QSharedPointer<QCPAxisTickerDateTime>::create();
    ticker->setDateTimeFormat(QStringLiteral("HH:mm:ss\nd MMM"));
    x->setTicker(ticker);
  } else if (m_x == XAxis::Relative) {
    auto ticker = QSharedPointer<QCPAxisTickerTime>::create();
    ticker->setTimeFormat(QStringLiteral("%h:%m:%s"));
    x->setTicker(ticker);
  } else {
    x->setTicker(QSharedPointer<StepTicker>::create());
    x->setNumberFormat(QStringLiteral("f"));
    x->setNumberPrecision(0);
  }
  x->ticker()->setTickCount(4);
  y->setScaleType(m_logY ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  y->setNumberFormat(m_logY ? QStringLiteral("gb") : QStringLiteral("g"));
  y->setNumberPrecision(4);
}

/// Titles stand at the left and lower ends of the grid: between panels they would only repeat themselves.
void CurvePlot::titleAxes() {
  const QString along = m_x == XAxis::Step       ? tr("optimiser step")
                        : m_x == XAxis::Relative ? tr("time since the run began (h:min:s)")
                                                 : tr("local time");
  const int n = panelCount(), columns = m_grid ? m_grid->columnCount() : 1;
  for (int i = 0; i < n; ++i) {
    const auto& panel = m_panels[static_cast<std::size_t>(i)];
    const bool lowest = i + columns >= n;
    const bool first = i % columns == 0 || m_panels[static_cast<std::size_t>(i - 1)].quantity != panel.quantity;
    panel.rect->axis(QCPAxis::atBottom)->setLabel(lowest ? along : QString());
    panel.rect->axis(QCPAxis::atLeft)->setLabel(first ? panel.quantity : QString());
  }
}

void CurvePlot::fit() {
  m_linking = true;
  fitX();
  fitY();
  m_linking = false;
}

void CurvePlot::fitX() {
  double left = std::numeric_limits<double>::infinity(), right = -left;
  for (const auto& curve : m_curves) {
    if (!curve.smooth->visible() || curve.data.size() == 0) continue;
    left = std::min(left, keyOf(curve, 0));
    right = std::max(right, keyOf(curve, curve.data.size() - 1));
  }
  if (left > right) return;
  if (left == right) left -= 1, right += 1;
  const double margin = 0.02 * (right - left);
  for (const auto& panel : m_panels) panel.rect->axis(QCPAxis::atBottom)->setRange(left - margin, right + margin);
}

/// The range of the values that can be drawn in a panel, if there are any.
std::optional<QCPRange> CurvePlot::valuesOf(int panel) const {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& curve : m_curves) {
    if (curve.look.panel != panel || !curve.smooth->visible()) continue;
    // Where no raw line is drawn, a single outlier must not squash the smoothed one.
    for (double v : curve.raw || curve.look.validation ? curve.data.value : curve.data.smooth) {
      if (!std::isfinite(v) || (m_logY && v <= 0)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  return low > high ? std::nullopt : std::optional(QCPRange(low, high));
}

void CurvePlot::fitY() {
  std::vector<std::optional<QCPRange>> values;
  for (int p = 0; p < panelCount(); ++p) values.push_back(valuesOf(p));
  for (std::size_t p = 0; p < m_panels.size(); ++p) {
    if (!values[p]) continue;
    QCPRange range = *values[p];
    for (std::size_t other = 0; m_sharedY && other < m_panels.size(); ++other)
      if (values[other] && m_panels[other].quantity == m_panels[p].quantity) range = both(range, *values[other]);
    if (const auto& whole = m_panels[p].whole; whole && m_sharedY)
      range = m_logY ? QCPRange(range.lower, std::max(range.upper, whole->upper)) : both(range, *whole);
    auto* y = m_panels[p].rect->axis(QCPAxis::atLeft);
    if (m_logY) {
      const double ratio = std::max(1.02, std::pow(range.upper / range.lower, 0.05));
      y->setRange(range.lower / ratio, range.upper * ratio);
    } else {
      // Room for half a line at the ends of a natural range, more around values that end anywhere.
      const double share = m_panels[p].whole && m_sharedY ? 0.025 : 0.06;
      const double space = range.size() > 0 ? share * range.size() : std::max(0.05, 0.05 * std::abs(range.upper));
      y->setRange(range.lower - space, range.upper + space);
    }
    chooseTicker(y, m_logY);
  }
}

/// Axes without a value would show a scale that means nothing.
void CurvePlot::showEmptiness() {
  std::vector<bool> drawn(m_panels.size(), false), known(m_panels.size(), false);
  bool any = false;
  for (const auto& curve : m_curves) {
    const auto p = static_cast<std::size_t>(curve.look.panel);
    if (drawn[p]) continue;
    for (double v : curve.data.value) {
      if (!std::isfinite(v)) continue;
      any = known[p] = true;
      drawn[p] = curve.smooth->visible() && (!m_logY || v > 0);
      if (drawn[p] || !curve.smooth->visible()) break;
    }
  }
  setSentence(any ? QString() : m_emptyWords);
  for (std::size_t p = 0; p < m_panels.size(); ++p) {
    auto& panel = m_panels[p];
    panel.words->setText(!known[p] ? tr("no values yet")
                         : m_logY  ? tr("nothing above 0 to draw")
                                   : tr("hidden in the key below"));
    panel.words->setVisible(!drawn[p]);
    for (auto kind : {QCPAxis::atBottom, QCPAxis::atLeft, QCPAxis::atTop, QCPAxis::atRight})
      if (auto* axis = panel.rect->axis(kind))
        axis->setVisible(drawn[p] && (kind == QCPAxis::atBottom || kind == QCPAxis::atLeft));
  }
}

QString CurvePlot::panelWords(int panel) const {
  const auto* words = m_panels[static_cast<std::size_t>(panel)].words;
  return words->visible() ? words->text() : QString();
}

void CurvePlot::linkX(QCPAxis* axis, const QCPRange& range) {
  if (m_linking) return;
  m_linking = true;
  for (auto& panel : m_panels)
    if (auto* other = panel.rect->axis(QCPAxis::atBottom); other != axis) other->setRange(range);
  m_linking = false;
}

void CurvePlot::linkY(QCPAxis* axis, const QCPRange& range) {
  if (m_linking || !m_sharedY) return;
  const auto zoomed =
      std::ranges::find_if(m_panels, [&](const Panel& panel) { return panel.rect->axis(QCPAxis::atLeft) == axis; });
  if (zoomed == m_panels.end()) return;
  m_linking = true;
  for (auto& panel : m_panels)
    if (auto* other = panel.rect->axis(QCPAxis::atLeft); other != axis && panel.quantity == zoomed->quantity)
      other->setRange(range);
  m_linking = false;
}

}  // namespace lorkd::plot
