// One curve's numbers: what was measured, and its smoothed course. Knows no Qt.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace lorkd::plot {

/// Debiased exponential average: s <- beta s + (1 - beta) x, shown as s / (1 - beta^n) (Adam's correction, arXiv
/// 1412.6980), so that the first values are not pulled to zero. beta 0 gives the values themselves.
class Average {
 public:
  explicit Average(double beta = 0.6) : m_beta(beta) {}
  /// The average after `value`; a value that is not finite leaves it as it was (not-a-number before the first one).
  double add(double value) {
    if (std::isfinite(value)) {
      m_sum = m_beta * m_sum + (1 - m_beta) * value;
      m_bias *= m_beta;
    }
    return m_bias < 1 ? m_sum / (1 - m_bias) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  double m_beta, m_sum = 0, m_bias = 1;
};

/// Values over steps and times, with their running average. The vectors are equally long.
struct CurveData {
  std::vector<double> step, time, value, smooth;

  void append(double atStep, double atTime, double v) {
    step.push_back(atStep);
    time.push_back(atTime);
    value.push_back(v);
    smooth.push_back(m_average.add(v));
  }
  /// Computes `smooth` anew.
  void setSmoothing(double beta) {
    m_average = Average(beta);
    for (std::size_t i = 0; i < value.size(); ++i) smooth[i] = m_average.add(value[i]);
  }
  std::size_t size() const { return step.size(); }

 private:
  Average m_average{0};
};

}  // namespace lorkd::plot
