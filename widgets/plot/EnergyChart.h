// Energy of each task's update that a rank keeps: what truncating or training with less rank would cost.
#pragma once

#include <vector>

#include "widgets/plot/PlotKey.h"

namespace lorkd::plot {

/// One task: share of the energy kept at rank 1, 2, ... up to today's.
struct EnergyCurve {
  QString task;
  QColor color;
  std::vector<double> kept;
  int advised = 0;  ///< marked by a large dot; 0: none
};

class EnergyChart : public ThemedPlot {
  Q_OBJECT
 public:
  explicit EnergyChart(QWidget* parent = nullptr);
  void setCurves(const std::vector<EnergyCurve>& curves);
  int curves() const { return static_cast<int>(m_curves.size()); }
  /// Share in percent at a rank, as drawn.
  double drawn(int curve, int rank) const;
  /// Rank of the large dot; 0 if there is none.
  int marked(int curve) const;
  const PlotKey* key() const { return m_key; }

 protected:
  void applyTheme() override;

 private:
  struct Drawn {
    EnergyCurve curve;
    QCPGraph *line, *mark;
  };
  std::vector<Drawn> m_curves;
  PlotKey* m_key;
};

}  // namespace lorkd::plot
