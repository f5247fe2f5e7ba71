#include "core/io/dicom/RtStructs.h"

#include <dcmtk/dcmdata/dcbytstr.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/io/Limits.h"
#include "core/io/Resample.h"
#include "core/io/Series.h"
#include "core/io/dicom/SeriesCheck.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> wrong(const std::string& what) {
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

// Points of "x\y\z\x\y\z…"; nothing when it is no list of triples of numbers that are places in a patient.
std::optional<std::vector<image::Vec3>> points(const std::string& text) {
  std::vector<double> values;
  const char *at = text.data(), *const end = at + text.size();
  const auto skipBlanks = [&] {
    while (at < end && (*at == ' ' || *at == '\0' || *at == '\n' || *at == '\r')) ++at;
  };
  for (skipBlanks(); at < end; skipBlanks()) {
    if (!values.empty() && *at++ != '\\') return std::nullopt;
    skipBlanks();
    if (at < end && *at == '+') ++at;
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !(std::abs(value) <= image::kFarthest)) return std::nullopt;
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

// Counts the closed contours of a region, and gives them to `sink` where there is one.
Result<void> takeContours(DcmItem& item, Roi& roi, const ContourSink& sink) {
  return dicom::forEachItem(item, DCM_ContourSequence, [&](DcmItem& contour) -> Result<void> {
    const auto type = dicom::text(contour, DCM_ContourGeometricType);
    if (type != "CLOSED_PLANAR" && type != "CLOSEDPLANAR_XOR" && !type.empty()) return {};  // points and open lines
    if (!sink) {
      DcmElement* data = nullptr;
      // Three points have five backslashes at the least.
      roi.closed += contour.findAndGetElement(DCM_ContourData, data).good() && data->getLengthField() > 16;
      return {};
    }
    auto line = points(longText(contour, DCM_ContourData));
    if (!line) return wrong("ContourData of '" + roi.segment.name + "' is no list of points");
    if (line->size() < 3) return {};
    ++roi.closed;
    return sink(roi, std::move(*line));
  });
}

// A contour in voxels: its plane, and the places of its corners there.
struct Polygon {
  double plane = 0;
  std::vector<std::array<double, 2>> corners;
};

// By row of `grid`, the columns where it crosses the outline.
void addCrossings(const Polygon& polygon, std::vector<std::vector<double>>& rows) {
  for (std::size_t n = 0; n < polygon.corners.size(); ++n) {
    auto a = polygon.corners[n], b = polygon.corners[(n + 1) % polygon.corners.size()];
    if (a[1] > b[1]) std::swap(a, b);
    // Half open, so that a corner on a row counts once.
    const double end = std::min(b[1], static_cast<double>(rows.size()));
    for (double v = std::max(0.0, std::ceil(a[1])); v < end; ++v)
      rows[static_cast<std::size_t>(v)].push_back(a[0] + (v - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
  }
}

Result<Polygon> polygonOf(const Roi& roi, const std::vector<image::Vec3>& contour, const image::Geometry& grid) {
  Polygon polygon;
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
  return polygon;
}

}  // namespace

Result<Rois> readRois(DcmDataset& dataset, const std::function<bool(const std::string&)>& wants) {
  return readRois(dataset, wants, [](Roi& roi, std::vector<image::Vec3> contour) -> Result<void> {
    roi.contours.push_back(std::move(contour));
    return {};
  });
}

Result<Rois> readRois(DcmDataset& dataset, const std::function<bool(const std::string&)>& wants,
                      const ContourSink& sink) {
  std::vector<Roi> rois;
  std::map<long, std::size_t> byNumber;
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_StructureSetROISequence, [&](DcmItem& item) -> Result<void> {
    const long number = dicom::integer(item, DCM_ROINumber, -1);
    if (!byNumber.emplace(number, rois.size()).second)
      return wrong("StructureSetROISequence: ROI number " + std::to_string(number) + " is used twice");
    auto& roi = rois.emplace_back();
    roi.segment.name = dicom::words(item, DCM_ROIName, dataset);
    roi.segment.number = static_cast<int>(number);
    if (roi.segment.name.empty()) roi.segment.name = "region " + std::to_string(number);
    roi.frameOfReferenceUid = dicom::ascii(dicom::text(item, DCM_ReferencedFrameOfReferenceUID));
    return {};
  }));
  if (rois.empty()) return wrong("StructureSetROISequence is missing");
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_ROIContourSequence, [&](DcmItem& item) -> Result<void> {
    const auto found = byNumber.find(dicom::integer(item, DCM_ReferencedROINumber, -1));
    if (found == byNumber.end()) return {};  // contours of a region that nobody names
    auto& roi = rois[found->second];
    roi.segment.color = colourOf(item);
    if (auto taken = takeContours(item, roi, wants && wants(roi.segment.name) ? sink : nullptr); !taken)
      roi.fault = std::move(taken).error();
    return {};
  }));
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_RTROIObservationsSequence, [&](DcmItem& item) -> Result<void> {
    const auto found = byNumber.find(dicom::integer(item, DCM_ReferencedROINumber, -1));
    if (found == byNumber.end()) return {};
    rois[found->second].segment.code = dicom::codeIn(item, DCM_RTROIIdentificationCodeSequence, dataset);
    return {};
  }));
  Rois found;
  found.frameOfReferenceUid = dicom::ascii(dicom::text(dataset, DCM_FrameOfReferenceUID));
  if (found.frameOfReferenceUid.empty()) found.frameOfReferenceUid = rois.front().frameOfReferenceUid;
  for (auto& roi : rois) {
    const bool here = roi.frameOfReferenceUid.empty() || roi.frameOfReferenceUid == found.frameOfReferenceUid;
    if (here && (roi.closed > 0 || roi.fault))
      found.rois.push_back(std::move(roi));
    else
      found.left.push_back(roi.segment.name);
  }
  return found;
}

