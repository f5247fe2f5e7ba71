// The border of labels on one slice, along voxel edges.
#pragma once

#include <vtkSmartPointer.h>

#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkPolyData;

namespace lorkd::scene {

/// Fills `out` with lines `width` mm wide wherever a visible class meets something else, in the classes' colours or, as
/// their casing, in white. The labels lie on the frame's grid.
void outlineSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, double width, bool casing,
                  vtkPolyData* out);

}  // namespace lorkd::scene
