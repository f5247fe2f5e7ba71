// The course of one pair's cosine: single measurements, running mean with a band, zero line, and the conflict fraction.
#pragma once

#include <QStringList>
#include <vector>

#include "core/run/Conflict.h"
#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// Above, the chosen pair over all others (faint); below, the share of pairs in conflict.
class ConflictHistory : public ThemedPlot {
  Q_OBJECT
 public:
  explicit ConflictHistory(QWidget* parent = nullptr);

  /// Shows the pair (i, j) of `layer` (-1: sum over layers), averaged over `window` measurements.
  void showPair(const std::vector<run::ConflictMeasurement>& all, const QStringList& tasks, int layer, int i, int j,
                std::size_t window);
  /// What is shown, for tests and screen readers.
  QString caption() const;
  QCPGraph* pairMean() const { return m_mean; }
  QCPGraph* measurements() const { return m_points; }
  QCPGraph* fraction() const { return m_fraction; }

 protected:
  void applyTheme() override;

 private:
  QCPAxisRect *m_upper, *m_lower;
  QCPTextElement *m_title, *m_lowerTitle;
  QCPGraph *m_low, *m_high, *m_points, *m_mean, *m_fraction;
  std::vector<QCPGraph*> m_others;
  QCPItemStraightLine* m_zero;
};

}  // namespace lorkd::plot
