#include "widgets/scene/SliceOutline.h"

#include "widgets/scene/Strokes.h"

namespace lorkd::scene {

void outlineSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, double width, bool casing,
                  vtkPolyData* out) {
  std::vector<const LabelClass*> drawn;
  for (const auto& c : layer.classes) {
    if (!c.visible) continue;
    if (drawn.size() <= c.value) drawn.resize(std::size_t(c.value) + 1, nullptr);
    drawn[c.value] = &c;
  }

  const auto& g = frame.geometry;
  const std::array<std::int64_t, 3> strides{1, g.size[0], g.size[0] * g.size[1]};
  const auto r = static_cast<std::size_t>(frame.right), u = static_cast<std::size_t>(frame.up),
             t = static_cast<std::size_t>(frame.through);
  const auto columns = g.size[r], rows = g.size[u];
  const auto* base = layer.labels->voxels.data() + slice * strides[t];
  const auto value = [&](std::int64_t x, std::int64_t y) -> std::uint16_t {
    return x < 0 || y < 0 || x >= columns || y >= rows ? 0 : base[x * strides[r] + y * strides[u]];
  };
  Strokes strokes(frame, slice);
  const auto corner = [&](std::int64_t x, std::int64_t y) -> std::array<double, 2> {
    return {(static_cast<double>(x) - 0.5) * g.spacing[r], (static_cast<double>(y) - 0.5) * g.spacing[u]};
  };
  const auto edge = [&](const LabelClass& c, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
    strokes.add(corner(x0, y0), corner(x1, y1), width, 0.5 * width, casing ? Rgb{1, 1, 1} : c.color);
  };

  for (std::int64_t y = 0; y < rows; ++y)
    for (std::int64_t x = 0; x < columns; ++x) {
      const auto here = base[x * strides[r] + y * strides[u]];
      if (here >= drawn.size() || !drawn[here]) continue;
      const auto& c = *drawn[here];
      if (value(x - 1, y) != here) edge(c, x, y, x, y + 1);
      if (value(x + 1, y) != here) edge(c, x + 1, y, x + 1, y + 1);
      if (value(x, y - 1) != here) edge(c, x, y, x + 1, y);
      if (value(x, y + 1) != here) edge(c, x, y + 1, x + 1, y + 1);
    }
  strokes.finish(out);
}

}  // namespace lorkd::scene
