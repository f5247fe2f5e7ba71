// Segmentations as binary DICOM SEG (PS3.3 A.51) through DCMTK's dcmseg.
#include <dcmtk/dcmfg/fgderimg.h>
#include <dcmtk/dcmfg/fgfracon.h>
#include <dcmtk/dcmfg/fgpixmsr.h>
#include <dcmtk/dcmfg/fgplanor.h>
#include <dcmtk/dcmfg/fgplanpo.h>
#include <dcmtk/dcmiod/cielabutil.h>
#include <dcmtk/dcmseg/segdoc.h>
#include <dcmtk/dcmseg/segment.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/io/dicom/DicomWriter.h"
#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kGridHint = "resample the segments to the grid of the series they were drawn on";

std::unexpected<Error> dcmtkError(const OFCondition& status, const std::string& what) {
  return fail(ErrorCode::Internal, "the segmentation cannot be built: " + what + ": " + status.text());
}

// The source instance of each plane of the grid, found by position. Errors: Mismatch, and what load() says.
Result<std::vector<std::size_t>> matchPlanes(const image::Geometry& grid, const std::vector<SliceHeader>& source) {
  const auto bad = [](const std::string& what) { return fail(ErrorCode::Mismatch, what, kGridHint); };
  for (const auto& h : source) {
    const std::string name = h.file.filename().string();
    if (!h.position || !h->orientation || !h->spacing) return bad("source slice " + name + " has no position in space");
    if (h->columns != grid.size[0] || h->rows != grid.size[1])
      return bad("the segments have " + std::to_string(grid.size[0]) + " x " + std::to_string(grid.size[1]) +
                 " voxels a slice, source slice " + name + " has " + std::to_string(h->columns) + " x " +
                 std::to_string(h->rows));
    for (std::size_t a = 0; a < 2; ++a) {
      // The far end of the slice may not wander by more than a tenth of a voxel.
      const double reach = static_cast<double>(grid.size[a]);
      if (!(std::abs((*h->spacing)[a] - grid.spacing[a]) * reach <= 0.1 * grid.spacing[a]))
        return bad("the segments and source slice " + name + " differ in voxel spacing");
      for (std::size_t r = 0; r < 3; ++r)
        if (!(std::abs((*h->orientation)[a][r] - grid.direction[r][a]) * reach <= 0.1))
          return bad("the segments and source slice " + name + " differ in orientation");
    }
  }
  std::vector<std::size_t> match;
  const double tolerance = 0.01 * std::ranges::min(grid.spacing);
  for (std::int64_t k = 0; k < grid.size[2]; ++k) {
    const auto lps = grid.indexToLps({0, 0, static_cast<double>(k)});
    const auto distance = [&](const SliceHeader& h) {
      const auto& p = *h.position;
      const image::Vec3 d{p[0] - lps[0], p[1] - lps[1], p[2] - lps[2]};
      return std::sqrt(image::dot(d, d));
    };
    const auto nearest = std::ranges::min_element(source, {}, distance);
    if (nearest == source.end() || !(distance(*nearest) <= tolerance))
      return bad("no source slice lies at plane " + std::to_string(k) + " of the segments");
    match.push_back(static_cast<std::size_t>(nearest - source.begin()));
  }
  return match;
}

// DCMTK takes every byte above 127 for an invalid character, whatever the character set: text of patients and segments
// goes past its checks. This takes the source's text out, as UTF-8, and leaves ASCII in its stead.
std::vector<std::pair<DcmTagKey, std::string>> takeTextOut(DcmDataset& dataset) {
  std::vector<std::pair<DcmTagKey, std::string>> taken;
  for (DcmObject* object = nullptr; (object = dataset.nextInContainer(object));) {
    if (!object->isLeaf() || !object->isAffectedBySpecificCharacterSet()) continue;
    const std::string raw = dicom::text(dataset, object->getTag());
    if (std::ranges::all_of(raw, [](unsigned char c) { return c < 128; })) continue;
    taken.emplace_back(object->getTag(), dicom::words(dataset, object->getTag(), dataset));
  }
  for (const auto& [tag, text] : taken) dataset.putAndInsertString(tag, "x");
  return taken;
}

