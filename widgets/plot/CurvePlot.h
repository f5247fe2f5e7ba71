// Curves in one or several panels: smoothed line over its faint raw line, hover, zoom, a key that hides, best mark.
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "widgets/plot/Curve.h"
#include "widgets/plot/PlotKey.h"
#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// What runs along x: optimiser steps, seconds since the run began, or the clock.
enum class XAxis { Step, Relative, Wall };

/// Who a curve is and how it looks. Training curves are lines, smoothed over their raw values; validation curves carry
/// a circle at each validation and are never smoothed: the style tells them apart, not the colour. Dashes tell runs
/// apart.
struct CurveLook {
  int panel = 0;
  QString run;   ///< name of the run
  QString name;  ///< name of the curve within the run
  QColor color;
  bool validation = false;
  double origin = 0;  ///< time at which the run began, for the relative axis
  int dash = 0;       ///< number of the run: 0 is solid (see runPen)
  bool raw = true;    ///< the raw values of a training curve lie faintly behind it
};

/// Panels share the x range and, unless freed, one y range for each quantity; a drag zooms, a double click shows
/// everything again, a click in the key hides curves. A panel without values has no axes, but words.
class CurvePlot : public ThemedPlot {
  Q_OBJECT
 public:
  explicit CurvePlot(QWidget* parent = nullptr);

  /// Adds an empty panel; returns its number. `quantity` stands along y, with its unit; panels of one quantity share
  /// their y range, which is `whole` where the quantity has natural ends.
  int addPanel(const QString& title, const QString& quantity = {}, std::optional<QCPRange> whole = {});
  /// Adds an empty curve to a panel; returns its number.
  int addCurve(const CurveLook& look);
  /// Adds a point; drawn shortly afterwards, together with others.
  void append(int curve, double step, double time, double value);
  /// Marks the point of a curve at `step` as the best validation; a negative step removes the mark.
  void setBest(int curve, double step);
  /// A vertical line at the step of the best validation, in a panel whose curves are no validation; `like` is a curve
  /// of the run that gives time and colour. A negative step removes it.
  void setBestLine(int like, double step);
  /// The key below the panels; a click on a name hides its curves.
  void setKey(std::vector<KeyEntry> entries);
  /// Removes every panel and curve, and the key.
  void clearAll();

  /// Weight of the past in the average, 0 to 0.99.
  void setSmoothing(double beta);
  double smoothing() const { return m_smoothing; }
  void setLogY(bool on);
  bool logY() const { return m_logY; }
  void setXAxis(XAxis axis);
  XAxis xAxisKind() const { return m_x; }
  /// One y range for all panels of a quantity, or one for each panel.
  void setSharedY(bool on);
  bool sharedY() const { return m_sharedY; }
  /// What is said while there is no value at all.
  void setEmptyWords(const QString& words);
  /// What y is, for the tables and screen readers.
  void setQuantity(const QString& quantity) { m_quantity = quantity; }

  int panelCount() const { return static_cast<int>(m_panels.size()); }
  int curveCount() const { return static_cast<int>(m_curves.size()); }
  const CurveData& data(int curve) const { return m_curves[static_cast<std::size_t>(curve)].data; }
  const CurveLook& look(int curve) const { return m_curves[static_cast<std::size_t>(curve)].look; }
  bool curveVisible(int curve) const;
  QCPAxisRect* panelRect(int panel) const { return m_panels[static_cast<std::size_t>(panel)].rect; }
  /// What a panel without values says; empty if it has some.
  QString panelWords(int panel) const;
  /// The key, or null if nothing is named there.
  const PlotKey* key() const { return m_key; }
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
    QString title, quantity;
    std::optional<QCPRange> whole;
    QCPLayoutGrid* cell = nullptr;
    QCPAxisRect* rect = nullptr;
    QCPItemText* words = nullptr;
  };
  struct Curve {
    CurveLook look;
    CurveData data;
    QCPGraph* raw = nullptr;  ///< null if it is not shown
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
  void titleAxes();
  void setupAxes(QCPAxisRect* rect);
  void fit();
  void fitX();
  void fitY();
  std::optional<QCPRange> valuesOf(int panel) const;
  void showEmptiness();
  void hideEntry(int entry, bool hidden);
  void hover(const QPoint& position);
  void hideHover();
  void scheduleRefresh();
  void linkX(QCPAxis* axis, const QCPRange& range);
  void linkY(QCPAxis* axis, const QCPRange& range);

  std::vector<Panel> m_panels;
  std::vector<Curve> m_curves;
  QCPLayoutGrid* m_grid = nullptr;
  std::vector<QCPMarginGroup*> m_margins;
  PlotKey* m_key = nullptr;
  QCPItemTracer* m_tracer = nullptr;
  QCPItemText* m_words = nullptr;
  QTimer* m_timer = nullptr;
  QString m_quantity, m_emptyWords;
  double m_smoothing = 0.6;
  bool m_logY = false, m_sharedY = true, m_zoomed = false, m_linking = false;
  XAxis m_x = XAxis::Step;
};

/// Seconds in words: "3.2 s", "4:05", "2:03:10", "3 d 04:00".
QString durationText(double seconds);

}  // namespace lorkd::plot
