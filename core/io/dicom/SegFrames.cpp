#include "core/io/dicom/SegFrames.h"

#include <dcmtk/dcmiod/cielabutil.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "core/io/dicom/SeriesCheck.h"

namespace lorkd::io {
namespace {

std::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::Format, what, "the segmentation is damaged or was written wrongly");
}

// What the palette of a label map shows for a value (PS3.3 section C.7.6.3.1.5): shares of red, green and blue.
std::optional<std::array<double, 3>> paletteColor(DcmDataset& dataset, long value) {
  static const std::pair<DcmTagKey, DcmTagKey> tags[] = {
      {DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData},
      {DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData},
      {DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData}};
  std::array<double, 3> rgb{};
  for (std::size_t n = 0; n < 3; ++n) {
    Uint16 entries = 0, first = 0, bits = 0;
    const Uint16* table = nullptr;
    unsigned long count = 0;
    if (dataset.findAndGetUint16(tags[n].first, entries, 0).bad() ||
        dataset.findAndGetUint16(tags[n].first, first, 1).bad() ||
        dataset.findAndGetUint16(tags[n].first, bits, 2).bad() || (bits != 8 && bits != 16) ||
        dataset.findAndGetUint16Array(tags[n].second, table, &count).bad() || !table)
      return std::nullopt;
    const auto at = static_cast<unsigned long>(std::clamp(value - first, 0L, (entries ? entries : 65536L) - 1));
    // Entries of 8 bits lie two in a word, or one.
    const bool packed = bits == 8 && count < (entries ? entries : 65536UL);
    if ((packed ? at / 2 : at) >= count) return std::nullopt;
    const unsigned entry = packed ? table[at / 2] >> (at % 2 * 8) & 255u : table[at];
    rgb[n] = entry / (bits == 8 ? 255.0 : 65535.0);
  }
  return rgb;
}

std::string colorOf(DcmItem& segment, DcmDataset& dataset, long number) {
  Uint16 lab[3]{};
  double rgb[3]{};
  bool own = true;
  for (unsigned n = 0; n < 3; ++n)
    own = own && segment.findAndGetUint16(DCM_RecommendedDisplayCIELabValue, lab[n], n).good();
  if (own)
    IODCIELabUtil::dicomLab2RGB(rgb[0], rgb[1], rgb[2], lab[0], lab[1], lab[2]);
  else if (const auto shown = paletteColor(dataset, number))
    std::ranges::copy(*shown, rgb);
  else
    return {};
  const auto byte = [](double x) { return static_cast<int>(std::lround(std::clamp(x, 0.0, 1.0) * 255)); };
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", byte(rgb[0]) & 255, byte(rgb[1]) & 255, byte(rgb[2]) & 255);
  return text;
}

// Segment numbers to positions in `header.segments`.
Result<std::map<long, std::size_t>> readSegments(DcmDataset& dataset, SegHeader& header) {
  std::map<long, std::size_t> numbers;
  LORKD_CHECK(dicom::forEachItem(dataset, DCM_SegmentSequence, [&](DcmItem& item) -> Result<void> {
    const long number = dicom::integer(item, DCM_SegmentNumber, -1);
    if (!numbers.emplace(number, header.segments.size()).second)
      return bad("SegmentSequence: segment number " + std::to_string(number) + " is used twice");
    if (header.kind == SegKind::LabelMap && number == header.background) return {};
    if (header.kind == SegKind::LabelMap && (number < 0 || number > 65535))
      return bad("SegmentSequence: no pixel can hold segment number " + std::to_string(number));
    auto& segment = header.segments.emplace_back();
    segment.name = dicom::words(item, DCM_SegmentLabel, dataset);
    if (segment.name.empty()) segment.name = "segment " + std::to_string(number);
    segment.color = colorOf(item, dataset, number);
    segment.number = static_cast<int>(number);
    segment.category = dicom::codeIn(item, DCM_SegmentedPropertyCategoryCodeSequence, dataset);
    segment.code = dicom::codeIn(item, DCM_SegmentedPropertyTypeCodeSequence, dataset);
    if (DcmItem* type = dicom::sequenceItem(item, DCM_SegmentedPropertyTypeCodeSequence))
      segment.modifier = dicom::codeIn(*type, DCM_SegmentedPropertyTypeModifierCodeSequence, dataset);
    return {};
  }));
  if (numbers.empty()) return bad("SegmentSequence is missing");
  return numbers;
}

