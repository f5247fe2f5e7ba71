#include "core/io/dicom/SliceHeader.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>

#include "core/io/dicom/Mosaic.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// Bytes of a value that were found when the file was parsed. DCMTK keeps the count for classes derived from its own.
std::uint32_t transferred(const DcmElement& element) {
  struct Reader : DcmElement {
    static Uint32 of(const DcmElement& e) { return (e.*(&Reader::getTransferredBytes))(); }
  };
  return Reader::of(element);
}

bool isImageClass(const std::string& sopClassUid) {
  const char** const end = dcmImageSOPClassUIDs + numberOfDcmImageSOPClassUIDs;
  return std::any_of(dcmImageSOPClassUIDs, end, [&](const char* uid) { return uid && sopClassUid == uid; });
}

// Compares the bytes that are there with the bytes that the image description asks for.
std::string truncation(const dicom::Loaded& loaded, const SliceHeader& header) {
  if (header->rows < 1 || header->columns < 1)
    return isImageClass(header->sopClassUid) ? "there are no pixel data" : "";
  DcmElement* element = nullptr;
  if (loaded.dataset().findAndGetElement(DCM_PixelData, element).bad() || !element) return "there are no pixel data";
  const bool encapsulated = DcmXfer(loaded.dataset().getOriginalXfer()).isEncapsulated();
  // A file that ends badly may just carry rubbish behind its pixels: then they were passed in full.
  const auto cut = [&] {
    return element->valueLoaded() ? transferred(*element) < element->getLengthField()
                                  : element->loadAllDataIntoMemory().bad();
  };
  if (loaded.status.bad() && (encapsulated || cut())) return "the file ends inside its pixel data";
  if (encapsulated) return {};
  // Two pixels side by side share their colours (PS3.3 section C.7.6.3.1.2).
  const double samples = header->photometric.ends_with("_422") ? 2 : header->samples;
  const double bits =
      static_cast<double>(header->rows) * header->columns * samples * header->bitsAllocated * header.frames;
  const double there = element->getLengthField();
  if (there * 8 >= bits) return {};
  return "the pixel data have " + std::to_string(element->getLengthField()) + " bytes, the header asks for " +
         std::to_string(static_cast<long long>((bits + 7) / 8));
}

const DcmTagKey kNone(0xffff, 0xffff);

// One mark: its tag in a classic header, and in an enhanced one the functional group that holds it.
struct MarkTag {
  Mark mark;
  const char* words;
  DcmTagKey classic, group, grouped;
};
const std::array<MarkTag, kMarks>& markTags() {
  static const DcmTagKey none = kNone;
  static const std::array<MarkTag, kMarks> tags{{
      {Mark::Stack, "stack", none, DCM_FrameContentSequence, DCM_StackID},
      {Mark::ImageType, "image type", DCM_ImageType, none, none},
      {Mark::EchoTime, "echo time", DCM_EchoTime, DCM_MREchoSequence, DCM_EffectiveEchoTime},
      {Mark::BValue, "b-value", DCM_DiffusionBValue, DCM_MRDiffusionSequence, DCM_DiffusionBValue},
      {Mark::GradientDirection, "gradient direction", DCM_DiffusionGradientOrientation, DCM_MRDiffusionSequence, none},
      {Mark::TemporalPosition, "temporal position", DCM_TemporalPositionIdentifier, DCM_FrameContentSequence,
       DCM_TemporalPositionIndex},
      {Mark::TriggerTime, "trigger time", DCM_TriggerTime, DCM_CardiacSynchronizationSequence,
       DCM_NominalCardiacTriggerDelayTime},
      {Mark::Phase, "cardiac phase", DCM_NominalPercentageOfCardiacPhase, DCM_CardiacSynchronizationSequence,
       DCM_NominalPercentageOfCardiacPhase},
      {Mark::Acquisition, "acquisition", DCM_AcquisitionNumber, DCM_FrameContentSequence, DCM_FrameAcquisitionNumber},
      {Mark::ReferenceTime, "frame reference time", DCM_FrameReferenceTime, DCM_FrameContentSequence,
       DCM_FrameReferenceDateTime},
      {Mark::AcquisitionTime, "acquisition time", DCM_AcquisitionTime, DCM_FrameContentSequence,
       DCM_FrameAcquisitionDateTime},
  }};
  return tags;
}

