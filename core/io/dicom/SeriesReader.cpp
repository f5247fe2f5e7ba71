// Pixels of an image series as one volume.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/io/Limits.h"
#include "core/io/dicom/SeriesCheck.h"
#include "core/io/dicom/SlicePixels.h"
#include "core/io/dicom/Upright.h"

namespace lorkd::io {
namespace {

// A slice must lie at index (0, 0, k) of the grid, since the files may have changed after the scan.
Result<void> checkPlace(const SliceHeader& h, const image::Geometry& g, double k) {
  const auto moved = [&](const std::string& what) {
    return fail(ErrorCode::Mismatch, what, "the files have changed since the scan: scan the folder again",
                h.file.string());
  };
  if (h->rows != g.size[1] || h->columns != g.size[0]) return moved("the slice has another size than its series");
  if (h->samples != 1) return moved("the slice is not one grayscale picture");
  if (!h.position || !h->orientation) return moved("the header does not say where the slice lies");
  const auto index = g.lpsToIndex(*h.position);
  const image::Vec3 expected{0, 0, k};
  for (std::size_t a = 0; a < 3; ++a)
    if (!(std::abs(index[a] - expected[a]) <= 2 * kPlaneTolerance))
      return moved("the slice does not lie on the even grid of its series");
  for (std::size_t a = 0; a < 2; ++a)
    for (std::size_t r = 0; r < 3; ++r)
      if (std::abs((*h->orientation)[a][r] - g.direction[r][a]) > 1e-3)
        return moved("the slice is turned against its series");
  return {};
}

Result<image::Volume> readSlices(const Series& series) {
  const auto& g = series.geometry;
  image::Volume volume;
  volume.geometry = g;
  volume.modality = series.modality;
  volume.unit = series.modality == "CT" ? "HU" : "";
  const bool moved = !series.origins.empty();
  Upright upright(g, series.origins);
  // Files whose slices lie between each other's stay open until their last.
  std::map<std::filesystem::path, std::pair<SlicePixels, int>> sources;
  for (const auto& instance : series.instances) ++sources[instance.file].second;
  image::Geometry slice = g;
  for (std::size_t k = 0; k < series.instances.size(); ++k) {
    const auto place = sources.find(series.instances[k].file);
    auto& source = place->second.first;
    LORKD_TRY(header, source.header(place->first, series.instances[k].frame));
    if (moved) {
      // All slices are as large as the first.
      if (k == 0) slice.size = {header->columns, header->rows, 1};
      slice.origin = series.origins[k];
    }
    LORKD_CHECK(checkPlace(header, slice, moved ? 0 : static_cast<double>(k)));
    LORKD_TRY(pixels, source.pixels());
    // The first slice decodes before the whole volume is allocated: a header alone must not claim gigabytes.
    if (k == 0) {
      volume.voxels.resize(static_cast<std::size_t>(g.voxels()), std::numeric_limits<float>::quiet_NaN());
      volume.windowCenter = dicom::number(source.dataset(), DCM_WindowCenter);
      volume.windowWidth = dicom::number(source.dataset(), DCM_WindowWidth);
      if (header->modality == "PT") volume.unit = header->units;
    }
    if (moved)
      upright.push(pixels, header->columns, header->rows, volume.voxels);
    else
      std::ranges::copy(pixels, volume.voxels.begin() + static_cast<std::ptrdiff_t>(k * pixels.size()));
    if (--place->second.second == 0) sources.erase(place);
  }
  if (moved) {
    float lowest = std::numeric_limits<float>::max();
    for (const float v : volume.voxels) lowest = std::min(lowest, std::isnan(v) ? lowest : v);
    std::ranges::replace_if(
        volume.voxels, [](float v) { return std::isnan(v); }, lowest);
  }
  return volume;
}

}  // namespace

Result<image::Volume> readSeries(const Series& series) {
  const auto& g = series.geometry;
  const auto slices =
      series.origins.empty() ? static_cast<std::size_t>(std::max<std::int64_t>(0, g.size[2])) : series.origins.size();
  if (series.instances.empty() || g.voxels() <= 0 || slices != series.instances.size() ||
      !(std::abs(g.handedness()) > 0.5))
    return fail(ErrorCode::Mismatch, "the instances of the series make no volume", "see what the scan found about it");
  if (g.voxels() > kMostVoxels)
    return fail(ErrorCode::Unsupported,
                "the series has " + grouped(g.voxels()) + " voxels, more than " + grouped(kMostVoxels), "leave it out",
                series.instances.front().file.string());
  LORKD_CHECK(roomFor(sizeof(float) * static_cast<double>(g.voxels()), series.instances.front().file));
  try {
    return readSlices(series);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this series", "",
                series.instances.front().file.string());
  } catch (const std::exception& e) {
    return fail(ErrorCode::Format, std::string("a file of the series is damaged: ") + e.what(), "",
                series.instances.front().file.string());
  }
}

}  // namespace lorkd::io
