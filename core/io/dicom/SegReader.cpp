// DICOM SEG frames placed on a grid.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/io/Limits.h"
#include "core/io/Series.h"
#include "core/io/dicom/SegFrames.h"
#include "core/io/dicom/SeriesCheck.h"
#include "core/io/dicom/SlicePixels.h"
#include "core/io/dicom/Upright.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// Where the pixels of a frame fall in a grid: the offset of pixel (0, 0) and the steps to its neighbours.
struct Placement {
  std::int64_t start = 0, alongColumns = 0, alongRows = 0;
};

// Errors: Mismatch. Frames may be turned or flipped against the grid, as long as their voxels coincide.
Result<Placement> place(const SegFrame& frame, const SegHeader& header, const image::Geometry& grid) {
  const auto off = [](const std::string& what) {
    return fail(ErrorCode::Mismatch, "the segmentation does not fit the image: " + what,
                "check that it belongs to this series");
  };
  const auto at = [&](double column, double row) {
    image::Vec3 lps = frame.position;
    for (std::size_t r = 0; r < 3; ++r)
      lps[r] += column * frame.spacing[0] * frame.orientation[0][r] + row * frame.spacing[1] * frame.orientation[1][r];
    return grid.lpsToIndex(lps);
  };
  // Three corners say it all, since the map is affine.
  const double lastColumn = header.columns - 1, lastRow = header.rows - 1;
  const image::Vec3 corners[] = {at(0, 0), at(lastColumn, 0), at(0, lastRow), at(lastColumn, lastRow)};
  std::array<std::int64_t, 3> index[4];
  for (int c = 0; c < 4; ++c)
    for (std::size_t a = 0; a < 3; ++a) {
      const double rounded = std::round(corners[c][a]);
      if (!(std::abs(corners[c][a] - rounded) <= kPlaneTolerance)) return off("a frame lies between its voxels");
      if (rounded < 0 || rounded >= static_cast<double>(grid.size[a])) return off("a frame reaches outside of it");
      index[c][a] = static_cast<std::int64_t>(rounded);
    }
  const auto step = [&](int corner, double pixels) -> std::optional<std::int64_t> {
    if (pixels == 0) return 0;
    const std::int64_t strides[] = {1, grid.size[0], grid.size[0] * grid.size[1]};
    std::optional<std::int64_t> found;
    for (std::size_t a = 0; a < 3; ++a) {
      const std::int64_t distance = index[corner][a] - index[0][a];
      if (distance == 0) continue;
      if (found || std::abs(static_cast<double>(distance)) != pixels) return std::nullopt;
      found = distance > 0 ? strides[a] : -strides[a];
    }
    return found;
  };
  const auto columns = step(1, lastColumn), rows = step(2, lastRow);
  if (!columns || !rows) return off("its frames are turned or scaled against the voxels");
  return Placement{grid.offset(index[0][0], index[0][1], index[0][2]), *columns, *rows};
}

// The stored frames of a binary segmentation as packed bits. The pointer lives in `dataset`.
Result<const Uint8*> packedBits(DcmDataset& dataset, const SegHeader& header) {
  if (dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad())
    return fail(ErrorCode::Unsupported, "the compression of the segmentation cannot be decoded");
  const double needed =
      std::ceil(static_cast<double>(header.rows) * header.columns * static_cast<double>(header.frames.size()) / 8);
  unsigned long count = 0;
  const Uint8* bytes = nullptr;
  double length = 0;
  if (dataset.findAndGetUint8Array(DCM_PixelData, bytes, &count).good() && bytes) {
    length = static_cast<double>(count);
  } else if (const Uint16* words = nullptr;
             dataset.findAndGetUint16Array(DCM_PixelData, words, &count).good() && words) {
    // Words of a little-endian file on a little-endian machine are its bytes in order.
    bytes = reinterpret_cast<const Uint8*>(words);
    length = 2.0 * static_cast<double>(count);
  }
  if (length < needed)
    return fail(ErrorCode::Format, "the pixel data are shorter than the header says", "the file is truncated");
  return bytes;
}

