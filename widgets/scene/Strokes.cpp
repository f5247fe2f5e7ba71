#include "widgets/scene/Strokes.h"

#include <vtkCellArray.h>
#include <vtkCellData.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkUnsignedCharArray.h>

#include <cmath>

namespace lorkd::scene {

Strokes::Strokes(const SliceFrame& frame, std::int64_t slice)
    : m_right(static_cast<std::size_t>(frame.right)),
      m_up(static_cast<std::size_t>(frame.up)),
      m_through(static_cast<std::size_t>(frame.through)),
      m_depth(static_cast<double>(slice) * frame.geometry.spacing[m_through]) {
  m_colors->SetNumberOfComponents(3);
}

Strokes::~Strokes() = default;

void Strokes::add(const std::array<double, 2>& from, const std::array<double, 2>& to, double width, double beyond,
                  const Rgb& color) {
  const double dx = to[0] - from[0], dy = to[1] - from[1], length = std::hypot(dx, dy);
  if (length <= 0) return;
  const double ux = dx / length, uy = dy / length, half = 0.5 * width;
  std::array<vtkIdType, 4> ids{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& end = i < 2 ? from : to;
    const double along = i < 2 ? -beyond : beyond, side = i == 0 || i == 3 ? -half : half;
    std::array<double, 3> p{};
    p[m_right] = end[0] + along * ux - side * uy;
    p[m_up] = end[1] + along * uy + side * ux;
    p[m_through] = m_depth;
    ids[i] = m_points->InsertNextPoint(p.data());
  }
  m_quads->InsertNextCell(4, ids.data());
  std::array<unsigned char, 3> rgb{};
  for (std::size_t i = 0; i < 3; ++i) rgb[i] = static_cast<unsigned char>(std::lround(255 * color[i]));
  m_colors->InsertNextTypedTuple(rgb.data());
}

void Strokes::finish(vtkPolyData* out) const {
  out->Initialize();
  out->SetPoints(m_points);
  out->SetPolys(m_quads);
  out->GetCellData()->SetScalars(m_colors);
}

}  // namespace lorkd::scene
