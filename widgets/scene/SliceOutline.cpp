#include "widgets/scene/SliceOutline.h"

#include <vtkCellArray.h>
#include <vtkCellData.h>
#include <vtkFloatArray.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkUnsignedCharArray.h>

#include <cmath>

namespace lorkd::scene {

void outlineSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, vtkPolyData* out) {
  vtkNew<vtkPoints> points;
  vtkNew<vtkCellArray> lines;
  vtkNew<vtkUnsignedCharArray> colors;
  colors->SetNumberOfComponents(3);

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
  const auto width = g.size[r], height = g.size[u];
  const auto* base = layer.labels->voxels.data() + slice * strides[t];
  const auto value = [&](std::int64_t x, std::int64_t y) -> std::uint16_t {
    return x < 0 || y < 0 || x >= width || y >= height ? 0 : base[x * strides[r] + y * strides[u]];
  };
  const auto corner = [&](std::int64_t x, std::int64_t y) {
    std::array<double, 3> p{};
    p[r] = (x - 0.5) * g.spacing[r];
    p[u] = (y - 0.5) * g.spacing[u];
    p[t] = slice * g.spacing[t];
    return points->InsertNextPoint(p.data());
  };
  const auto edge = [&](const LabelClass& c, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
    const std::array<vtkIdType, 2> ids{corner(x0, y0), corner(x1, y1)};
    lines->InsertNextCell(2, ids.data());
    std::array<unsigned char, 3> rgb{};
    for (std::size_t i = 0; i < 3; ++i) rgb[i] = static_cast<unsigned char>(std::lround(255 * c.color[i]));
    colors->InsertNextTypedTuple(rgb.data());
  };

  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const auto here = base[x * strides[r] + y * strides[u]];
      if (here >= drawn.size() || !drawn[here]) continue;
      const auto& c = *drawn[here];
      if (value(x - 1, y) != here) edge(c, x, y, x, y + 1);
      if (value(x + 1, y) != here) edge(c, x + 1, y, x + 1, y + 1);
      if (value(x, y - 1) != here) edge(c, x, y, x + 1, y);
      if (value(x, y + 1) != here) edge(c, x, y + 1, x + 1, y + 1);
    }
  out->Initialize();
  out->SetPoints(points);
  out->SetLines(lines);
  out->GetCellData()->SetScalars(colors);
}

}  // namespace lorkd::scene
