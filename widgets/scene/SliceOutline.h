// The border of labels on one slice, along voxel edges.
#pragma once

#include <vtkSmartPointer.h>

#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkPolyData;

namespace lorkd::scene {

/// Fills `out` with coloured line segments (grid millimetres, at the slice's own depth) wherever a visible class meets
/// something else. The labels lie on the frame's grid.
void outlineSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, vtkPolyData* out);

}  // namespace lorkd::scene
