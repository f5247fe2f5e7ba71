#include "core/io/RtStructs.h"

#include <dcmtk/dcmdata/dcbytstr.h>
#include <dcmtk/dcmdata/dcvrobow.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/io/Resample.h"
#include "core/io/Series.h"
#include "core/io/SeriesCheck.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::Format, what, "the structure set is damaged or was written wrongly");
}

// Decimal text of any length; some writers declare it as unknown bytes.
std::string longText(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || !element) return {};
  if (auto* text = dynamic_cast<DcmByteString*>(element)) {
    char* value = nullptr;
    Uint32 length = 0;
    return text->getString(value, length).good() && value ? std::string(value, length) : std::string();
  }
  Uint8* bytes = nullptr;
  if (element->getUint8Array(bytes).bad() || !bytes) return {};
  return {reinterpret_cast<const char*>(bytes), element->getLengthField()};
}

// Points of "x\y\z\x\y\z…"; nothing when it is no list of triples of finite numbers.
std::optional<std::vector<image::Vec3>> points(const std::string& text) {
  std::vector<double> values;
  const char *at = text.data(), *const end = at + text.size();
  while (at < end) {
    while (at < end && (*at == ' ' || *at == '+' || *at == '\\' || *at == '\0' || *at == '\n' || *at == '\r')) ++at;
    if (at == end) break;
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
    values.push_back(value);
    at = next;
  }
  if (values.size() % 3 != 0) return std::nullopt;
  std::vector<image::Vec3> out(values.size() / 3);
  for (std::size_t n = 0; n < values.size(); ++n) out[n / 3][n % 3] = values[n];
  return out;
}

std::string colourOf(DcmItem& roi) {
  Sint32 rgb[3]{};
  for (unsigned long n = 0; n < 3; ++n)
    if (roi.findAndGetSint32(DCM_ROIDisplayColor, rgb[n], n).bad()) return {};
  char text[8];
  const auto byte = [&](int n) { return static_cast<unsigned>(std::clamp<Sint32>(rgb[n], 0, 255)) & 255u; };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", byte(0), byte(1), byte(2));
  return text;
}

Result<void> takeContours(DcmItem& item, Roi& roi) {
  return dicom::forEachItem(item, DCM_ContourSequence, [&](DcmItem& contour) -> Result<void> {
    const auto type = dicom::text(contour, DCM_ContourGeometricType);
    if (type != "CLOSED_PLANAR" && type != "CLOSEDPLANAR_XOR" && !type.empty()) {
      ++roi.ignored;
      return {};
    }
    auto line = points(longText(contour, DCM_ContourData));
    if (!line) return bad("ContourData of '" + roi.segment.name + "' is no list of points");
    if (line->size() < 3)
      ++roi.ignored;
    else
      roi.contours.push_back(std::move(*line));
    return {};
  });
}

// A contour in voxels: its plane, and the places of its corners there.
struct Polygon {
  double plane = 0;
  std::vector<std::array<double, 2>> corners;
};

// The columns where row `v` crosses the outline, in order.
void crossings(const Polygon& polygon, double v, std::vector<double>& out) {
  for (std::size_t n = 0; n < polygon.corners.size(); ++n) {
    const auto &a = polygon.corners[n], &b = polygon.corners[(n + 1) % polygon.corners.size()];
    // Half open, so that a corner on the row counts once.
    if ((a[1] <= v) == (b[1] <= v)) continue;
    out.push_back(a[0] + (v - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
  }
}

Result<std::vector<Polygon>> polygonsOf(const Roi& roi, const image::Geometry& grid) {
  std::vector<Polygon> polygons;
  for (const auto& contour : roi.contours) {
    auto& polygon = polygons.emplace_back();
    double low = INFINITY, high = -INFINITY;
    for (const auto& point : contour) {
      const auto index = grid.lpsToIndex(point);
      polygon.corners.push_back({index[0], index[1]});
      polygon.plane += index[2] / static_cast<double>(contour.size());
      low = std::min(low, index[2]);
      high = std::max(high, index[2]);
    }
    if (high - low > 2 * kPlaneTolerance)
      return fail(ErrorCode::Mismatch, "a contour of '" + roi.segment.name + "' does not lie parallel to the slices",
                  "use the series that the structures were drawn on");
  }
  return polygons;
}

}  // namespace

Result<std::vector<Roi>> readRois(DcmDataset& dataset, bool withContours) {
  std::vector<Roi> rois;
  std::map<long, std::size_t> byNumber;
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_StructureSetROISequence, [&](DcmItem& item) -> Result<void> {
    const long number = dicom::integer(item, DCM_ROINumber, -1);
    if (!byNumber.emplace(number, rois.size()).second)
      return bad("StructureSetROISequence: ROI number " + std::to_string(number) + " is used twice");
    auto& roi = rois.emplace_back();
    roi.segment.name = dicom::words(item, DCM_ROIName, dataset);
    if (roi.segment.name.empty()) roi.segment.name = "region " + std::to_string(number);
    roi.frameOfReferenceUid = dicom::ascii(dicom::text(item, DCM_ReferencedFrameOfReferenceUID));
    return {};
  }));
  if (rois.empty()) return bad("StructureSetROISequence is missing");
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_ROIContourSequence, [&](DcmItem& item) -> Result<void> {
    const auto found = byNumber.find(dicom::integer(item, DCM_ReferencedROINumber, -1));
    if (found == byNumber.end()) return {};  // contours of a region that nobody names
    auto& roi = rois[found->second];
    roi.segment.color = colourOf(item);
    return withContours ? takeContours(item, roi) : Result<void>();
  }));
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_RTROIObservationsSequence, [&](DcmItem& item) -> Result<void> {
    const auto found = byNumber.find(dicom::integer(item, DCM_ReferencedROINumber, -1));
    DcmItem* code = dicom::sequenceItem(item, DCM_RTROIIdentificationCodeSequence);
    if (found == byNumber.end() || !code) return {};
    auto& segment = rois[found->second].segment;
    segment.codeValue = dicom::ascii(dicom::text(*code, DCM_CodeValue));
    segment.codeScheme = dicom::ascii(dicom::text(*code, DCM_CodingSchemeDesignator));
    segment.codeMeaning = dicom::words(*code, DCM_CodeMeaning, dataset);
    return {};
  }));
  return rois;
}

