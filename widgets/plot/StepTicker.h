// Ticks of an axis of steps: whole numbers only, however near one looks.
#pragma once

#include <algorithm>
#include <cmath>

#include "widgets/plot/CustomPlot.h"

namespace lorkd::plot {

class StepTicker : public QCPAxisTicker {
 protected:
  // Of the steps that read well only 2.5, besides those below 1, is no whole number.
  double getTickStep(const QCPRange& range) override {
    return std::max(1.0, std::floor(QCPAxisTicker::getTickStep(range)));
  }
  int getSubTickCount(double step) override {
    const int count = QCPAxisTicker::getSubTickCount(step);
    return std::fmod(step, count + 1) == 0 ? count : std::fmod(step, 2) == 0 ? 1 : 0;
  }
};

}  // namespace lorkd::plot