// Any value, numbers too, as short text.
std::string valueOf(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  OFString value;
  if (item.findAndGetElement(tag, element).bad() || !element || element->getLengthField() > 256 ||
      element->getOFStringArray(value).bad())
    return {};
  std::string out = dicom::ascii(value.c_str());
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

// The values of a parsed data set.
class Parsed final : public HeaderValues {
 public:
  explicit Parsed(DcmItem& set) : m_set(set) {}
  std::string text(const DcmTagKey& tag) const override { return dicom::text(m_set, tag); }
  std::string any(const DcmTagKey& tag) const override { return valueOf(m_set, tag); }
  long integer(const DcmTagKey& tag, long fallback) const override { return dicom::integer(m_set, tag, fallback); }
  dicom::Numbers numbers(const DcmTagKey& tag, unsigned count) const override {
    return dicom::numbers(m_set, tag, count);
  }
  bool privateElements() const override {
    DcmStack place;
    while (m_set.nextObject(place, OFTrue).good())
      if (place.top()->getGTag() % 2 != 0) return true;
    return false;
  }

 private:
  DcmItem& m_set;
};

std::optional<std::array<double, 2>> spacingOf(const dicom::Numbers& s) {
  if (!s || std::ranges::any_of(*s, [](double v) { return !(v > 1e-6 && v <= 1e4); })) return std::nullopt;
  return std::array{(*s)[1], (*s)[0]};
}

// What the functional groups of a frame say.
void takeGroups(SliceHeader& h, SeriesHeader& series, DcmItem& frame, DcmItem* shared) {
  const auto group = [&](const DcmTagKey& tag) { return dicom::functionalGroup(frame, shared, tag); };
  if (auto* plane = group(DCM_PlanePositionSequence)) h.position = dicom::place(*plane, DCM_ImagePositionPatient);
  if (auto* turn = group(DCM_PlaneOrientationSequence))
    series.orientation = dicom::orientation(*turn, DCM_ImageOrientationPatient);
  if (auto* measures = group(DCM_PixelMeasuresSequence)) {
    series.spacing = spacingOf(dicom::numbers(*measures, DCM_PixelSpacing, 2));
    series.sliceThickness = dicom::number(*measures, DCM_SliceThickness);
  }
  for (const auto& tag : markTags()) {
    auto* item = group(tag.group);
    if (!item) continue;
    if (tag.mark == Mark::GradientDirection) {
      item = dicom::sequenceItem(*item, DCM_DiffusionGradientDirectionSequence);
      if (item) h.marks.set(tag.mark, valueOf(*item, DCM_DiffusionGradientOrientation));
    } else {
      h.marks.set(tag.mark, valueOf(*item, tag.grouped));
    }
  }
  for (const auto& type : {DCM_MRImageFrameTypeSequence, DCM_CTImageFrameTypeSequence, DCM_PETFrameTypeSequence})
    if (auto* item = group(type)) h.marks.set(Mark::ImageType, valueOf(*item, DCM_FrameType));
}

}  // namespace

std::string toString(Mark mark) { return markTags()[static_cast<std::size_t>(mark)].words; }

std::string_view Marks::operator[](Mark mark) const {
  const auto at = m_text.find(static_cast<char>(static_cast<int>(mark) + 1));
  if (at == std::string::npos) return {};
  const auto value = std::string_view(m_text).substr(at + 1);
  return value.substr(0, std::ranges::find_if(value, [](char c) { return c < ' '; }) - value.begin());
}

void Marks::set(Mark mark, std::string_view value) {
  const auto sign = static_cast<char>(static_cast<int>(mark) + 1);
  if (const auto at = m_text.find(sign); at != std::string::npos) m_text.erase(at, 1 + (*this)[mark].size());
  if (value.empty()) return;
  const auto next = std::ranges::find_if(m_text, [&](char c) { return c < ' ' && c > sign; });
  m_text.insert(m_text.insert(next, sign) + 1, value.begin(), value.end());
}

bool SliceHeader::operator==(const SliceHeader& other) const {
  const auto own = [](const SliceHeader& h) {
    return std::tie(h.file, h.frame, h.frames, h.sopInstanceUid, h.position, h.marks, h.truncation);
  };
  return own(*this) == own(other) && *series == *other.series;
}

