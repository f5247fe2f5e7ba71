#include "core/data/Solid.h"

#include <cmath>

namespace lorkd::data {

using image::Mat3;
using image::Vec3;

Mat3 rotation(double aboutX, double aboutY, double aboutZ) {
  const double cx = std::cos(aboutX), sx = std::sin(aboutX), cy = std::cos(aboutY), sy = std::sin(aboutY);
  const double cz = std::cos(aboutZ), sz = std::sin(aboutZ);
  return {{{cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx},
           {sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx},
           {-sy, cy * sx, cy * cx}}};
}

bool Solid::contains(const Vec3& point) const {
  Vec3 unit{};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t row = 0; row < 3; ++row) unit[a] += axes[row][a] * (point[row] - centre[row]);
    unit[a] /= half[a];
  }
  return insideUnit(unit[0], unit[1], unit[2], power, flatEnds);
}

double Solid::volume() const {
  const double box = 8 * half[0] * half[1] * half[2], n = power;
  if (flatEnds) return box * std::pow(std::tgamma(1 + 1 / n), 2) / std::tgamma(1 + 2 / n);
  return box * std::pow(std::tgamma(1 + 1 / n), 3) / std::tgamma(1 + 3 / n);
}

std::vector<Solid> tube(const std::vector<Vec3>& points, double radius) {
  std::vector<Solid> out;
  for (std::size_t n = 0; n < points.size(); ++n) {
    out.push_back({points[n], {radius, radius, radius}});
    if (n == 0) continue;
    const Vec3 &a = points[n - 1], &b = points[n];
    const Vec3 step{b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    const double length = std::hypot(step[0], step[1], step[2]);
    Solid section{{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2}, {radius, radius, length / 2}};
    section.flatEnds = true;
    // The z axis turned about y, then about z, onto the step.
    section.axes = rotation(0, std::acos(step[2] / length), std::atan2(step[1], step[0]));
    out.push_back(section);
  }
  return out;
}

}  // namespace lorkd::data