// Puts the real text where placeholders were.
OFCondition putTextIn(DcmDataset& dataset, const std::vector<std::pair<DcmTagKey, std::string>>& taken,
                      const std::vector<image::Segment>& segments) {
  dicom::Setter set(dataset);
  set(DCM_SpecificCharacterSet, "ISO_IR 192");
  for (const auto& [tag, text] : taken)
    if (dataset.tagExists(tag)) set(tag, text);
  OFCondition status = set.status();
  const auto setMeaning = [&status](DcmItem* code, const plan::Code& from, const std::string& instead) {
    if (status.bad() || !image::coded(from)) return;
    if (!code) {
      status = EC_TagNotFound;
      return;
    }
    dicom::Setter setCode(*code);
    setCode(DCM_CodeMeaning, dicom::longString(from.meaning.empty() ? instead : from.meaning));
    status = setCode.status();
  };
  for (std::size_t s = 0; s < segments.size() && status.good(); ++s) {
    const auto& segment = segments[s];
    DcmItem* item = dicom::sequenceItem(dataset, DCM_SegmentSequence, static_cast<long>(s));
    DcmItem* type = item ? dicom::sequenceItem(*item, DCM_SegmentedPropertyTypeCodeSequence) : nullptr;
    if (!type) return EC_TagNotFound;
    dicom::Setter setItem(*item);
    setItem(DCM_SegmentLabel, dicom::longString(segment.name));
    status = setItem.status();
    setMeaning(type, segment.code, segment.name);
    setMeaning(dicom::sequenceItem(*item, DCM_SegmentedPropertyCategoryCodeSequence), segment.category, segment.name);
    setMeaning(dicom::sequenceItem(*type, DCM_SegmentedPropertyTypeModifierCodeSequence), segment.modifier,
               segment.name);
  }
  return status;
}