Result<std::vector<std::uint8_t>> fillContours(const Roi& roi, const image::Geometry& grid) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(grid.voxels()), 0);
  std::vector<Polygon> polygons;
  for (const auto& contour : roi.contours) {
    LORKD_TRY(polygon, polygonOf(roi, contour, grid));
    polygons.push_back(std::move(polygon));
  }
  if (polygons.empty()) return mask;
  std::ranges::sort(polygons, {}, &Polygon::plane);
  // Planes as groups of polygons that lie together.
  std::vector<std::pair<std::size_t, std::size_t>> planes{{0, 1}};
  for (std::size_t n = 1; n < polygons.size(); ++n)
    if (polygons[n].plane - polygons[planes.back().first].plane <= kPlaneTolerance)
      planes.back().second = n + 1;
    else
      planes.emplace_back(n, n + 1);
  const auto placeOf = [&](const auto& plane) { return polygons[plane.first].plane; };
  constexpr double kWidestGap = 3;  // slices
  std::vector<std::vector<double>> rows;
  for (std::int64_t k = 0; k < grid.size[2]; ++k) {
    const auto here = static_cast<double>(k);
    const auto above = std::ranges::find_if(planes, [&](const auto& plane) { return placeOf(plane) >= here; });
    const auto* upper = above == planes.end() ? nullptr : &*above;
    const auto* lower = above == planes.begin() ? nullptr : &*std::prev(above);
    const double up = upper ? placeOf(*upper) - here : INFINITY, down = lower ? here - placeOf(*lower) : INFINITY;
    if (std::min(up, down) > 0.5 + 1e-6 && up + down > kWidestGap + 2 * kPlaneTolerance) continue;
    const auto& nearest = up < down ? *upper : *lower;
    rows.assign(static_cast<std::size_t>(grid.size[1]), {});
    for (auto n = nearest.first; n < nearest.second; ++n) addCrossings(polygons[n], rows);
    for (std::int64_t j = 0; j < grid.size[1]; ++j) {
      auto& edges = rows[static_cast<std::size_t>(j)];
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

namespace {

Result<image::SegmentSet> readChecked(dicom::Loaded& loaded, const image::Geometry& reference,
                                      const std::function<bool(const std::string&)>& wants, bool skipDamaged) {
  LORKD_TRY(found, readRois(loaded.dataset(), wants));
  image::SegmentSet set{reference, {}};
  std::erase_if(found.rois, [&](const Roi& roi) { return !wants(roi.segment.name); });
  const double maskBytes = static_cast<double>(reference.voxels()) * static_cast<double>(found.rois.size());
  if (maskBytes > kMostMaskBytes)
    return fail(ErrorCode::Unsupported, "the structures would need more than 64 GiB of memory");
  LORKD_CHECK(roomFor(maskBytes, {}));
  for (auto& roi : found.rois) {
    auto mask =
        roi.fault ? Result<std::vector<std::uint8_t>>(std::unexpected(*roi.fault)) : fillContours(roi, reference);
    if (!mask && skipDamaged) continue;
    if (!mask) return std::unexpected(mask.error());
    roi.segment.mask = std::move(*mask);
    set.segments.push_back(std::move(roi.segment));
  }
  return set;
}

bool isStructureSet(const dicom::Loaded& loaded) {
  return dicom::text(loaded.dataset(), DCM_SOPClassUID) == UID_RTStructureSetStorage;
}

Result<image::SegmentSet> structuresOf(dicom::Loaded& loaded, const fs::path& file, const image::Geometry& reference,
                                       const std::function<bool(const std::string&)>& wants, bool skipDamaged) {
  if (loaded.status.bad())
    return fail(ErrorCode::Format, std::string("the file is damaged or truncated: ") + loaded.status.text(), "",
                file.string());
  try {
    const std::function<bool(const std::string&)> all = [](const std::string&) { return true; };
    auto set = readChecked(loaded, reference, wants ? wants : all, skipDamaged);
    if (!set) return fail(set.error(), file.string());
    return set;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for these structures", "", file.string());
  } catch (const std::exception& e) {
    return fail(ErrorCode::Format, std::string("the file is damaged: ") + e.what(), "", file.string());
  }
}

}  // namespace

Result<image::SegmentSet> readLabels(const fs::path& file, const image::Geometry& reference,
                                     const std::vector<image::Vec3>& origins, bool resample,
                                     const std::function<bool(const std::string&)>& wants) {
  {
    LORKD_TRY(loaded, dicom::load(file));
    // Pairing has told of damaged regions, and another file may hold a sound one of the same name.
    if (isStructureSet(loaded)) return structuresOf(loaded, file, reference, wants, static_cast<bool>(wants));
  }
  if (!resample) return readSeg(file, &reference, origins, wants);
  auto own = readSeg(file, nullptr, {}, wants);
  if (!own) return own;
  for (auto& segment : own->segments) {
    image::Mask mask(own->geometry);
    mask.voxels = std::move(segment.mask);
    segment.mask = resampleMask(mask, reference).voxels;
  }
  own->geometry = reference;
  return own;
}

Result<std::vector<std::pair<std::string, std::string>>> brokenRegions(const fs::path& file,
                                                                       const image::Geometry& reference) try {
  LORKD_TRY(loaded, dicom::load(file));
  if (loaded.status.bad())
    return fail(ErrorCode::Format, std::string("the file is damaged or truncated: ") + loaded.status.text(), "",
                file.string());
  const auto found = readRois(
      loaded.dataset(), [](const std::string&) { return true; },
      [&](Roi& roi, const std::vector<image::Vec3>& contour) -> Result<void> {
        LORKD_CHECK(polygonOf(roi, contour, reference));
        return {};
      });
  if (!found) return fail(found.error(), file.string());
  std::vector<std::pair<std::string, std::string>> broken;
  for (const auto& roi : found->rois)
    if (roi.fault) broken.emplace_back(roi.segment.name, roi.fault->message);
  return broken;
} catch (const std::bad_alloc&) {
  return fail(ErrorCode::Io, "there is not enough memory for these structures", "", file.string());
}

Result<image::SegmentSet> readStructures(const fs::path& file, const image::Geometry& reference,
                                         const std::function<bool(const std::string&)>& wants) {
  LORKD_TRY(loaded, dicom::load(file));
  if (!isStructureSet(loaded)) return fail(ErrorCode::Format, "this is not a DICOM structure set", "", file.string());
  return structuresOf(loaded, file, reference, wants, false);
}

}  // namespace lorkd::io