Result<void> readFrames(DcmDataset& dataset, const std::map<long, std::size_t>& numbers, SegHeader& header,
                        double& betweenSlices) {
  DcmItem* shared = dicom::sequenceItem(dataset, DCM_SharedFunctionalGroupsSequence);
  return dicom::forEachItem(dataset, DCM_PerFrameFunctionalGroupsSequence, [&](DcmItem& item) -> Result<void> {
    const std::string where = "frame " + std::to_string(header.frames.size() + 1) + ": ";
    SegFrame frame;
    if (header.kind != SegKind::LabelMap) {
      DcmItem* identification = dicom::functionalGroup(item, shared, DCM_SegmentIdentificationSequence);
      const long number = identification ? dicom::integer(*identification, DCM_ReferencedSegmentNumber, -1) : -1;
      const auto known = numbers.find(number);
      if (known == numbers.end()) return bad(where + "it belongs to no segment of SegmentSequence");
      frame.segment = known->second;
    }
    DcmItem* plane = dicom::functionalGroup(item, shared, DCM_PlanePositionSequence);
    const auto position = plane ? dicom::place(*plane, DCM_ImagePositionPatient) : std::nullopt;
    if (!position) return bad(where + "ImagePositionPatient is missing");
    frame.position = *position;
    DcmItem* turn = dicom::functionalGroup(item, shared, DCM_PlaneOrientationSequence);
    const auto orientation = turn ? dicom::orientation(*turn, DCM_ImageOrientationPatient) : std::nullopt;
    if (!orientation) return bad(where + "ImageOrientationPatient is missing or its axes are not at right angles");
    frame.orientation = *orientation;
    DcmItem* measures = dicom::functionalGroup(item, shared, DCM_PixelMeasuresSequence);
    const auto spacing = measures ? dicom::numbers(*measures, DCM_PixelSpacing, 2) : std::nullopt;
    if (!spacing || (*spacing)[0] <= 0 || (*spacing)[1] <= 0) return bad(where + "PixelSpacing is missing");
    frame.spacing = {(*spacing)[1], (*spacing)[0]};
    if (header.frames.empty()) {
      betweenSlices = dicom::number(*measures, DCM_SpacingBetweenSlices);
      if (betweenSlices <= 0) betweenSlices = dicom::number(*measures, DCM_SliceThickness);
    }
    header.frames.push_back(frame);
    return {};
  });
}

// The grid of the first frame's plane, stacked along its normal over all frames; without voxels where these are
// stacked unevenly.
Result<image::Geometry> gridOf(const SegHeader& header, double betweenSlices) {
  const SegFrame& first = header.frames.front();
  const auto normal = image::cross(first.orientation[0], first.orientation[1]);
  std::vector<double> at;
  const SegFrame* lowest = &first;
  for (const auto& frame : header.frames) {
    at.push_back(image::dot(frame.position, normal));
    if (at.back() < image::dot(lowest->position, normal)) lowest = &frame;
  }
  std::ranges::sort(at);
  double step = 0;
  for (std::size_t n = 1; n < at.size(); ++n)
    if (const double gap = at[n] - at[n - 1]; gap > 1e-3 && (step == 0 || gap < step)) step = gap;
  const double length = at.back() - at.front();
  // The written spacing is finer than the smallest gap only when planes without a voxel were left out.
  if (betweenSlices > 1e-3 && (step == 0 || std::abs(step / betweenSlices - std::round(step / betweenSlices)) < 0.01))
    step = betweenSlices;
  if (step == 0) step = 1;
  const double planes = std::round(length / step) + 1;
  if (planes > 65536) return bad("the frames spread over " + std::to_string(planes) + " planes");
  // Over a long stack a rounded step would drift; the ends are exact.
  if (planes > 1) step = length / (planes - 1);
  for (const double a : at)
    if (const double k = (a - at.front()) / step; std::abs(k - std::round(k)) > kPlaneTolerance)
      return image::Geometry();
  image::Geometry g;
  g.size = {header.columns, header.rows, static_cast<std::int64_t>(planes)};
  g.spacing = {first.spacing[0], first.spacing[1], step};
  g.origin = lowest->position;
  for (std::size_t r = 0; r < 3; ++r) g.direction[r] = {first.orientation[0][r], first.orientation[1][r], normal[r]};
  return g;
}

}  // namespace

