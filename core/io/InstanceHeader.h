// What a scan keeps of one DICOM file. Inside this room only.
#pragma once

#include "core/io/Dicom.h"
#include "core/io/Series.h"

namespace lorkd::io {

/// The header values that decide whether and how a file belongs to a volume.
struct InstanceHeader {
  std::filesystem::path file;
  std::string patientId, patientName, studyUid, seriesUid, frameOfReferenceUid, sopClassUid, sopInstanceUid;
  std::string modality, bodyPart, description, studyDate, transferSyntax, photometric, imageType;
  int rows = 0, columns = 0, samples = 1, bitsAllocated = 0, frames = 1;
  std::optional<image::Vec3> position;                    ///< ImagePositionPatient
  std::optional<std::array<image::Vec3, 2>> orientation;  ///< row and column direction
  std::optional<std::array<double, 2>> spacing;           ///< mm between columns (i), between rows (j)
  double sliceThickness = 0;
  std::string truncation;  ///< in words; empty when the pixel data are as long as the header says
};

/// Describes a loaded file. Text comes back as UTF-8.
InstanceHeader describe(const dicom::Loaded& loaded, const std::filesystem::path& path);

}  // namespace lorkd::io
