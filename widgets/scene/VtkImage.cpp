#include "widgets/scene/VtkImage.h"

#include <vtkFloatArray.h>
#include <vtkImageData.h>
#include <vtkMatrix4x4.h>
#include <vtkPointData.h>
#include <vtkUnsignedShortArray.h>

#include <algorithm>

namespace lorkd::scene {

namespace {

template <class Array, class T>
vtkSmartPointer<vtkImageData> share(const image::Grid<T>& grid) {
  const auto& g = grid.geometry;
  vtkNew<Array> array;
  // VTK has no read-only arrays; nothing downstream of these images writes into its input.
  array->SetArray(const_cast<T*>(grid.voxels.data()), static_cast<vtkIdType>(grid.voxels.size()), 1);
  auto image = vtkSmartPointer<vtkImageData>::New();
  image->SetDimensions(static_cast<int>(g.size[0]), static_cast<int>(g.size[1]), static_cast<int>(g.size[2]));
  image->SetSpacing(g.spacing.data());
  image->GetPointData()->SetScalars(array);
  return image;
}

}  // namespace

vtkSmartPointer<vtkImageData> wrap(const image::Volume& volume) { return share<vtkFloatArray>(volume); }
vtkSmartPointer<vtkImageData> wrap(const image::LabelMap& labels) { return share<vtkUnsignedShortArray>(labels); }

vtkSmartPointer<vtkMatrix4x4> gridToLps(const image::Geometry& geometry) {
  auto matrix = vtkSmartPointer<vtkMatrix4x4>::New();
  for (int row = 0; row < 3; ++row) {
    const auto r = static_cast<std::size_t>(row);
    for (int c = 0; c < 3; ++c) matrix->SetElement(row, c, geometry.direction[r][static_cast<std::size_t>(c)]);
    matrix->SetElement(row, 3, geometry.origin[r]);
  }
  return matrix;
}

vtkSmartPointer<vtkImageData> reduced(const image::Volume& volume, std::int64_t limit) {
  const auto& g = volume.geometry;
  std::array<std::int64_t, 3> step{}, size{};
  for (std::size_t a = 0; a < 3; ++a) {
    step[a] = std::max<std::int64_t>(1, (g.size[a] + limit - 1) / limit);
    size[a] = g.size[a] / step[a];  // an incomplete last block is dropped: it is thinner than a rendered voxel
  }
  auto image = vtkSmartPointer<vtkImageData>::New();
  image->SetDimensions(static_cast<int>(size[0]), static_cast<int>(size[1]), static_cast<int>(size[2]));
  image->SetSpacing(g.spacing[0] * step[0], g.spacing[1] * step[1], g.spacing[2] * step[2]);
  image->SetOrigin(g.spacing[0] * 0.5 * (step[0] - 1), g.spacing[1] * 0.5 * (step[1] - 1),
                   g.spacing[2] * 0.5 * (step[2] - 1));
  image->AllocateScalars(VTK_FLOAT, 1);
  auto* out = static_cast<float*>(image->GetScalarPointer());
  const float share = 1.0F / static_cast<float>(step[0] * step[1] * step[2]);
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i) {
        float sum = 0;
        for (std::int64_t z = 0; z < step[2]; ++z)
          for (std::int64_t y = 0; y < step[1]; ++y) {
            const float* row =
                &volume.voxels[static_cast<std::size_t>(g.offset(i * step[0], j * step[1] + y, k * step[2] + z))];
            for (std::int64_t x = 0; x < step[0]; ++x) sum += row[x];
          }
        *out++ = sum * share;
      }
  return image;
}

}  // namespace lorkd::scene
