#include "core/io/Resample.h"

#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkRecursiveGaussianImageFilter.h>
#include <itkResampleImageFilter.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "core/io/ItkGrid.h"

namespace lorkd::io {
namespace {

using FloatImage = itk::Image<float, 3>;

// Extent in mm of a target voxel along axis `a` of the source.
double targetExtent(const image::Geometry& source, const image::Geometry& target, std::size_t a) {
  double extent = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    double cosine = 0;
    for (std::size_t r = 0; r < 3; ++r) cosine += source.direction[r][a] * target.direction[r][b];
    extent += std::abs(cosine) * target.spacing[b];
  }
  return extent;
}

// The standard deviation, in source voxels, of what the source is smoothed with along axis `a`; 0 for not at all.
double sigmaFor(const image::Geometry& source, const image::Geometry& target, std::size_t a) {
  const double ratio = targetExtent(source, target, a) / source.spacing[a];
  // The recursive filter needs four voxels along its axis.
  if (ratio <= 1.001 || source.size[a] < 4) return 0;
  return std::sqrt((ratio * ratio - 1) / (8 * std::log(2.0)));
}

FloatImage::Pointer smoothedFor(FloatImage::Pointer image, const image::Geometry& source,
                                const image::Geometry& target) {
  for (unsigned a = 0; a < 3; ++a) {
    const double sigma = sigmaFor(source, target, a);
    if (sigma == 0) continue;
    auto filter = itk::RecursiveGaussianImageFilter<FloatImage, FloatImage>::New();
    filter->SetInput(image);
    filter->SetDirection(a);
    filter->SetZeroOrder();
    filter->SetSigma(source.spacing[a] * sigma);
    filter->Update();
    image = filter->GetOutput();
    image->DisconnectPipeline();
  }
  return image;
}

/// Voxels of a grid, from `low` to before `high`.
struct Box {
  std::array<std::int64_t, 3> low{}, high{};
  bool empty() const { return high[2] <= low[2]; }
  std::int64_t size(std::size_t a) const { return high[a] - low[a]; }
};

/// The smallest box around the voxels of which `wanted` is true.
template <class T, class Wanted>
Box boxOf(const image::Grid<T>& grid, const Wanted& wanted) {
  const auto& size = grid.geometry.size;
  Box box{size, {}};
  auto row = grid.voxels.begin();
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j, row += size[0]) {
      const auto end = row + size[0];
      const auto first = std::find_if(row, end, wanted);
      if (first == end) continue;
      const auto last = std::find_if(std::reverse_iterator(end), std::reverse_iterator(first), wanted);
      box.low = {std::min(box.low[0], first - row), std::min(box.low[1], j), std::min(box.low[2], k)};
      box.high = {std::max(box.high[0], last.base() - row), std::max(box.high[1], j + 1), std::max(box.high[2], k + 1)};
    }
  return box;
}

template <class Region>
Region regionOf(const Box& box) {
  Region region;
  for (unsigned a = 0; a < 3; ++a) {
    region.SetIndex(a, box.low[a]);
    region.SetSize(a, static_cast<itk::SizeValueType>(box.size(a)));
  }
  return region;
}

template <class Image, class Interpolator>
typename Image::Pointer resampled(typename Image::Pointer source, const image::Geometry& target,
                                  typename Image::PixelType outside) {
  auto frame = Image::New();
  setItkGrid(*frame, target);
  auto filter = itk::ResampleImageFilter<Image, Image>::New();
  filter->SetInput(source);
  filter->SetInterpolator(Interpolator::New());
  filter->SetDefaultPixelValue(outside);
  filter->SetOutputParametersFromImage(frame);
  filter->Update();
  return filter->GetOutput();
}

FloatImage::Pointer resampledLinear(const image::Grid<float>& source, const image::Geometry& target, float outside) {
  return resampled<FloatImage, itk::LinearInterpolateImageFunction<FloatImage>>(
      smoothedFor(viewAsItk(source), source.geometry, target), target, outside);
}

