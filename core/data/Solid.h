// Closed shapes given by formulas, of which phantom patients are made.
#pragma once

#include <vector>

#include "core/image/Geometry.h"

namespace lorkd::data {

/// Directions as columns: x, then y, then z turned about the fixed axes by angles in radians.
image::Mat3 rotation(double aboutX, double aboutY, double aboutZ);

/// Points whose unit coordinates u = diag(1/half) axesᵀ (p - centre) satisfy |u|^n + |v|^n + |w|^n <= 1 (a
/// superquadric, n = 2 an ellipsoid), or with flat ends |u|^n + |v|^n <= 1 and |w| <= 1 (a superelliptic cylinder).
/// Millimetres.
struct Solid {
  image::Vec3 centre{0, 0, 0};
  image::Vec3 half{1, 1, 1};                            ///< half axes, mm
  image::Mat3 axes{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  ///< columns are the shape's own axes
  int power = 2;                                        ///< n, 2 to 4
  bool flatEnds = false;

  bool contains(const image::Vec3& point) const;
  /// mm³, exact: 8abc Γ(1+1/n)³/Γ(1+3/n), with flat ends 8abc Γ(1+1/n)²/Γ(1+2/n).
  double volume() const;
};

/// True if unit coordinates lie inside the shape.
template <class T>
bool insideUnit(T u, T v, T w, int power, bool flatEnds) {
  u = u < 0 ? -u : u;
  v = v < 0 ? -v : v;
  w = w < 0 ? -w : w;
  T a = u * u, b = v * v, c = w * w;
  if (power == 3) a *= u, b *= v, c *= w;
  if (power == 4) a *= a, b *= b, c *= c;
  return flatEnds ? w <= 1 && a + b <= 1 : a + b + c <= 1;
}

/// A tube of round section through points: a cylinder for each step and a ball at each joint (so that none gapes).
std::vector<Solid> tube(const std::vector<image::Vec3>& points, double radius);

}  // namespace lorkd::data
