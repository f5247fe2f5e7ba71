#include "widgets/plot/CurvePlot.h"

#include <QTimer>
#include <algorithm>
#include <cmath>

namespace lorkd::plot {

CurvePlot::CurvePlot(QWidget* parent) : ThemedPlot(parent), m_timer(new QTimer(this)) {
  setObjectName(QStringLiteral("curvePlot"));
  setAccessibleName(tr("Curves"));
  setMouseTracking(true);
  setNoAntialiasingOnDrag(true);
  setSelectionRectMode(QCP::srmZoom);
  plotLayout()->clear();
  setAutoAddPlottableToLegend(false);
  m_timer->setSingleShot(true);
  m_timer->setInterval(40);
  connect(m_timer, &QTimer::timeout, this, &CurvePlot::refreshNow);
  connect(selectionRect(), &QCPSelectionRect::accepted, this, [this] { m_zoomed = true; });
  connect(this, &QCustomPlot::mouseDoubleClick, this, &CurvePlot::resetZoom);
  CurvePlot::applyTheme();
}

int CurvePlot::addPanel(const QString& title) {
  Panel panel;
  panel.title = title;
  panel.cell = new QCPLayoutGrid;
  panel.cell->setRowSpacing(0);
  panel.cell->setMargins({0, 0, 0, 0});
  QFont bold = font();
  bold.setBold(true);
  auto* heading = new QCPTextElement(this, title, bold);
  heading->setMargins({0, 2, 0, 0});
  panel.cell->addElement(0, 0, heading);
  panel.rect = new QCPAxisRect(this);
  panel.rect->setMinimumSize(80, 50);
  panel.cell->addElement(1, 0, panel.rect);
  for (auto* axis : panel.rect->axes()) axis->setLayer(QStringLiteral("axes"));
  for (auto* axis : panel.rect->axes()) axis->grid()->setLayer(QStringLiteral("grid"));
  panel.legend = new QCPLegend;
  panel.rect->insetLayout()->addElement(panel.legend, Qt::AlignTop | Qt::AlignRight);
  panel.rect->insetLayout()->setMargins({6, 6, 6, 6});
  panel.legend->setLayer(QStringLiteral("legend"));
  panel.legend->setMargins({5, 3, 5, 3});
  panel.legend->setRowSpacing(0);
  panel.legend->setIconSize(24, 10);
  panel.legend->setVisible(false);
  connect(panel.rect->axis(QCPAxis::atBottom), qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
          [this, axis = panel.rect->axis(QCPAxis::atBottom)](const QCPRange& range) { linkRanges(axis, range); });
  setupAxes(panel.rect);
  m_panels.push_back(panel);
  arrange();
  applyTheme();
  return panelCount() - 1;
}

/// Lays the panels out in a grid that is about as wide as high.
void CurvePlot::arrange() {
  for (auto& panel : m_panels)
    if (panel.cell->layout()) plotLayout()->take(panel.cell);
  plotLayout()->simplify();
  const int n = panelCount(), columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
  for (int i = 0; i < n; ++i)
    plotLayout()->addElement(i / columns, i % columns, m_panels[static_cast<std::size_t>(i)].cell);
  plotLayout()->setRowSpacing(2);
  plotLayout()->setColumnSpacing(6);
}

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
    x->setTicker(QSharedPointer<QCPAxisTicker>::create());
    x->setNumberFormat(QStringLiteral("f"));
    x->setNumberPrecision(0);
  }
  x->ticker()->setTickCount(4);
  y->setScaleType(m_logY ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  y->setNumberFormat(m_logY ? QStringLiteral("gb") : QStringLiteral("g"));
  y->setNumberPrecision(4);
}