// The part of a mask that is not empty, with as much around it as smoothing spreads it to, as an image of ITK at its
// place in the whole; null where all is empty. What the filters make of it is what they would make of the whole, to the
// last bit, since beyond there is nothing: a structure is mostly a small part of its volume.
FloatImage::Pointer filledPart(const image::Mask& source, const image::Geometry& target) {
  const auto& size = source.geometry.size;
  auto box = boxOf(source, [](std::uint8_t v) { return v != 0; });
  if (box.empty()) return nullptr;
  for (std::size_t a = 0; a < 3; ++a) {
    // Three standard deviations, and two voxels for the interpolation.
    const auto margin = static_cast<std::int64_t>(std::ceil(3 * sigmaFor(source.geometry, target, a))) + 2;
    box.low[a] = std::max<std::int64_t>(0, box.low[a] - margin);
    box.high[a] = std::min(size[a], box.high[a] + margin);
  }
  auto image = FloatImage::New();
  setItkGrid(*image, source.geometry);
  image->SetRegions(regionOf<FloatImage::RegionType>(box));
  image->Allocate();
  float* to = image->GetBufferPointer();
  for (std::int64_t k = box.low[2]; k < box.high[2]; ++k)
    for (std::int64_t j = box.low[1]; j < box.high[1]; ++j) {
      const auto from = source.voxels.begin() + (k * size[1] + j) * size[0];
      to = std::copy(from + box.low[0], from + box.high[0], to);
    }
  return image;
}

}  // namespace

image::Geometry gridAtSpacing(const image::Geometry& source, const image::Vec3& spacing) {
  image::Geometry grid = source;
  grid.spacing = spacing;
  image::Vec3 shift{};
  for (std::size_t a = 0; a < 3; ++a) {
    const double extent = static_cast<double>(source.size[a]) * source.spacing[a];
    // A hair is taken off so that rounding does not add a voxel to an exact fit.
    grid.size[a] = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(extent / spacing[a] - 1e-6)));
    shift[a] = (spacing[a] - source.spacing[a]) / (2 * source.spacing[a]);
  }
  grid.origin = source.indexToLps(shift);
  return grid;
}

image::Volume resampleLinear(const image::Volume& source, const image::Geometry& target) {
  image::Volume out;
  out.modality = source.modality;
  out.unit = source.unit;
  out.windowCenter = source.windowCenter;
  out.windowWidth = source.windowWidth;
  out.geometry = target;
  if (source.geometry == target) {
    out.voxels = source.voxels;
    return out;
  }
  const float outside = source.voxels.empty() ? 0.0f : std::ranges::min(source.voxels);
  copyFromItk(*resampledLinear(source, target, outside), out.voxels);
  return out;
}

void smooth(image::Volume& source, const image::Geometry& target) {
  const auto view = viewAsItk<float>(source);
  const auto out = smoothedFor(view, source.geometry, target);
  if (out != view) copyFromItk(*out, source.voxels);
}

std::int64_t smoothingReach(const image::Geometry& source, const image::Geometry& target, std::size_t a) {
  return static_cast<std::int64_t>(std::ceil(6 * sigmaFor(source, target, a)));
}

image::Mask resampleMask(const image::Mask& source, const image::Geometry& target) {
  if (source.geometry == target) return source;
  const auto part = filledPart(source, target);
  if (!part) return image::Mask(target);
  const auto moved = resampled<FloatImage, itk::LinearInterpolateImageFunction<FloatImage>>(
      smoothedFor(part, source.geometry, target), target, 0.0f);
  image::Mask out(target);
  const float* values = moved->GetBufferPointer();
  std::transform(values, values + out.voxels.size(), out.voxels.begin(),
                 [](float value) { return static_cast<std::uint8_t>(value >= 0.5f); });
  return out;
}

image::LabelMap resampleNearest(const image::LabelMap& source, const image::Geometry& target) {
  if (source.geometry == target) return source;
  using Image = itk::Image<std::uint16_t, 3>;
  image::LabelMap out;
  out.geometry = target;
  copyFromItk(*resampled<Image, itk::NearestNeighborInterpolateImageFunction<Image>>(viewAsItk(source), target, 0),
              out.voxels);
  return out;
}

}  // namespace lorkd::io
