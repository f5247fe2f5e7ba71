// Ticks of an axis of steps: whole numbers only, however near one looks.
#pragma once

#include <algorithm>

#include "widgets/plot/CustomPlot.h"

namespace lorkd::plot {

class StepTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override { return std::max(1.0, QCPAxisTicker::getTickStep(range)); }
  int getSubTickCount(double step) override { return step > 1 ? QCPAxisTicker::getSubTickCount(step) : 0; }
};

}  // namespace lorkd::plot
