// The lines that tell classes of one colour apart on one slice.
#pragma once

#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkPolyData;

namespace lorkd::scene {

/// Fills `out` with the pattern of every visible class that has one: lines `width` mm wide and `step` mm apart, fixed
/// to the image; black or white upon a filling, else in the class's own colour. The labels lie on the frame's grid.
void hatchSlice(const LabelLayer& layer, const SliceFrame& frame, std::int64_t slice, double width, double step,
                vtkPolyData* out);

}  // namespace lorkd::scene