Result<void> addSegment(DcmSegmentation& seg, const image::Segment& source) {
  // Without a code, "Tissue" is the least that the standard accepts for a property type (CID 7151 is extensible).
  CodeSequenceMacro category("123037004", "SCT", "Anatomical Structure"), type("85756007", "SCT", "Tissue");
  OFCondition status = EC_Normal;
  // Meanings follow in putTextIn().
  const auto take = [&status](CodeSequenceMacro& code, const plan::Code& from) {
    if (status.good() && image::coded(from)) status = code.set(from.value.c_str(), from.scheme.c_str(), "meaning");
  };
  take(category, source.category);
  take(type, source.code);
  DcmSegment* segment = nullptr;
  if (status.good())
    status = DcmSegment::create(segment, "label", category, type, DcmSegTypes::SAT_AUTOMATIC, "LoRKD Workbench");
  if (status.good() && image::coded(source.modifier)) {
    auto modifier = std::make_unique<CodeSequenceMacro>();
    take(*modifier, source.modifier);
    segment->getSegmentedPropertyTypeModifierCode().push_back(modifier.release());
  }
  if (status.bad()) return dcmtkError(status, "segment '" + source.name + "'");
  unsigned rgb = 0;
  const std::string& color = source.color;
  if (color.size() == 7 && color[0] == '#' &&
      std::from_chars(color.data() + 1, color.data() + 7, rgb, 16).ptr == color.data() + 7) {
    double lab[3];
    IODCIELabUtil::rgb2DicomLab(lab[0], lab[1], lab[2], (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0,
                                (rgb & 255) / 255.0);
    const auto u16 = [](double x) { return static_cast<Uint16>(std::clamp(std::lround(x), 0L, 65535L)); };
    status = segment->setRecommendedDisplayCIELabValue(u16(lab[0]), u16(lab[1]), u16(lab[2]));
    if (status.bad()) return dcmtkError(status, "colour of segment '" + source.name + "'");
  }
  Uint16 number = 0;
  status = seg.addSegment(segment, number);
  if (status.bad()) return dcmtkError(status, "segment '" + source.name + "'");
  return {};
}

Result<void> addShared(DcmSegmentation& seg, const image::Geometry& g, const std::string& dimensionUid) {
  const auto& d = g.direction;
  FGPixelMeasures measures;
  measures.setPixelSpacing(dicom::decimals({g.spacing[1], g.spacing[0]}).c_str());
  measures.setSliceThickness(dicom::decimal(g.spacing[2]).c_str());
  measures.setSpacingBetweenSlices(dicom::decimal(g.spacing[2]).c_str());
  const auto text = [](double x) { return OFString(dicom::decimal(x).c_str()); };
  const std::unique_ptr<FGPlaneOrientationPatient> orientation(FGPlaneOrientationPatient::createMinimal(
      text(d[0][0]), text(d[1][0]), text(d[2][0]), text(d[0][1]), text(d[1][1]), text(d[2][1])));
  if (!orientation) return fail(ErrorCode::Internal, "the orientation of the segments cannot be written");
  OFCondition status = seg.addForAllFrames(measures);
  if (status.good()) status = seg.addForAllFrames(*orientation);
  if (status.good())
    status = seg.getDimensions().addDimensionIndex(DCM_ReferencedSegmentNumber, dimensionUid.c_str(),
                                                   DCM_SegmentIdentificationSequence, "Segment");
  if (status.good())
    status = seg.getDimensions().addDimensionIndex(DCM_ImagePositionPatient, dimensionUid.c_str(),
                                                   DCM_PlanePositionSequence, "Position");
  if (status.bad()) return dcmtkError(status, "geometry");
  return {};
}

// Frames as DICOM stores them: one bit a voxel, first voxel lowest, frames following each other without a gap (PS3.5
// section 8.1.1). DCMTK 3.6.7 garbles frames whose voxel count is no multiple of eight, so its own packing is not used.
class BitStream {
 public:
  void append(const std::uint8_t* values, std::size_t count) {
    m_bytes.resize((m_bits + count + 7) / 8);
    for (std::size_t n = 0; n < count; ++n, ++m_bits)
      if (values[n] != 0) m_bytes[m_bits / 8] |= static_cast<std::uint8_t>(1u << (m_bits % 8));
  }
  /// Padded to an even length.
  std::vector<std::uint8_t> finish() && {
    m_bytes.resize((m_bytes.size() + 1) / 2 * 2);
    return std::move(m_bytes);
  }

 private:
  std::vector<std::uint8_t> m_bytes;
  std::size_t m_bits = 0;
};

// One frame for each plane that a segment touches; an empty segment gets one empty frame, since a SEG without frames of
// a segment is not readable everywhere.
Result<std::vector<std::uint8_t>> addFrames(DcmSegmentation& seg, const image::SegmentSet& set,
                                            const std::vector<SliceHeader>& source,
                                            const std::vector<std::size_t>& match) {
  const auto& g = set.geometry;
  const auto plane = static_cast<std::size_t>(g.size[0] * g.size[1]);
  std::vector<std::unique_ptr<FGBase>> positions, derivations;
  for (std::int64_t k = 0; k < g.size[2]; ++k) {
    const auto lps = g.indexToLps({0, 0, static_cast<double>(k)});
    positions.emplace_back(FGPlanePosPatient::createMinimal(
        dicom::decimal(lps[0]).c_str(), dicom::decimal(lps[1]).c_str(), dicom::decimal(lps[2]).c_str()));
    ImageSOPInstanceReferenceMacro reference;
    const auto& h = source[match[static_cast<std::size_t>(k)]];
    reference.setReferencedSOPClassUID(h->sopClassUid.c_str());
    reference.setReferencedSOPInstanceUID(h.sopInstanceUid.c_str());
    if (h.frames > 1) reference.addReferencedFrameNumber(static_cast<Uint16>(h.frame + 1));
    OFVector<ImageSOPInstanceReferenceMacro> references;
    references.push_back(reference);
    derivations.emplace_back(DcmSegmentation::createDerivationImageFG(references, "Segmentation"));
    if (!positions.back() || !derivations.back())
      return fail(ErrorCode::Internal, "plane " + std::to_string(k) + " of the segments cannot be described");
  }
  BitStream bits;
  FGFrameContent content;
  for (std::size_t s = 0; s < set.segments.size(); ++s) {
    const auto& mask = set.segments[s].mask;
    bool any = false;
    for (std::size_t k = 0; k < positions.size(); ++k) {
      auto* frame = const_cast<Uint8*>(mask.data() + k * plane);
      const bool touched = std::any_of(frame, frame + plane, [](Uint8 v) { return v != 0; });
      if (!touched && (any || k + 1 < positions.size())) continue;
      any = true;
      content.setDimensionIndexValues(static_cast<Uint32>(s + 1), 0);
      content.setDimensionIndexValues(static_cast<Uint32>(k + 1), 1);
      OFVector<FGBase*> groups;
      groups.push_back(positions[k].get());
      groups.push_back(derivations[k].get());
      groups.push_back(&content);
      const OFCondition status = seg.addFrame(frame, static_cast<Uint16>(s + 1), groups);
      if (status.bad()) return dcmtkError(status, "frame of segment '" + set.segments[s].name + "'");
      bits.append(frame, plane);
    }
  }
  return std::move(bits).finish();
}

Result<void> addReferences(DcmSegmentation& seg, const std::vector<SliceHeader>& source) {
  auto series = std::make_unique<IODSeriesAndInstanceReferenceMacro::ReferencedSeriesItem>();
  OFCondition status = series->setSeriesInstanceUID(source.front()->seriesUid.c_str());
  for (const auto& h : source)
    if (status.good() && h.frame == 0) status = series->addReference(h->sopClassUid.c_str(), h.sopInstanceUid.c_str());
  if (status.bad()) return dcmtkError(status, "references to the source series");
  seg.getCommonInstanceReference().getReferencedSeriesItems().push_back(series.release());
  return {};
}

// Puts pseudonyms for the identifiers in the headers, and makes a data set of a patient and a study that has them
// alone.
Result<void> hideIdentity(std::vector<SliceHeader>& headers, DcmDataset& dataset, const Pseudonym& pseudonym) {
  const auto hide = [&](std::string& uid) {
    if (!uid.empty()) uid = dicom::uid(pseudonym(uid), "pseudonym");
  };
  const auto& first = headers.front();
  const auto patient =
      "patient-" + pseudonym(first->patientId.empty() ? first->studyUid : first->patientId).substr(0, 10);
  for (auto& h : headers) {
    auto series = *h.series;
    for (auto* uid : {&series.studyUid, &series.seriesUid, &series.frameOfReferenceUid, &h.sopInstanceUid}) hide(*uid);
    h.series = std::make_shared<const SeriesHeader>(std::move(series));
  }
  dicom::Setter set(dataset);
  set(DCM_PatientID, patient);
  set(DCM_PatientName, patient);
  set(DCM_StudyInstanceUID, headers.front()->studyUid);
  if (!headers.front()->frameOfReferenceUid.empty()) set(DCM_FrameOfReferenceUID, headers.front()->frameOfReferenceUid);
  return set.status().good() ? Result<void>() : dcmtkError(set.status(), "pseudonyms");
}

// Changes with every voxel and name, so that two results never share a UID.
std::string contentSeed(const image::SegmentSet& set, const std::string& seed) {
  Sha256 digest;
  digest.update(seed);
  for (const auto& segment : set.segments) {
    digest.update(segment.name + '\n');
    digest.update({reinterpret_cast<const char*>(segment.mask.data()), segment.mask.size()});
  }
  return digest.hex();
}

Result<void> checkSegments(const image::SegmentSet& set) {
  if (set.segments.empty() || set.segments.size() > 65535)
    return fail(ErrorCode::InvalidArgument, "a segmentation needs 1 to 65535 segments");
  for (const auto& segment : set.segments) {
    if (set.geometry.voxels() <= 0 || static_cast<std::int64_t>(segment.mask.size()) != set.geometry.voxels())
      return fail(ErrorCode::InvalidArgument, "segment '" + segment.name + "' does not fill its grid");
    if (segment.name.empty()) return fail(ErrorCode::InvalidArgument, "a segment has no name");
  }
  return {};
}

}  // namespace