Result<std::vector<std::uint8_t>> fillContours(const Roi& roi, const image::Geometry& grid) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(grid.voxels()), 0);
  LORKD_TRY(polygons, polygonsOf(roi, grid));
  if (polygons.empty()) return mask;
  std::ranges::sort(polygons, {}, &Polygon::plane);
  // Planes as groups of polygons that lie together, and how far apart they lie where they lie closest.
  std::vector<std::pair<std::size_t, std::size_t>> planes{{0, 1}};
  double step = INFINITY;
  for (std::size_t n = 1; n < polygons.size(); ++n) {
    const double gap = polygons[n].plane - polygons[planes.back().first].plane;
    if (gap <= kPlaneTolerance) {
      planes.back().second = n + 1;
      continue;
    }
    step = std::min(step, gap);
    planes.emplace_back(n, n + 1);
  }
  // A single plane is one slice; planes closer than slices fill the slice that is nearest.
  const double reach = std::max(1.0, std::isfinite(step) ? step : 1.0) / 2 + 1e-6;
  std::vector<double> edges;
  for (std::int64_t k = 0; k < grid.size[2]; ++k) {
    const auto distance = [&](const auto& plane) {
      return std::abs(polygons[plane.first].plane - static_cast<double>(k));
    };
    const auto nearest = std::ranges::min_element(planes, {}, distance);
    if (distance(*nearest) > reach) continue;
    for (std::int64_t j = 0; j < grid.size[1]; ++j) {
      edges.clear();
      for (auto n = nearest->first; n < nearest->second; ++n) crossings(polygons[n], static_cast<double>(j), edges);
      std::ranges::sort(edges);
      for (std::size_t e = 0; e + 1 < edges.size(); e += 2) {
        const double end = static_cast<double>(grid.size[0]) - 1;
        const auto first = static_cast<std::int64_t>(std::ceil(std::clamp(edges[e], 0.0, end + 1)));
        const auto last = static_cast<std::int64_t>(std::floor(std::clamp(edges[e + 1], -1.0, end)));
        for (auto i = first; i <= last; ++i) mask[static_cast<std::size_t>(grid.offset(i, j, k))] = 1;
      }
    }
  }
  return mask;
}

Result<image::SegmentSet> readLabels(const fs::path& file, const image::Geometry& reference,
                                     const std::vector<image::Vec3>& origins, bool resample) {
  LORKD_TRY(loaded, dicom::load(file));
  if (dicom::text(loaded.dataset(), DCM_SOPClassUID) == UID_RTStructureSetStorage)
    return readStructures(file, reference);
  if (!resample) return readSeg(file, &reference, origins);
  auto own = readSeg(file);
  if (!own) return own;
  for (auto& segment : own->segments) {
    image::Mask mask(own->geometry);
    mask.voxels = std::move(segment.mask);
    segment.mask = resampleMask(mask, reference).voxels;
  }
  own->geometry = reference;
  return own;
}

Result<image::SegmentSet> readStructures(const fs::path& file, const image::Geometry& reference) {
  LORKD_TRY(loaded, dicom::load(file));
  if (dicom::text(loaded.dataset(), DCM_SOPClassUID) != UID_RTStructureSetStorage)
    return fail(ErrorCode::Format, "this is not a DICOM structure set", "", file.string());
  if (loaded.status.bad())
    return fail(ErrorCode::Format, std::string("the file is damaged or truncated: ") + loaded.status.text(), "",
                file.string());
  auto rois = readRois(loaded.dataset(), true);
  if (!rois) return fail(rois.error(), file.string());
  image::SegmentSet set{reference, {}};
  for (auto& roi : *rois) {
    auto mask = fillContours(roi, reference);
    if (!mask) return fail(mask.error(), file.string());
    roi.segment.mask = std::move(*mask);
    set.segments.push_back(std::move(roi.segment));
  }
  return set;
}

}  // namespace lorkd::io