// The slices of the series, and between them the planes of frames whose slice is missing there.
std::vector<image::Vec3> planesOf(const SegHeader& header, const image::Geometry& reference,
                                  const std::vector<image::Vec3>& origins) {
  const auto& d = reference.direction;
  const image::Vec3 normal{d[0][2], d[1][2], d[2][2]};
  std::map<double, image::Vec3> planes;
  for (const auto& origin : origins) planes.emplace(image::dot(origin, normal), origin);
  for (const auto& frame : header.frames) {
    const double at = image::dot(frame.position, normal);
    const auto above = planes.upper_bound(at);
    if (above == planes.begin() || above == planes.end()) continue;
    const auto below = std::prev(above);
    const double share = (at - below->first) / (above->first - below->first);
    if (share <= kPlaneTolerance || share >= 1 - kPlaneTolerance) continue;
    auto origin = below->second;
    for (std::size_t r = 0; r < 3; ++r) origin[r] += share * (above->second[r] - origin[r]);
    planes.emplace(at, origin);
  }
  std::vector<image::Vec3> out;
  for (const auto& [at, origin] : planes) out.push_back(origin);
  return out;
}

// Where frames fall in the grid or, with `origins`, in a pile of its slices.
Result<std::vector<Placement>> placesOf(const SegHeader& header, const image::Geometry& grid,
                                        const std::vector<image::Vec3>& origins) {
  std::vector<Placement> placements;
  const Upright upright(grid, origins);
  image::Geometry slice = grid;
  slice.size = {header.columns, header.rows, 1};
  for (const auto& frame : header.frames) {
    const auto k = origins.empty() ? 0 : upright.nearestSlice(frame.position);
    if (!origins.empty()) slice.origin = origins[k];
    LORKD_TRY(placement, place(frame, header, origins.empty() ? grid : slice));
    placement.start += static_cast<std::int64_t>(k) * header.rows * header.columns;
    placements.push_back(placement);
  }
  return placements;
}

using Wants = std::function<bool(const std::string&)>;

// Marks in `masks`, by position in header.segments and empty for what is not wanted, what the frames show.
Result<void> mark(dicom::Loaded& loaded, const fs::path& file, const SegHeader& header,
                  const std::vector<Placement>& placements, const std::vector<std::uint8_t*>& masks) {
  const Uint8* bits = nullptr;
  if (header.kind == SegKind::Binary) {
    LORKD_TRY(packed, packedBits(loaded.dataset(), header));
    bits = packed;
  }
  std::vector<int> segmentOf(65536, -1);  // by value, in a label map
  for (std::size_t s = 0; header.kind == SegKind::LabelMap && s < header.segments.size(); ++s)
    segmentOf[static_cast<std::size_t>(header.segments[s].number)] = static_cast<int>(s);
  SlicePixels source;
  std::vector<float> values;
  const auto plane = static_cast<std::size_t>(header.rows) * static_cast<std::size_t>(header.columns);
  for (std::size_t f = 0; f < placements.size(); ++f) {
    const Placement& p = placements[f];
    std::uint8_t* const own = masks[header.kind == SegKind::LabelMap ? 0 : header.frames[f].segment];
    if (header.kind != SegKind::LabelMap && !own) continue;
    if (!bits) {
      LORKD_CHECK(source.header(file, static_cast<int>(f)));
      LORKD_TRY(stored, source.stored());
      values = std::move(stored);
    }
    std::size_t n = 0;
    for (std::int64_t row = 0; row < header.rows; ++row)
      for (std::int64_t column = 0; column < header.columns; ++column, ++n) {
        const auto at = p.start + row * p.alongRows + column * p.alongColumns;
        if (header.kind == SegKind::LabelMap) {
          const auto value = static_cast<std::size_t>(values[n]);
          if (const int s = segmentOf[value]; s < 0) {
            if (value != 0 && static_cast<long>(value) != header.background)
              return fail(ErrorCode::Format,
                          "frame " + std::to_string(f + 1) + ": the pixel value " + std::to_string(value) +
                              " is no segment number of SegmentSequence",
                          "the segmentation is damaged or was written wrongly");
          } else if (masks[static_cast<std::size_t>(s)]) {
            masks[static_cast<std::size_t>(s)][at] = 1;
          }
        } else if (bits ? (bits[(f * plane + n) / 8] >> ((f * plane + n) % 8) & 1) != 0
                        : 2 * values[n] >= static_cast<float>(header.maximum)) {
          own[at] = 1;
        }
      }
  }
  return {};
}

