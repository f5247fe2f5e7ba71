// CT volumes as classic CT Image Storage instances (PS3.3 A.3).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "core/base/File.h"
#include "core/io/dicom/Dicom.h"
#include "core/io/dicom/DicomWriter.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// How HU are stored: unsigned, stored = HU - intercept.
struct Storage {
  int bits = 12, intercept = -1024;
};

// Twelve bits, as scanners write, unless a value does not fit; PS3.3 table C.8-3 allows 12 to 16.
Storage storageFor(const std::vector<float>& hu) {
  const bool fits = std::ranges::all_of(hu, [](float v) { return std::isnan(v) || (v > -1024.5f && v < 3071.5f); });
  return fits ? Storage{12, -1024} : Storage{16, -32768};
}

std::vector<Uint16> storedSlice(const image::Volume& volume, std::int64_t k, Storage storage) {
  const auto plane = static_cast<std::size_t>(volume.geometry.size[0] * volume.geometry.size[1]);
  const float* hu = volume.voxels.data() + static_cast<std::size_t>(k) * plane;
  std::vector<Uint16> stored(plane);
  std::transform(hu, hu + plane, stored.begin(), [&](float value) {
    const float shifted = std::round(value) - static_cast<float>(storage.intercept);
    // The comparison is false for not-a-number, which becomes the lowest value.
    return static_cast<Uint16>(shifted > 0 ? std::min(shifted, static_cast<float>((1 << storage.bits) - 1)) : 0);
  });
  return stored;
}

void putPatientAndStudy(dicom::Setter& set, const DicomHeader& header) {
  set(DCM_SpecificCharacterSet, "ISO_IR 192");
  set(DCM_PatientName, header.patientName);
  set(DCM_PatientID, dicom::longString(header.patientId));
  set(DCM_PatientBirthDate, header.patientBirthDate);
  set(DCM_PatientSex, header.patientSex);
  set(DCM_StudyInstanceUID, header.studyUid);
  set(DCM_StudyDate, header.studyDate);
  set(DCM_StudyTime, header.studyTime);
  set(DCM_StudyID, "1");
  set(DCM_AccessionNumber, "");
  set(DCM_ReferringPhysicianName, "");
  if (!header.studyDescription.empty()) set(DCM_StudyDescription, dicom::longString(header.studyDescription));
}

void putSeries(dicom::Setter& set, const DicomHeader& header) {
  set(DCM_Modality, "CT");
  set(DCM_SeriesInstanceUID, header.seriesUid);
  set(DCM_SeriesNumber, std::to_string(header.seriesNumber));
  set(DCM_PatientPosition, "");
  if (!header.seriesDescription.empty()) set(DCM_SeriesDescription, dicom::longString(header.seriesDescription));
  // Without a body part the standard asks whether it is one of a pair; empty means that nobody knows.
  if (header.bodyPart.empty())
    set(DCM_Laterality, "");
  else
    set(DCM_BodyPartExamined, header.bodyPart);
  set(DCM_FrameOfReferenceUID, header.frameOfReferenceUid);
  set(DCM_PositionReferenceIndicator, "");
  set(DCM_Manufacturer, dicom::longString(header.manufacturer));
}

void putPlane(dicom::Setter& set, const image::Geometry& g, std::int64_t k) {
  const auto position = g.indexToLps({0, 0, static_cast<double>(k)});
  const auto& d = g.direction;
  set(DCM_ImagePositionPatient, dicom::decimals({position[0], position[1], position[2]}));
  set(DCM_ImageOrientationPatient, dicom::decimals({d[0][0], d[1][0], d[2][0], d[0][1], d[1][1], d[2][1]}));
  set(DCM_PixelSpacing, dicom::decimals({g.spacing[1], g.spacing[0]}));
  set(DCM_SliceThickness, dicom::decimal(g.spacing[2]));
}

void putImage(dicom::Setter& set, const image::Volume& volume, Storage storage) {
  set(DCM_ImageType, "DERIVED\\SECONDARY\\AXIAL");
  set(DCM_AcquisitionNumber, "1");
  set(DCM_KVP, "");
  set(DCM_SamplesPerPixel, 1);
  set(DCM_PhotometricInterpretation, "MONOCHROME2");
  set(DCM_Rows, static_cast<int>(volume.geometry.size[1]));
  set(DCM_Columns, static_cast<int>(volume.geometry.size[0]));
  set(DCM_BitsAllocated, 16);
  set(DCM_BitsStored, storage.bits);
  set(DCM_HighBit, storage.bits - 1);
  set(DCM_PixelRepresentation, 0);
  set(DCM_RescaleIntercept, std::to_string(storage.intercept));
  set(DCM_RescaleSlope, "1");
  set(DCM_RescaleType, "HU");
  if (volume.windowWidth >= 1) {
    set(DCM_WindowCenter, dicom::decimal(volume.windowCenter));
    set(DCM_WindowWidth, dicom::decimal(volume.windowWidth));
  }
}