int CurvePlot::addCurve(const CurveLook& look) {
  Curve curve;
  curve.look = look;
  auto& panel = m_panels[static_cast<std::size_t>(look.panel)];
  auto* x = panel.rect->axis(QCPAxis::atBottom);
  auto* y = panel.rect->axis(QCPAxis::atLeft);
  if (!look.validation) curve.raw = addGraph(x, y);
  curve.smooth = addGraph(x, y);
  curve.smooth->setName(look.name);
  curve.smooth->setAdaptiveSampling(true);
  if (look.named) curve.smooth->addToLegend(panel.legend);
  curve.data.setSmoothing(look.validation ? 0 : m_smoothing);
  dressCurve(curve);
  m_curves.push_back(std::move(curve));
  panel.legend->setVisible(panel.legend->itemCount() > 1);
  dress(panel.legend);
  return curveCount() - 1;
}

void CurvePlot::dressCurve(Curve& curve) {
  const QColor color = theme().readable(curve.look.color);
  QPen pen(color, 2);
  if (curve.look.validation) {
    pen.setStyle(Qt::DashLine);
    curve.smooth->setScatterStyle(
        QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(color, 1.5), QBrush(theme().background), 6));
  }
  curve.smooth->setPen(pen);
  if (curve.raw) {
    QColor faint = color;
    faint.setAlpha(theme().dark ? 95 : 80);
    curve.raw->setPen(QPen(faint, 1));
  }
  if (curve.best) {
    curve.best->setPen(QPen(theme().text, 1.5));
    curve.best->setBrush(color);
  }
  if (curve.bestLine) curve.bestLine->setPen(QPen(theme().faint, 1, Qt::DashDotLine));
}

void CurvePlot::applyTheme() {
  ThemedPlot::applyTheme();
  for (auto& curve : m_curves) dressCurve(curve);
  // Grey names for hidden curves must survive the new dress.
  for (int i = 0; i < curveCount(); ++i)
    if (!curveVisible(i)) setCurveVisible(i, false);
  if (!m_words) return;
  QColor fill = theme().background;
  fill.setAlpha(235);
  m_words->setBrush(fill);
  m_words->setPen(QPen(theme().frame));
  m_words->setColor(theme().text);
  m_tracer->setPen(QPen(theme().text, 1.5));
}

double CurvePlot::keyOf(const Curve& curve, std::size_t i) const {
  if (m_x == XAxis::Step) return curve.data.step[i];
  return m_x == XAxis::Wall ? curve.data.time[i] : curve.data.time[i] - curve.look.origin;
}

void CurvePlot::append(int number, double step, double time, double value) {
  auto& curve = m_curves[static_cast<std::size_t>(number)];
  curve.data.append(step, time, value);
  const std::size_t i = curve.data.size() - 1;
  if (curve.raw) curve.raw->addData(keyOf(curve, i), value);
  curve.smooth->addData(keyOf(curve, i), curve.look.validation ? value : curve.data.smooth[i]);
  scheduleRefresh();
}

void CurvePlot::refill(Curve& curve) {
  QVector<double> keys, raw, smooth;
  for (std::size_t i = 0; i < curve.data.size(); ++i) {
    keys << keyOf(curve, i);
    raw << curve.data.value[i];
    smooth << (curve.look.validation ? curve.data.value[i] : curve.data.smooth[i]);
  }
  if (curve.raw) curve.raw->setData(keys, raw);
  curve.smooth->setData(keys, smooth);
  placeBest(curve);
}

void CurvePlot::setSmoothing(double beta) {
  m_smoothing = std::clamp(beta, 0.0, 0.99);
  for (auto& curve : m_curves) {
    if (curve.look.validation) continue;
    curve.data.setSmoothing(m_smoothing);
    refill(curve);
  }
  scheduleRefresh();
}

void CurvePlot::setLogY(bool on) {
  m_logY = on;
  for (auto& panel : m_panels) setupAxes(panel.rect);
  resetZoom();
}

void CurvePlot::setXAxis(XAxis axis) {
  m_x = axis;
  for (auto& panel : m_panels) setupAxes(panel.rect);
  for (auto& curve : m_curves) refill(curve);
  resetZoom();
}

