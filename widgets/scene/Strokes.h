// Lines of a width on one slice, as polygons: hardware draws lines one pixel wide where the context is a core one.
#pragma once

#include <vtkNew.h>

#include <array>
#include <cstdint>

#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkCellArray;
class vtkPoints;
class vtkPolyData;
class vtkUnsignedCharArray;

namespace lorkd::scene {

/// Gathers lines; positions and widths are grid millimetres along the axes that the frame shows to the right and up.
class Strokes {
 public:
  Strokes(const SliceFrame& frame, std::int64_t slice);
  ~Strokes();
  /// `beyond` lengthens both ends, so that lines that meet at a corner fill it.
  void add(const std::array<double, 2>& from, const std::array<double, 2>& to, double width, double beyond,
           const Rgb& color);
  /// Puts all into `out`, at the slice's own depth.
  void finish(vtkPolyData* out) const;

 private:
  std::size_t m_right, m_up, m_through;
  double m_depth;
  vtkNew<vtkPoints> m_points;
  vtkNew<vtkCellArray> m_quads;
  vtkNew<vtkUnsignedCharArray> m_colors;
};

}  // namespace lorkd::scene
