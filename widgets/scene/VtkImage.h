// The project's images as VTK sees them.
#pragma once

#include <vtkSmartPointer.h>

#include <memory>

#include "core/image/Volume.h"

class vtkImageData;
class vtkMatrix4x4;

namespace lorkd::scene {

/// VTK images that share the voxels (no copy); the caller keeps the source alive while they are used. Their space is
/// "grid millimetres": index times spacing, origin 0, no direction. Slices are drawn there; 3D uses gridToLps().
vtkSmartPointer<vtkImageData> wrap(const image::Volume& volume);
vtkSmartPointer<vtkImageData> wrap(const image::LabelMap& labels);

/// Grid millimetres to LPS: direction and origin of the grid.
vtkSmartPointer<vtkMatrix4x4> gridToLps(const image::Geometry& geometry);

/// A copy of at most `limit` voxels along each axis (block means) for volume rendering, in grid millimetres of
/// `volume`.
vtkSmartPointer<vtkImageData> reduced(const image::Volume& volume, std::int64_t limit);

}  // namespace lorkd::scene
