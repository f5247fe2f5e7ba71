#include "widgets/scene/Surface.h"

#include <vtkFlyingEdges3D.h>
#include <vtkImageData.h>
#include <vtkMatrix4x4.h>
#include <vtkMatrixToLinearTransform.h>
#include <vtkPolyData.h>
#include <vtkPolyDataNormals.h>
#include <vtkTransformPolyDataFilter.h>
#include <vtkWindowedSincPolyDataFilter.h>

#include "widgets/scene/VtkImage.h"

namespace lorkd::scene {

namespace {

/// 1 where the label has the value, over its box and one voxel around, so that the surface closes at the image's edge.
vtkSmartPointer<vtkImageData> boxMask(const image::LabelMap& labels, std::uint16_t value, const LabelExtent& extent,
                                      std::int64_t step) {
  const auto& g = labels.geometry;
  std::array<std::int64_t, 3> size{};
  std::array<double, 3> spacing{}, origin{};
  for (std::size_t a = 0; a < 3; ++a) {
    size[a] = (extent.high[a] - extent.low[a]) / step + 3;
    spacing[a] = g.spacing[a] * static_cast<double>(step);
    origin[a] = static_cast<double>(extent.low[a] - step) * g.spacing[a];
  }
  auto mask = vtkSmartPointer<vtkImageData>::New();
  mask->SetDimensions(static_cast<int>(size[0]), static_cast<int>(size[1]), static_cast<int>(size[2]));
  mask->SetSpacing(spacing.data());
  mask->SetOrigin(origin.data());
  mask->AllocateScalars(VTK_UNSIGNED_CHAR, 1);
  auto* out = static_cast<std::uint8_t*>(mask->GetScalarPointer());
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i) {
        const bool inside = i > 0 && j > 0 && k > 0 && i < size[0] - 1 && j < size[1] - 1 && k < size[2] - 1;
        *out++ = inside && labels.at(extent.low[0] + (i - 1) * step, extent.low[1] + (j - 1) * step,
                                     extent.low[2] + (k - 1) * step) == value;
      }
  return mask;
}

}  // namespace

vtkSmartPointer<vtkPolyData> makeSurface(const image::LabelMap& labels, std::uint16_t value, const LabelExtent& extent,
                                         const CancelToken& cancel) {
  if (extent.voxels == 0 || cancel.cancelled()) return nullptr;
  // A surface of more voxels than a screen has pixels gains nothing; large boxes are taken every second voxel or more.
  constexpr std::int64_t limit = 12'000'000;
  std::int64_t step = 1, box = 1;
  for (std::size_t a = 0; a < 3; ++a) box *= extent.high[a] - extent.low[a] + 1;
  while (box / (step * step * step) > limit) ++step;

  vtkNew<vtkFlyingEdges3D> edges;
  edges->SetInputData(boxMask(labels, value, extent, step));
  edges->SetValue(0, 0.5);
  edges->ComputeNormalsOff();
  edges->ComputeScalarsOff();
  edges->Update();
  if (cancel.cancelled()) return nullptr;

  vtkNew<vtkWindowedSincPolyDataFilter> smooth;
  smooth->SetInputConnection(edges->GetOutputPort());
  smooth->SetNumberOfIterations(20);
  smooth->SetPassBand(0.08);
  smooth->FeatureEdgeSmoothingOff();
  smooth->BoundarySmoothingOff();
  smooth->NonManifoldSmoothingOn();
  smooth->NormalizeCoordinatesOn();
  smooth->Update();
  if (cancel.cancelled()) return nullptr;

  vtkNew<vtkMatrixToLinearTransform> toLps;
  toLps->SetInput(gridToLps(labels.geometry));
  vtkNew<vtkTransformPolyDataFilter> placed;
  placed->SetInputConnection(smooth->GetOutputPort());
  placed->SetTransform(toLps);
  vtkNew<vtkPolyDataNormals> normals;
  normals->SetInputConnection(placed->GetOutputPort());
  normals->SplittingOff();
  normals->ConsistencyOff();
  normals->Update();
  auto surface = vtkSmartPointer<vtkPolyData>::New();
  surface->ShallowCopy(normals->GetOutput());
  return surface;
}

}  // namespace lorkd::scene
