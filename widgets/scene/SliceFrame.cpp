#include "widgets/scene/SliceFrame.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lorkd::scene {

namespace {

/// The index axis that serves each of L, P, S: the assignment with the largest total alignment, so that no axis
/// serves twice even at 45 degrees.
std::array<int, 3> nearestAxes(const image::Mat3& direction) {
  std::array<int, 3> order{0, 1, 2}, best = order;
  double bestSum = -1;
  do {
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) sum += std::abs(direction[a][static_cast<std::size_t>(order[a])]);
    if (sum > bestSum + 1e-9) {
      bestSum = sum;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

image::Vec3 column(const image::Mat3& m, int axis, double sign) {
  const auto c = static_cast<std::size_t>(axis);
  return {sign * m[0][c], sign * m[1][c], sign * m[2][c]};
}

}  // namespace

SliceFrame SliceFrame::of(const image::Geometry& geometry, Plane plane) {
  const auto axes = nearestAxes(geometry.direction);
  const auto sign = [&](std::size_t anatomical) {
    return geometry.direction[anatomical][static_cast<std::size_t>(axes[anatomical])] < 0 ? -1 : 1;
  };
  SliceFrame frame;
  frame.geometry = geometry;
  const std::size_t right = plane == Plane::Sagittal ? 1 : 0;
  const std::size_t up = plane == Plane::Axial ? 1 : 2;
  const std::size_t through = 3 - right - up;
  frame.right = axes[right];
  frame.up = axes[up];
  frame.through = axes[through];
  frame.rightSign = sign(right);
  frame.upSign = plane == Plane::Axial ? -sign(up) : sign(up);  // LPS counts to the back; anterior is up
  frame.throughSign = sign(through);
  return frame;
}

std::int64_t SliceFrame::sliceOf(const image::Vec3& lps) const {
  const double index = geometry.lpsToIndex(lps)[static_cast<std::size_t>(through)];
  return std::clamp<std::int64_t>(std::llround(index), 0, std::max<std::int64_t>(slices() - 1, 0));
}

std::array<double, 2> SliceFrame::toPlane(const image::Vec3& lps) const {
  const auto index = geometry.lpsToIndex(lps);
  const auto r = static_cast<std::size_t>(right), u = static_cast<std::size_t>(up);
  return {rightSign * index[r] * geometry.spacing[r], upSign * index[u] * geometry.spacing[u]};
}

image::Vec3 SliceFrame::toLps(const std::array<double, 2>& plane, std::int64_t slice) const {
  const auto r = static_cast<std::size_t>(right), u = static_cast<std::size_t>(up);
  image::Vec3 index{};
  index[r] = rightSign * plane[0] / geometry.spacing[r];
  index[u] = upSign * plane[1] / geometry.spacing[u];
  index[static_cast<std::size_t>(through)] = static_cast<double>(slice);
  return geometry.indexToLps(index);
}

image::Vec3 SliceFrame::onSlice(const image::Vec3& lps, std::int64_t slice) const {
  auto index = geometry.lpsToIndex(lps);
  index[static_cast<std::size_t>(through)] = static_cast<double>(slice);
  return geometry.indexToLps(index);
}

std::array<double, 4> SliceFrame::bounds() const {
  const auto range = [&](int axis, int sign) {
    const auto a = static_cast<std::size_t>(axis);
    const double low = -0.5 * geometry.spacing[a], high = (geometry.size[a] - 0.5) * geometry.spacing[a];
    return sign > 0 ? std::pair{low, high} : std::pair{-high, -low};
  };
  const auto [left, rightEdge] = range(right, rightSign);
  const auto [bottom, top] = range(up, upSign);
  return {left, rightEdge, bottom, top};
}

std::array<std::string, 4> SliceFrame::letters() const {
  return {directionLetters(column(geometry.direction, right, -rightSign)),
          directionLetters(column(geometry.direction, right, rightSign)),
          directionLetters(column(geometry.direction, up, -upSign)),
          directionLetters(column(geometry.direction, up, upSign))};
}

std::string directionLetters(const image::Vec3& lps, double share) {
  const double length = std::hypot(lps[0], lps[1], lps[2]);
  std::array<std::size_t, 3> order{0, 1, 2};
  std::ranges::stable_sort(order, [&](auto a, auto b) { return std::abs(lps[a]) > std::abs(lps[b]); });
  std::string letters;
  for (const auto axis : order)
    if (std::abs(lps[axis]) > share * length) letters += lps[axis] < 0 ? "RAI"[axis] : "LPS"[axis];
  return letters;
}

}  // namespace lorkd::scene
