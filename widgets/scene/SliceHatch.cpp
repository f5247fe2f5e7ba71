#include "widgets/scene/SliceHatch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string_view>

#include "core/run/Looks.h"
#include "widgets/scene/Strokes.h"

namespace lorkd::scene {

namespace {

/// Plane coordinates of one direction: along its lines and across them.
struct Course {
  int line;  ///< of plan::Hatch
  std::array<double, 2> along, across;
};

constexpr double slant = 1 / std::numbers::sqrt2;
constexpr std::array<Course, 4> courses{{{plan::Rising, {slant, slant}, {-slant, slant}},
                                         {plan::Falling, {slant, -slant}, {slant, slant}},
                                         {plan::Level, {1, 0}, {0, 1}},
                                         {plan::Upright, {0, 1}, {1, 0}}}};

Rgb inkOf(const LabelClass& c, bool filled) {
  if (!filled) return c.color;
  char hex[8];
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(std::lround(255 * c.color[i])) & 0xFF; };
  std::snprintf(hex, sizeof hex, "#%02X%02X%02X", byte(0), byte(1), byte(2));
  return plan::inkOn(hex) == std::string_view("#000000") ? Rgb{0, 0, 0} : Rgb{1, 1, 1};
}

}  // namespace

void hatchSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, double width, double step,
                vtkPolyData* out) {
  std::vector<const LabelClass*> hatched;
  for (const auto& c : layer.classes) {
    if (!c.visible || c.pattern == 0) continue;
    if (hatched.size() <= c.value) hatched.resize(std::size_t(c.value) + 1, nullptr);
    hatched[c.value] = &c;
  }

  const auto& g = frame.geometry;
  const std::array<std::int64_t, 3> strides{1, g.size[0], g.size[0] * g.size[1]};
  const auto r = static_cast<std::size_t>(frame.right), u = static_cast<std::size_t>(frame.up),
             t = static_cast<std::size_t>(frame.through);
  const auto* base = layer.labels->voxels.data() + slice * strides[t];
  const auto classAt = [&](double x, double y) -> const LabelClass* {
    const auto i = std::llround(frame.rightSign * x / g.spacing[r]), j = std::llround(frame.upSign * y / g.spacing[u]);
    if (i < 0 || j < 0 || i >= g.size[r] || j >= g.size[u]) return nullptr;
    const auto value = base[i * strides[r] + j * strides[u]];
    return value < hatched.size() ? hatched[value] : nullptr;
  };
  Strokes strokes(frame, slice);
  const auto point = [&](const Course& course, double along, double across) -> std::array<double, 2> {
    return {frame.rightSign * (along * course.along[0] + across * course.across[0]),
            frame.upSign * (along * course.along[1] + across * course.across[1])};
  };
  const auto draw = [&](const Course& course, const LabelClass& c, double from, double to, double across) {
    strokes.add(point(course, from, across), point(course, to, across), width, 0, inkOf(c, layer.opacity > 0));
  };

  const auto [left, right, bottom, top] = frame.bounds();
  const double stride = 0.5 * std::min(g.spacing[r], g.spacing[u]);
  step = std::max(step, stride);  // finer ones are not seen apart in what is that near
  for (const auto& course : courses) {
    if (std::ranges::none_of(hatched, [&](const auto* c) { return c && c->pattern & course.line; })) continue;
    double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
    for (const double x : {left, right})
      for (const double y : {bottom, top}) {
        const double at[2] = {x * course.along[0] + y * course.along[1], x * course.across[0] + y * course.across[1]};
        for (int a = 0; a < 2; ++a) low[a] = std::min(low[a], at[a]), high[a] = std::max(high[a], at[a]);
      }
    for (double across = std::ceil(low[1] / step) * step; across <= high[1]; across += step) {
      const LabelClass* inside = nullptr;
      double from = 0;
      for (double along = low[0]; along <= high[0] + stride; along += stride) {
        const auto* here = classAt(along * course.along[0] + across * course.across[0],
                                   along * course.along[1] + across * course.across[1]);
        if (here && !(here->pattern & course.line)) here = nullptr;
        if (here == inside) continue;
        if (inside) draw(course, *inside, from, along - 0.5 * stride, across);
        from = along - 0.5 * stride;
        inside = here;
      }
    }
  }
  strokes.finish(out);
}

}  // namespace lorkd::scene
