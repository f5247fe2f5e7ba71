#include "core/io/InstanceHeader.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>

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
std::string truncation(const dicom::Loaded& loaded, const InstanceHeader& header) {
  if (header.rows < 1 || header.columns < 1) return isImageClass(header.sopClassUid) ? "there are no pixel data" : "";
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
  const double bits =
      static_cast<double>(header.rows) * header.columns * header.samples * header.bitsAllocated * header.frames;
  const double there = element->getLengthField();
  if (there * 8 >= bits) return {};
  return "the pixel data have " + std::to_string(element->getLengthField()) + " bytes, the header asks for " +
         std::to_string(static_cast<long long>((bits + 7) / 8));
}

}  // namespace

InstanceHeader describe(const dicom::Loaded& loaded, const fs::path& path) {
  DcmDataset& set = loaded.dataset();
  const auto words = [&](const DcmTagKey& tag) { return dicom::words(set, tag, set); };
  const auto code = [&](const DcmTagKey& tag) { return dicom::ascii(dicom::text(set, tag)); };
  InstanceHeader h;
  h.file = path;
  h.patientId = words(DCM_PatientID);
  h.patientName = words(DCM_PatientName);
  h.description = words(DCM_SeriesDescription);
  h.bodyPart = words(DCM_BodyPartExamined);
  h.studyUid = code(DCM_StudyInstanceUID);
  h.seriesUid = code(DCM_SeriesInstanceUID);
  h.frameOfReferenceUid = code(DCM_FrameOfReferenceUID);
  h.sopClassUid = code(DCM_SOPClassUID);
  h.sopInstanceUid = code(DCM_SOPInstanceUID);
  h.modality = code(DCM_Modality);
  h.studyDate = code(DCM_StudyDate);
  h.transferSyntax = DcmXfer(set.getOriginalXfer()).getXferID();
  h.photometric = code(DCM_PhotometricInterpretation);
  h.imageType = code(DCM_ImageType);
  h.rows = static_cast<int>(dicom::integer(set, DCM_Rows));
  h.columns = static_cast<int>(dicom::integer(set, DCM_Columns));
  h.samples = static_cast<int>(dicom::integer(set, DCM_SamplesPerPixel, 1));
  h.bitsAllocated = static_cast<int>(dicom::integer(set, DCM_BitsAllocated));
  h.frames = static_cast<int>(std::clamp(dicom::integer(set, DCM_NumberOfFrames, 1), 1L, 1L << 30));
  h.position = dicom::vector(set, DCM_ImagePositionPatient);
  h.orientation = dicom::orientation(set, DCM_ImageOrientationPatient);
  if (const auto s = dicom::numbers(set, DCM_PixelSpacing, 2); s && (*s)[0] > 0 && (*s)[1] > 0)
    h.spacing = {(*s)[1], (*s)[0]};
  h.sliceThickness = dicom::number(set, DCM_SliceThickness);
  h.truncation = truncation(loaded, h);
  return h;
}

}  // namespace lorkd::io