SeriesHeader seriesHeader(const HeaderValues& values) {
  const auto code = [&](const DcmTagKey& tag) { return dicom::ascii(values.text(tag)); };
  const auto charset = values.text(DCM_SpecificCharacterSet);
  const auto words = [&](const DcmTagKey& tag) { return dicom::utf8(values.text(tag), charset); };
  const auto whole = [&](const DcmTagKey& tag, long fallback = 0) {
    return static_cast<int>(values.integer(tag, fallback));
  };
  SeriesHeader h;
  h.patientId = words(DCM_PatientID);
  h.patientName = words(DCM_PatientName);
  h.birthDate = code(DCM_PatientBirthDate);
  h.description = words(DCM_SeriesDescription);
  h.bodyPart = words(DCM_BodyPartExamined);
  h.studyUid = code(DCM_StudyInstanceUID);
  h.seriesUid = code(DCM_SeriesInstanceUID);
  h.frameOfReferenceUid = code(DCM_FrameOfReferenceUID);
  h.sopClassUid = code(DCM_SOPClassUID);
  h.modality = code(DCM_Modality);
  h.studyDate = code(DCM_StudyDate);
  h.photometric = code(DCM_PhotometricInterpretation);
  h.imageType = code(DCM_ImageType);
  h.units = code(DCM_Units);
  h.decayCorrection = code(DCM_DecayCorrection);
  // Enhanced PET says whether, and to which moment (PS3.3, Enhanced PET Corrections Module).
  if (const auto corrected = code(DCM_DecayCorrected); !corrected.empty())
    h.decayCorrection = corrected == "NO" ? "NONE" : "to " + code(DCM_DecayCorrectionDateTime);
  h.rows = whole(DCM_Rows);
  h.columns = whole(DCM_Columns);
  h.samples = whole(DCM_SamplesPerPixel, 1);
  h.bitsAllocated = whole(DCM_BitsAllocated);
  h.orientation = dicom::orientation(values.numbers(DCM_ImageOrientationPatient, 6));
  h.spacing = spacingOf(values.numbers(DCM_PixelSpacing, 2));
  if (!h.spacing) h.faultySpacing = values.any(DCM_PixelSpacing);
  h.burnedIn = code(DCM_BurnedInAnnotation) == "YES";
  h.privateElements = values.privateElements();
  if (const auto thickness = values.numbers(DCM_SliceThickness, 1)) h.sliceThickness = thickness->front();
  return h;
}

SliceHeader sliceHeader(const HeaderValues& values) {
  SliceHeader h;
  h.sopInstanceUid = dicom::ascii(values.text(DCM_SOPInstanceUID));
  h.frames = static_cast<int>(std::clamp(values.integer(DCM_NumberOfFrames, 1), 1L, 1L << 30));
  h.position = dicom::place(values.numbers(DCM_ImagePositionPatient, 3));
  for (const auto& tag : markTags())
    if (tag.classic != kNone) h.marks.set(tag.mark, values.any(tag.classic));
  return h;
}

SliceHeader describe(const dicom::Loaded& loaded, const fs::path& path) {
  const Parsed values(loaded.dataset());
  auto h = sliceHeader(values);
  auto series = seriesHeader(values);
  h.file = path;
  // DCMTK reads what it does not know as if it were not compressed.
  auto* meta = loaded.file->getMetaInfo();
  const auto declared = meta ? dicom::ascii(dicom::text(*meta, DCM_TransferSyntaxUID)) : std::string();
  const bool known = declared.empty() || DcmXfer(declared.c_str()).getXfer() != EXS_Unknown;
  series.decimalCommas = dicom::decimalCommas(loaded.dataset());
  series.transferSyntax = known ? DcmXfer(loaded.dataset().getOriginalXfer()).getXferID() : declared;
  h.series = std::make_shared<const SeriesHeader>(std::move(series));
  h.truncation = truncation(loaded, h);
  if (const auto frames = dicom::text(loaded.dataset(), DCM_NumberOfFrames);
      h.truncation.empty() && !frames.empty() && dicom::integer(loaded.dataset(), DCM_NumberOfFrames, 0) < 1)
    h.truncation = "the Number of Frames is \"" + dicom::ascii(frames) + "\", which is no whole number above 0";
  return h;
}

std::vector<SliceHeader> framesOf(const dicom::Loaded& loaded, const SliceHeader& file) {
  DcmDataset& set = loaded.dataset();
  if (file.frames == 1 && file.truncation.empty() && isMosaic(*file.series)) return tilesOf(loaded, file);
  auto* shared = dicom::sequenceItem(set, DCM_SharedFunctionalGroupsSequence);
  std::vector<SliceHeader> frames;
  constexpr std::size_t kMostFrames = 1 << 17;  // a header of its own for each costs memory
  // No visit fails.
  (void)dicom::forEachItem(set, DCM_PerFrameFunctionalGroupsSequence, [&](DcmItem& item) -> Result<void> {
    if (frames.size() == kMostFrames) return {};
    auto& h = frames.emplace_back(file);
    h.frame = static_cast<int>(frames.size()) - 1;
    auto series = *file.series;
    takeGroups(h, series, item, shared);
    const auto& last = frames.size() > 1 ? frames[frames.size() - 2].series : file.series;
    h.series = series == *last ? last : std::make_shared<const SeriesHeader>(std::move(series));
    return {};
  });
  if (static_cast<int>(frames.size()) == file.frames) return frames;
  // Without a group for each of several frames nobody knows which is where.
  auto whole = file;
  if (file.frames > 1) whole.position.reset();
  return {whole};
}

}  // namespace lorkd::io
