// Curves in one or several panels: smoothed line over its faint raw line, hover, zoom, hideable legend, best mark.
#pragma once

#include <QString>
#include <vector>

#include "widgets/plot/Curve.h"
#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// What runs along x: optimiser steps, seconds since the run began, or the clock.
enum class XAxis { Step, Relative, Wall };

/// Who a curve is and how it looks. Training curves are solid and smoothed over their raw values; validation curves are
/// dashed with open circles and never smoothed: the style tells them apart, not the colour.
struct CurveLook {
  int panel = 0;
  QString run;   ///< name of the run
  QString name;  ///< name of the curve within the run
  QColor color;
  bool validation = false;
  double origin = 0;  ///< time at which the run began, for the relative axis
  bool named = true;  ///< stands in the legend
};

/// Panels share the x range; a drag zooms, a double click shows everything again, a click in a legend hides a curve.
class CurvePlot : public ThemedPlot {
  Q_OBJECT
 public:
  explicit CurvePlot(QWidget* parent = nullptr);

  /// Adds an empty panel; returns its number.
  int addPanel(const QString& title);
  /// Adds an empty curve to a panel; returns its number.
  int addCurve(const CurveLook& look);
  /// Adds a point; drawn shortly afterwards, together with others.
  void append(int curve, double step, double time, double value);
  /// Marks the point of a curve at `step` as the best validation; a negative step removes the mark.
  void setBest(int curve, double step);
  /// A vertical line at the step of the best validation, in a panel whose curves are no validation; `like` is a curve
  /// of the run that gives time and colour. A negative step removes it.
  void setBestLine(int like, double step);
  /// Removes every panel and curve.
  void clearAll();

  /// Weight of the past in the average, 0 to 0.99.
  void setSmoothing(double beta);
  double smoothing() const { return m_smoothing; }
  void setLogY(bool on);
  bool logY() const { return m_logY; }
  void setXAxis(XAxis axis);
  XAxis xAxisKind() const { return m_x; }
  /// What y is, for the tables and screen readers.
  void setQuantity(const QString& quantity) { m_quantity = quantity; }

  int panelCount() const { return static_cast<int>(m_panels.size()); }
  int curveCount() const { return static_cast<int>(m_curves.size()); }
  const CurveData& data(int curve) const { return m_curves[static_cast<std::size_t>(curve)].data; }
  const CurveLook& look(int curve) const { return m_curves[static_cast<std::size_t>(curve)].look; }
  bool curveVisible(int curve) const;
  void setCurveVisible(int curve, bool visible);
  QCPAxisRect* panelRect(int panel) const { return m_panels[static_cast<std::size_t>(panel)].rect; }
  QCPLegend* panelLegend(int panel) const { return m_panels[static_cast<std::size_t>(panel)].legend; }
  QCPGraph* smoothGraph(int curve) const { return m_curves[static_cast<std::size_t>(curve)].smooth; }
  QCPGraph* rawGraph(int curve) const { return m_curves[static_cast<std::size_t>(curve)].raw; }

  /// The words shown beside the pointer; empty when it is not near a curve.
  QString hoverText() const;
  /// Every point of every visible curve: run, panel, curve, quantity, kind, step, time (s since the epoch), value,
  /// smoothed.
  QString csv() const;
  /// Shows everything again and follows new points.
  void resetZoom();
  bool zoomed() const { return m_zoomed; }
  /// Fits the axes and draws now instead of shortly.
  void refreshNow();

 protected:
  void applyTheme() override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  struct Panel {
    QString title;
    QCPLayoutGrid* cell = nullptr;
    QCPAxisRect* rect = nullptr;
    QCPLegend* legend = nullptr;
  };
  struct Curve {
    CurveLook look;
    CurveData data;
    QCPGraph* raw = nullptr;  ///< null for validation
    QCPGraph* smooth = nullptr;
    QCPItemTracer* best = nullptr;
    QCPItemStraightLine* bestLine = nullptr;
    double bestStep = -1;
  };

  double keyOf(const Curve& curve, std::size_t i) const;
  void refill(Curve& curve);
  void placeBest(Curve& curve);
  void dressCurve(Curve& curve);
  void arrange();
  void setupAxes(QCPAxisRect* rect);
  void fit();
  void hover(const QPoint& position);
  void hideHover();
  void scheduleRefresh();
  void linkRanges(QCPAxis* axis, const QCPRange& range);

  std::vector<Panel> m_panels;
  std::vector<Curve> m_curves;
  QCPItemTracer* m_tracer = nullptr;
  QCPItemText* m_words = nullptr;
  QTimer* m_timer = nullptr;
  QString m_quantity;
  double m_smoothing = 0.6;
  bool m_logY = false, m_zoomed = false, m_linking = false;
  XAxis m_x = XAxis::Step;
};

/// Seconds in words: "3.2 s", "4:05", "2:03:10", "3 d 04:00".
QString durationText(double seconds);

}  // namespace lorkd::plot