bool isSegmentation(const std::string& sopClassUid) {
  // DCMTK 3.6.7 has no name for label maps.
  return sopClassUid == UID_SegmentationStorage || sopClassUid == "1.2.840.10008.5.1.4.1.1.66.7";
}

Result<SegHeader> readSegHeader(DcmDataset& dataset) {
  SegHeader header;
  header.rows = static_cast<int>(dicom::integer(dataset, DCM_Rows));
  header.columns = static_cast<int>(dicom::integer(dataset, DCM_Columns));
  if (header.rows < 1 || header.columns < 1) return bad("Rows or Columns is missing");
  const std::string type = dicom::text(dataset, DCM_SegmentationType);
  if (type != "BINARY" && type != "FRACTIONAL" && type != "LABELMAP")
    return fail(ErrorCode::Unsupported, "segmentations of type '" + dicom::ascii(type) + "' cannot be read",
                "convert it to a binary segmentation");
  if (type == "FRACTIONAL") header.kind = SegKind::Fractional;
  const long bits = dicom::integer(dataset, DCM_BitsAllocated);
  if (type == "LABELMAP") {
    header.kind = SegKind::LabelMap;
    header.background = dicom::integer(dataset, DCM_PixelPaddingValue, 0) & 0xffff;
  }
  if (bits != (header.kind == SegKind::Binary ? 1 : 8) && !(header.kind == SegKind::LabelMap && bits == 16))
    return bad("BitsAllocated " + std::to_string(bits) + " does not suit segmentations of type " + type);
  if (header.kind == SegKind::LabelMap && dicom::integer(dataset, DCM_PixelRepresentation) != 0)
    return bad("PixelRepresentation: the values of a label map are segment numbers, which have no sign");
  if (header.kind == SegKind::Fractional) {
    header.maximum = static_cast<int>(dicom::integer(dataset, DCM_MaximumFractionalValue, 255));
    if (header.maximum < 1 || header.maximum > 255) return bad("MaximumFractionalValue is out of range");
  }
  LORKD_TRY(numbers, readSegments(dataset, header));
  double betweenSlices = 0;
  LORKD_CHECK(readFrames(dataset, numbers, header, betweenSlices));
  const long frames = dicom::integer(dataset, DCM_NumberOfFrames, -1);
  if (frames < 1) return bad("NumberOfFrames is missing");
  if (frames != static_cast<long>(header.frames.size()))
    return bad("NumberOfFrames says " + std::to_string(frames) + ", the frame headers are " +
               std::to_string(header.frames.size()));
  LORKD_TRY(grid, gridOf(header, betweenSlices));
  header.geometry = grid;
  return header;
}

References readReferences(DcmDataset& dataset) {
  std::set<std::string> series, instances;
  const auto uid = [](DcmItem& item, const DcmTagKey& tag) { return dicom::ascii(dicom::text(item, tag)); };
  const auto instancesIn = [&](DcmItem& item, const DcmTagKey& sequence) {
    return dicom::forEachItem(item, sequence, [&](DcmItem& reference) -> Result<void> {
      instances.insert(uid(reference, DCM_ReferencedSOPInstanceUID));
      return {};
    });
  };
  // None of the visits fails, so their results say nothing.
  (void)dicom::forEachItem(dataset, DCM_ReferencedSeriesSequence, [&](DcmItem& item) {
    series.insert(uid(item, DCM_SeriesInstanceUID));
    return instancesIn(item, DCM_ReferencedInstanceSequence);
  });
  (void)dicom::forEachItem(dataset, DCM_ReferencedFrameOfReferenceSequence, [&](DcmItem& frame) {
    return dicom::forEachItem(frame, DCM_RTReferencedStudySequence, [&](DcmItem& study) {
      return dicom::forEachItem(study, DCM_RTReferencedSeriesSequence, [&](DcmItem& item) {
        series.insert(uid(item, DCM_SeriesInstanceUID));
        return instancesIn(item, DCM_ContourImageSequence);
      });
    });
  });
  if (instances.empty())
    (void)dicom::forEachItem(dataset, DCM_PerFrameFunctionalGroupsSequence, [&](DcmItem& frame) {
      return dicom::forEachItem(frame, DCM_DerivationImageSequence,
                                [&](DcmItem& derivation) { return instancesIn(derivation, DCM_SourceImageSequence); });
    });
  for (auto* set : {&series, &instances}) set->erase("");
  return {{series.begin(), series.end()}, {instances.begin(), instances.end()}};
}

}  // namespace lorkd::io