void CurvePlot::setBest(int number, double step) {
  auto& curve = m_curves[static_cast<std::size_t>(number)];
  curve.bestStep = step;
  if (!curve.best) {
    curve.best = new QCPItemTracer(this);
    curve.best->setClipAxisRect(curve.smooth->keyAxis()->axisRect());
    curve.best->setStyle(QCPItemTracer::tsSquare);
    curve.best->setSize(9);
    curve.best->setGraph(curve.smooth);
    dressCurve(curve);
  }
  placeBest(curve);
  scheduleRefresh();
}

void CurvePlot::setBestLine(int like, double step) {
  auto& curve = m_curves[static_cast<std::size_t>(like)];
  curve.bestStep = step;
  if (!curve.bestLine) {
    curve.bestLine = new QCPItemStraightLine(this);
    curve.bestLine->setClipAxisRect(curve.smooth->keyAxis()->axisRect());
    for (auto* point : {curve.bestLine->point1, curve.bestLine->point2}) {
      point->setTypeX(QCPItemPosition::ptPlotCoords);
      point->setTypeY(QCPItemPosition::ptAxisRectRatio);
      point->setAxes(curve.smooth->keyAxis(), curve.smooth->valueAxis());
      point->setAxisRect(curve.smooth->keyAxis()->axisRect());
    }
    dressCurve(curve);
  }
  placeBest(curve);
  scheduleRefresh();
}

void CurvePlot::placeBest(Curve& curve) {
  const auto& steps = curve.data.step;
  const auto at = std::lower_bound(steps.begin(), steps.end(), curve.bestStep);
  const bool found = curve.bestStep >= 0 && !steps.empty() && curve.smooth->visible();
  const double key = found ? keyOf(curve, static_cast<std::size_t>(std::min(at, steps.end() - 1) - steps.begin())) : 0;
  if (curve.best) {
    curve.best->setVisible(found);
    curve.best->setGraphKey(key);
  }
  if (curve.bestLine) {
    curve.bestLine->setVisible(found);
    curve.bestLine->point1->setCoords(key, 0);
    curve.bestLine->point2->setCoords(key, 1);
  }
}

void CurvePlot::clearAll() {
  m_tracer = nullptr;
  m_words = nullptr;
  m_curves.clear();
  m_panels.clear();
  clearItems();
  clearPlottables();
  plotLayout()->clear();
  m_zoomed = false;
  scheduleRefresh();
}

bool CurvePlot::curveVisible(int number) const { return m_curves[static_cast<std::size_t>(number)].smooth->visible(); }

void CurvePlot::setCurveVisible(int number, bool visible) {
  auto& curve = m_curves[static_cast<std::size_t>(number)];
  curve.smooth->setVisible(visible);
  if (curve.raw) curve.raw->setVisible(visible);
  placeBest(curve);
  if (auto* item = panelLegend(curve.look.panel)->itemWithPlottable(curve.smooth)) {
    item->setTextColor(visible ? theme().text : theme().frame);
    QFont font = item->font();
    font.setStrikeOut(!visible);
    item->setFont(font);
  }
  scheduleRefresh();
}

void CurvePlot::scheduleRefresh() {
  if (!m_timer->isActive() && isVisible()) m_timer->start();
}

void CurvePlot::showEvent(QShowEvent* event) {
  ThemedPlot::showEvent(event);
  scheduleRefresh();
}

void CurvePlot::refreshNow() {
  if (!m_zoomed) fit();
  replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::resetZoom() {
  m_zoomed = false;
  scheduleRefresh();
}

void CurvePlot::linkRanges(QCPAxis* axis, const QCPRange& range) {
  if (m_linking) return;
  m_linking = true;
  for (auto& panel : m_panels)
    if (panel.rect->axis(QCPAxis::atBottom) != axis) panel.rect->axis(QCPAxis::atBottom)->setRange(range);
  m_linking = false;
}

}  // namespace lorkd::plot