Result<fs::path> writeSeg(const fs::path& file, const image::SegmentSet& segments, const WrittenSeries& source,
                          const DicomHeader& header, const Pseudonym& pseudonym) {
  LORKD_CHECK(checkSegments(segments));
  if (source.files.empty()) return fail(ErrorCode::InvalidArgument, "the source series has no files");
  std::vector<SliceHeader> headers;
  std::optional<dicom::Loaded> first;
  for (const auto& path : source.files) {
    LORKD_TRY(loaded, dicom::load(path));
    std::ranges::move(framesOf(loaded, describe(loaded, path)), std::back_inserter(headers));
    if (!first) first = std::move(loaded);
  }
  DcmDataset pseudonymous;
  if (pseudonym) LORKD_CHECK(hideIdentity(headers, pseudonymous, pseudonym));
  DcmDataset& origin = pseudonym ? pseudonymous : first->dataset();
  LORKD_TRY(match, matchPlanes(segments.geometry, headers));

  const std::string seed = contentSeed(segments, header.uidSeed.empty() ? dicom::freshSeed() : header.uidSeed);
  DcmSegmentation* raw = nullptr;
  const IODGeneralEquipmentModule::EquipmentInfo equipment(header.manufacturer.c_str(), "LoRKD Workbench", "1", "1");
  const ContentIdentificationMacro identification("1", "SEGMENTATION", "", "LoRKD");
  OFCondition status = DcmSegmentation::createBinarySegmentation(raw, static_cast<Uint16>(segments.geometry.size[1]),
                                                                 static_cast<Uint16>(segments.geometry.size[0]),
                                                                 equipment, identification);
  const std::unique_ptr<DcmSegmentation> seg(raw);
  if (status.bad()) return dcmtkError(status, "frame");
  const auto text = takeTextOut(origin);
  status = seg->importHierarchy(origin, OFTrue, OFTrue, OFTrue, OFFalse, OFFalse);
  if (status.bad()) return dcmtkError(status, "patient and study of the source");
  for (const auto& segment : segments.segments) LORKD_CHECK(addSegment(*seg, segment));
  LORKD_CHECK(addShared(*seg, segments.geometry, dicom::uid(seed, "dimensions")));
  LORKD_TRY(bits, addFrames(*seg, segments, headers, match));
  LORKD_CHECK(addReferences(*seg, headers));
  // The groups were just made by this function; DCMTK's check of every frame against every other is quadratic.
  seg->setCheckDimensionsOnWrite(OFFalse);
  seg->getSeries().setSeriesNumber(std::to_string(header.seriesNumber).c_str());

  DcmFileFormat format;
  DcmDataset& dataset = *format.getDataset();
  status = seg->writeDataset(dataset);
  if (status.good()) status = dataset.putAndInsertUint8Array(DCM_PixelData, bits.data(), bits.size());
  if (status.good()) status = putTextIn(dataset, text, segments.segments);
  if (status.bad()) return dcmtkError(status, "dataset");
  dicom::Setter set(dataset);
  const bool ownSeries = !header.seriesUid.empty() && header.seriesUid != headers.front()->seriesUid;
  set(DCM_SOPInstanceUID, dicom::uid(seed, "segmentation"));
  set(DCM_SeriesInstanceUID, ownSeries ? header.seriesUid : dicom::uid(seed, "segmentation series"));
  set(DCM_SeriesDescription, dicom::longString(header.seriesDescription));
  set(DCM_ContentDescription, dicom::longString(header.seriesDescription));
  if (pseudonym) {
    set(DCM_PatientIdentityRemoved, "YES");
    set(DCM_DeidentificationMethod, "identifiers and UIDs replaced by keyed pseudonyms");
  }
  for (const auto& tag : {DCM_SeriesDate, DCM_ContentDate}) set(tag, header.studyDate);
  for (const auto& tag : {DCM_SeriesTime, DCM_ContentTime}) set(tag, header.studyTime);
  if (set.status().bad()) return dcmtkError(set.status(), "identifiers");
  LORKD_CHECK(dicom::save(format, file));
  return file;
}

}  // namespace lorkd::io
