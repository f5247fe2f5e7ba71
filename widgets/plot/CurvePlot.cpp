#include "widgets/plot/CurvePlot.h"

#include <QTimer>
#include <algorithm>
#include <cmath>

namespace lorkd::plot {

CurvePlot::CurvePlot(QWidget* parent)
    : ThemedPlot(parent), m_timer(new QTimer(this)), m_emptyWords(tr("There is nothing to draw yet.")) {
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
  showEmptiness();
}

int CurvePlot::addPanel(const QString& title, const QString& quantity, std::optional<QCPRange> whole) {
  Panel panel;
  panel.title = title;
  panel.quantity = quantity;
  panel.whole = whole;
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
  auto *x = panel.rect->axis(QCPAxis::atBottom), *y = panel.rect->axis(QCPAxis::atLeft);
  connect(x, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
          [this, x](const QCPRange& range) { linkX(x, range); });
  connect(y, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
          [this, y](const QCPRange& range) { linkY(y, range); });
  setupAxes(panel.rect);
  m_panels.push_back(panel);
  arrange();
  // Items ask for the plot's first axes, so they come after these.
  auto* words = m_panels.back().words = new QCPItemText(this);
  words->setLayer(QStringLiteral("legend"));
  words->setClipToAxisRect(false);
  words->setVisible(false);
  words->position->setType(QCPItemPosition::ptAxisRectRatio);
  words->position->setAxisRect(panel.rect);
  words->position->setCoords(0.5, 0.5);
  applyTheme();
  return panelCount() - 1;
}

/// Lays the panels out in a grid that is about as wide as high, and aligns their axes.
void CurvePlot::arrange() {
  if (!m_grid) {
    m_grid = new QCPLayoutGrid;
    m_grid->setRowSpacing(2);
    m_grid->setColumnSpacing(6);
    plotLayout()->addElement(0, 0, m_grid);
  }
  for (auto& panel : m_panels)
    if (panel.cell->layout()) m_grid->take(panel.cell);
  m_grid->simplify();
  qDeleteAll(m_margins);
  m_margins.clear();
  const auto group = [this](std::size_t i) {
    while (m_margins.size() <= i) m_margins.push_back(new QCPMarginGroup(this));
    return m_margins[i];
  };
  const int n = panelCount(), columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
  for (int i = 0; i < n; ++i) {
    auto& panel = m_panels[static_cast<std::size_t>(i)];
    m_grid->addElement(i / columns, i % columns, panel.cell);
    panel.rect->setMarginGroup(QCP::msLeft | QCP::msRight, group(static_cast<std::size_t>(i % columns)));
    panel.rect->setMarginGroup(QCP::msBottom, group(static_cast<std::size_t>(columns + i / columns)));
  }
  titleAxes();
}

void CurvePlot::setKey(std::vector<KeyEntry> entries) {
  if (m_key) plotLayout()->remove(m_key);
  m_key = nullptr;
  plotLayout()->simplify();
  if (entries.empty()) return;
  m_key = new PlotKey(this);
  m_key->setEntries(std::move(entries));
  plotLayout()->addElement(1, 0, m_key);
  scheduleRefresh();
}

int CurvePlot::addCurve(const CurveLook& look) {
  Curve curve;
  curve.look = look;
  auto& panel = m_panels[static_cast<std::size_t>(look.panel)];
  auto* x = panel.rect->axis(QCPAxis::atBottom);
  auto* y = panel.rect->axis(QCPAxis::atLeft);
  if (!look.validation && look.raw) curve.raw = addGraph(x, y);
  curve.smooth = addGraph(x, y);
  curve.smooth->setName(look.name);
  curve.smooth->setAdaptiveSampling(true);
  curve.data.setSmoothing(look.validation ? 0 : m_smoothing);
  dressCurve(curve);
  m_curves.push_back(std::move(curve));
  return curveCount() - 1;
}

void CurvePlot::dressCurve(Curve& curve) {
  const QColor color = theme().readable(curve.look.color);
  curve.smooth->setPen(runPen(color, curve.look.dash));
  if (curve.look.validation)
    curve.smooth->setScatterStyle(
        QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(color, 1.5), QBrush(theme().background), 6));
  else  // a single value makes no line
    curve.smooth->setScatterStyle(curve.data.size() == 1 ? QCPScatterStyle(QCPScatterStyle::ssDisc, color, 4)
                                                         : QCPScatterStyle());
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
  for (auto& panel : m_panels) panel.words->setColor(theme().faint);
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
  if (curve.data.size() <= 2) dressCurve(curve);
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
  titleAxes();
  for (auto& curve : m_curves) refill(curve);
  resetZoom();
}

void CurvePlot::setSharedY(bool on) {
  m_sharedY = on;
  resetZoom();
}

void CurvePlot::setEmptyWords(const QString& words) {
  m_emptyWords = words;
  showEmptiness();
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
  m_grid = nullptr;
  m_key = nullptr;
  m_curves.clear();
  m_panels.clear();
  clearItems();
  clearPlottables();
  plotLayout()->clear();
  qDeleteAll(m_margins);
  m_margins.clear();
  m_zoomed = false;
  showEmptiness();
  scheduleRefresh();
}

bool CurvePlot::curveVisible(int number) const { return m_curves[static_cast<std::size_t>(number)].smooth->visible(); }

/// A curve is hidden while one of the names that stand for it is.
void CurvePlot::hideEntry(int entry, bool hidden) {
  m_key->setHidden(entry, hidden);
  std::vector<bool> visible(m_curves.size(), true);
  for (const auto& each : m_key->entries())
    for (int curve : each.curves)
      if (each.hidden) visible[static_cast<std::size_t>(curve)] = false;
  for (std::size_t i = 0; i < m_curves.size(); ++i) {
    auto& curve = m_curves[i];
    curve.smooth->setVisible(visible[i]);
    if (curve.raw) curve.raw->setVisible(visible[i]);
    placeBest(curve);
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
  showEmptiness();
  if (!m_zoomed) fit();
  replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::resetZoom() {
  m_zoomed = false;
  scheduleRefresh();
}

}  // namespace lorkd::plot
