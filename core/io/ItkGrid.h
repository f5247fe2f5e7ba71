// Grids seen as ITK images and back. Inside this room only: ITK does not leave it.
#pragma once

#include <itkImage.h>
#include <itkImportImageContainer.h>

#include <algorithm>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// Gives an ITK image (or image IO region holder) the grid of `geometry`.
template <class Image>
void setItkGrid(Image& image, const image::Geometry& geometry) {
  typename Image::RegionType region;
  typename Image::PointType origin;
  typename Image::SpacingType spacing;
  typename Image::DirectionType direction;
  for (unsigned a = 0; a < 3; ++a) {
    region.SetSize(a, static_cast<itk::SizeValueType>(geometry.size[a]));
    origin[a] = geometry.origin[a];
    spacing[a] = geometry.spacing[a];
    for (unsigned b = 0; b < 3; ++b) direction[a][b] = geometry.direction[a][b];
  }
  image.SetRegions(region);
  image.SetOrigin(origin);
  image.SetSpacing(spacing);
  image.SetDirection(direction);
}

/// The grid of an ITK image.
template <class Image>
image::Geometry itkGrid(const Image& image) {
  image::Geometry geometry;
  const auto size = image.GetLargestPossibleRegion().GetSize();
  for (unsigned a = 0; a < 3; ++a) {
    geometry.size[a] = static_cast<std::int64_t>(size[a]);
    geometry.origin[a] = image.GetOrigin()[a];
    geometry.spacing[a] = image.GetSpacing()[a];
    for (unsigned b = 0; b < 3; ++b) geometry.direction[a][b] = image.GetDirection()[a][b];
  }
  return geometry;
}

/// An ITK image over the voxels of `grid`, not copied: `grid` must outlive it, and nobody writes through it.
template <class T>
typename itk::Image<T, 3>::Pointer viewAsItk(const image::Grid<T>& grid) {
  using Image = itk::Image<T, 3>;
  auto container = itk::ImportImageContainer<itk::SizeValueType, T>::New();
  container->SetImportPointer(const_cast<T*>(grid.voxels.data()), grid.voxels.size(), false);
  auto image = Image::New();
  setItkGrid(*image, grid.geometry);
  image->SetPixelContainer(container);
  return image;
}

/// Copies the voxels of an ITK image of grid order.
template <class T, class Image>
void copyFromItk(const Image& image, std::vector<T>& voxels) {
  const auto count = image.GetLargestPossibleRegion().GetNumberOfPixels();
  voxels.assign(image.GetBufferPointer(), image.GetBufferPointer() + count);
}

/// What an ITK exception says, without its source location.
inline std::string itkMessage(const itk::ExceptionObject& exception) {
  std::string text = exception.GetDescription();
  std::replace(text.begin(), text.end(), '\n', ' ');
  // ITK prefixes "ITK ERROR: ClassName(0x55...): ".
  if (const auto colon = text.find("): "); text.starts_with("ITK ERROR: ") && colon != std::string::npos)
    text.erase(0, colon + 3);
  return text;
}

}  // namespace lorkd::io