Result<void> writeSlice(const fs::path& file, const image::Volume& volume, Storage storage, std::int64_t k, int number,
                        const DicomHeader& header, const std::string& sopInstanceUid) {
  DcmFileFormat format;
  DcmDataset& dataset = *format.getDataset();
  dicom::Setter set(dataset);
  set(DCM_SOPClassUID, UID_CTImageStorage);
  set(DCM_SOPInstanceUID, sopInstanceUid);
  set(DCM_InstanceNumber, std::to_string(number));
  putPatientAndStudy(set, header);
  putSeries(set, header);
  putPlane(set, volume.geometry, k);
  putImage(set, volume, storage);
  OFCondition status = set.status();
  const auto stored = storedSlice(volume, k, storage);
  if (status.good()) status = dataset.putAndInsertUint16Array(DCM_PixelData, stored.data(), stored.size());
  if (status.bad()) return fail(ErrorCode::Internal, status.text(), "", file.string());
  return dicom::save(format, file);
}

Result<void> checkVolume(const image::Volume& volume, const std::vector<int>& order) {
  const auto& g = volume.geometry;
  if (g.voxels() <= 0 || static_cast<std::int64_t>(volume.voxels.size()) != g.voxels())
    return fail(ErrorCode::InvalidArgument, "the volume to write is empty or does not fill its grid");
  if (g.size[0] > 65535 || g.size[1] > 65535)
    return fail(ErrorCode::InvalidArgument, "a DICOM slice has at most 65535 rows and columns");
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0;
      for (std::size_t r = 0; r < 3; ++r) product += g.direction[r][a] * g.direction[r][b];
      if (!(std::abs(product - (a == b ? 1 : 0)) < 1e-3))
        return fail(ErrorCode::InvalidArgument, "the axes of the volume are not at right angles",
                    "resample it to an upright grid first");
    }
  if (!order.empty()) {
    std::vector<int> sorted = order, all(static_cast<std::size_t>(g.size[2]));
    std::ranges::sort(sorted);
    std::iota(all.begin(), all.end(), 0);
    if (sorted != all) return fail(ErrorCode::InvalidArgument, "`order` is not a permutation of the slices");
  }
  return {};
}

}  // namespace

Result<WrittenSeries> writeCtSeries(const fs::path& folder, const image::Volume& volume, const DicomHeader& header,
                                    const std::vector<int>& order) {
  LORKD_CHECK(dicom::setup());
  LORKD_CHECK(checkVolume(volume, order));
  LORKD_CHECK(makeWritableFolder(folder));

  WrittenSeries written;
  written.header = header;
  if (written.header.uidSeed.empty()) written.header.uidSeed = dicom::freshSeed();
  const std::string& seed = written.header.uidSeed;
  const auto fill = [&](std::string& uid, const std::string& name) {
    if (uid.empty()) uid = dicom::uid(seed, name);
  };
  fill(written.header.studyUid, "study");
  fill(written.header.frameOfReferenceUid, "frame of reference");
  fill(written.header.seriesUid, "series " + std::to_string(header.seriesNumber));

  const auto slices = static_cast<std::size_t>(volume.geometry.size[2]);
  const Storage storage = storageFor(volume.voxels);
  std::vector<int> numberOf(slices);
  for (std::size_t n = 0; n < slices; ++n)
    numberOf[order.empty() ? n : static_cast<std::size_t>(order[n])] = static_cast<int>(n) + 1;
  for (std::size_t k = 0; k < slices; ++k) {
    char name[16];
    std::snprintf(name, sizeof name, "%04d.dcm", numberOf[k]);
    written.files.push_back(folder / name);
    written.sopInstanceUids.push_back(
        dicom::uid(seed, "instance " + written.header.seriesUid + " " + std::to_string(k)));
    LORKD_CHECK(writeSlice(written.files.back(), volume, storage, static_cast<std::int64_t>(k), numberOf[k],
                           written.header, written.sopInstanceUids.back()));
  }
  return written;
}

}  // namespace lorkd::io
