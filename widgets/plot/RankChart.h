// Parameters that each task's expert adds, as bars: what a rank costs.
#pragma once

#include <cstdint>
#include <vector>

#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// One task's factors.
struct RankBar {
  QString task;
  QColor color;
  int rank = 0;
  std::int64_t parameters = 0;  ///< in the factors of all adapted layers
};

class RankChart : public ThemedPlot {
  Q_OBJECT
 public:
  explicit RankChart(QWidget* parent = nullptr);
  /// `backbone` (0: not shown): parameters of the shared network, for the percentages.
  void setBars(const std::vector<RankBar>& bars, std::int64_t backbone = 0);
  /// The words beside a bar: "43,308 (r = 4, 3.5 %)".
  QString label(int bar) const { return m_labels[static_cast<std::size_t>(bar)]->text(); }
  double barLength(int bar) const;

 protected:
  void applyTheme() override;

 private:
  std::vector<RankBar> m_bars;
  std::vector<QCPBars*> m_drawn;
  std::vector<QCPItemText*> m_labels;
  QCPTextElement* m_title;
};

}  // namespace lorkd::plot