Result<image::SegmentSet> readChecked(dicom::Loaded& loaded, const fs::path& file, const image::Geometry* reference,
                                      const std::vector<image::Vec3>& slices, const Wants& wants) {
  LORKD_TRY(header, readSegHeader(loaded.dataset()));
  if (!reference && header.geometry.voxels() == 0)
    return fail(ErrorCode::Mismatch, "the frames of the segmentation are not evenly spaced",
                "read it on the grid of the series it belongs to");
  image::SegmentSet set;
  set.geometry = reference ? *reference : header.geometry;
  const bool moved = reference && !slices.empty();
  const auto origins = moved ? planesOf(header, set.geometry, slices) : std::vector<image::Vec3>();
  const auto voxels =
      moved ? static_cast<std::int64_t>(origins.size()) * header.rows * header.columns : set.geometry.voxels();
  std::vector<std::size_t> wanted;
  for (std::size_t s = 0; s < header.segments.size(); ++s)
    if (!wants || wants(header.segments[s].name)) wanted.push_back(s);
  const double maskBytes = static_cast<double>(voxels) * static_cast<double>(wanted.size());
  if (maskBytes > kMostMaskBytes)
    return fail(ErrorCode::Unsupported, "the segmentation would need more than 64 GiB of memory");
  if (std::int64_t(header.rows) * header.columns > kMostSamples)
    return fail(ErrorCode::Unsupported, "a frame has " + grouped(std::int64_t(header.rows) * header.columns) +
                                            " pixels, more than " + grouped(kMostSamples));
  LORKD_CHECK(roomFor(moved ? 2 * maskBytes : maskBytes, file));
  // What is not there is found out before there are masks for it.
  if (header.kind == SegKind::Binary) LORKD_CHECK(packedBits(loaded.dataset(), header));
  LORKD_TRY(placements, placesOf(header, set.geometry, origins));
  std::vector<std::uint8_t*> masks(std::max<std::size_t>(1, header.segments.size()));
  set.segments.reserve(wanted.size());
  for (const auto s : wanted) {
    auto& segment = set.segments.emplace_back(header.segments[s]);
    segment.mask.assign(static_cast<std::size_t>(voxels), 0);
    masks[s] = segment.mask.data();
  }
  LORKD_CHECK(mark(loaded, file, header, placements, masks));
  const Upright upright(set.geometry, origins);
  if (moved)
    for (auto& segment : set.segments) segment.mask = upright.nearest(segment.mask, header.columns, header.rows);
  return set;
}

}  // namespace

Result<bool> segLiesOn(const fs::path& file, const image::Geometry& reference,
                       const std::vector<image::Vec3>& origins) {
  LORKD_TRY(loaded, dicom::load(file));
  auto header = readSegHeader(loaded.dataset());
  if (!header) return fail(header.error(), file.string());
  const auto planes = origins.empty() ? origins : planesOf(*header, reference, origins);
  return placesOf(*header, reference, planes).has_value();
}

Result<image::SegmentSet> readSeg(const fs::path& file, const image::Geometry* reference,
                                  const std::vector<image::Vec3>& origins, const Wants& wants) {
  LORKD_TRY(loaded, dicom::load(file));
  if (!isSegmentation(dicom::text(loaded.dataset(), DCM_SOPClassUID)))
    return fail(ErrorCode::Format, "this is not a DICOM segmentation", "", file.string());
  if (loaded.status.bad())
    return fail(ErrorCode::Format, std::string("the file is damaged or truncated: ") + loaded.status.text(), "",
                file.string());
  try {
    auto set = readChecked(loaded, file, reference, origins, wants);
    if (!set && set.error().context != file.string()) return fail(set.error(), file.string());
    return set;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this segmentation", "", file.string());
  } catch (const std::exception& e) {
    return fail(ErrorCode::Format, std::string("the file is damaged: ") + e.what(), "", file.string());
  }
}

}  // namespace lorkd::io
