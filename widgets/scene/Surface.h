// Surfaces of label classes.
#pragma once

#include <vtkSmartPointer.h>

#include "core/base/Progress.h"
#include "widgets/scene/LabelLayer.h"

class vtkPolyData;

namespace lorkd::scene {

/// The smoothed surface of one label value, LPS mm, with normals; null when the value is absent or `cancel` was asked.
/// Touches nothing shared: made to run on a worker thread.
vtkSmartPointer<vtkPolyData> makeSurface(const image::LabelMap& labels, std::uint16_t value, const LabelExtent& extent,
                                         const CancelToken& cancel);

}  // namespace lorkd::scene
