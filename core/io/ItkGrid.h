// Grids seen as ITK images and back. Inside this room only: ITK does not leave it.
#pragma once

#include <itkImage.h>
#include <itkImageIOBase.h>
#include <itkImportImageContainer.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

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

/// What the header in `io` promises, in the type that the file stores; memory for it is taken first. Throws as ITK
/// does.
inline std::vector<char> readAll(itk::ImageIOBase& io) {
  itk::ImageIORegion region(io.GetNumberOfDimensions());
  for (unsigned a = 0; a < io.GetNumberOfDimensions(); ++a) region.SetSize(a, io.GetDimensions(a));
  io.SetIORegion(region);
  std::vector<char> bytes(static_cast<std::size_t>(io.GetImageSizeInBytes()));
  io.Read(bytes.data());
  return bytes;
}

/// What an ITK exception says, without its source location and without the places of `files`, which it was about: a
/// message may go where paths may not.
inline std::string itkMessage(const itk::ExceptionObject& exception, const std::vector<std::filesystem::path>& files) {
  std::string text = exception.GetDescription();
  for (const auto& file : files)
    for (const auto& place : {file.string(), file.filename().string()})
      for (auto at = text.find(place); !place.empty() && at != std::string::npos; at = text.find(place, at + 8))
        text.replace(at, place.size(), "the file");
  std::replace(text.begin(), text.end(), '\n', ' ');
  // ITK prefixes "ITK ERROR: ClassName(0x55...): ".
  if (const auto colon = text.find("): "); text.starts_with("ITK ERROR: ") && colon != std::string::npos)
    text.erase(0, colon + 3);
  return text;
}

}  // namespace lorkd::io
