// What a scan keeps of one slice: a DICOM file, or one frame of a file. Inside this room only.
#pragma once

#include "core/io/dicom/Dicom.h"
#include "core/io/Series.h"

namespace lorkd::io {

/// What may tell slices at one place apart, in the order in which it is tried.
enum class Mark {
  Stack,
  ImageType,
  EchoTime,
  BValue,
  GradientDirection,
  TemporalPosition,
  TriggerTime,
  Phase,
  Acquisition,
  ReferenceTime,
  AcquisitionTime
};
inline constexpr std::size_t kMarks = 11;
/// In words: "echo time".
std::string toString(Mark mark);

/// The header values that decide whether and how a slice belongs to a volume.
struct SliceHeader {
  std::filesystem::path file;
  int frame = 0;   ///< of the file, from 0
  int frames = 1;  ///< in the file
  std::string patientId, patientName, studyUid, seriesUid, frameOfReferenceUid, sopClassUid, sopInstanceUid;
  std::string modality, bodyPart, description, studyDate, transferSyntax, photometric, imageType;
  std::string units, decayCorrection;  ///< of PET: (0054,1001) and (0054,1102)
  int rows = 0, columns = 0, samples = 1, bitsAllocated = 0;
  std::optional<image::Vec3> position;                    ///< ImagePositionPatient
  std::optional<std::array<image::Vec3, 2>> orientation;  ///< row and column direction
  std::optional<std::array<double, 2>> spacing;           ///< mm between columns (i), between rows (j)
  double sliceThickness = 0;
  std::array<std::string, kMarks> marks;  ///< by Mark; empty where the header says nothing
  std::string truncation;                 ///< in words; empty when the pixel data are as long as the header says
  bool burnedIn = false;                  ///< BurnedInAnnotation says YES: names may stand in the pixels
  bool privateElements = false;  ///< has elements of odd groups, at any depth, where makers keep what they like
  bool operator==(const SliceHeader&) const = default;
};

/// Where describe() takes a header's values from.
class HeaderValues {
 public:
  virtual ~HeaderValues() = default;
  /// As dicom::text, dicom::integer and dicom::numbers say.
  virtual std::string text(const DcmTagKey& tag) const = 0;
  virtual long integer(const DcmTagKey& tag, long fallback) const = 0;
  virtual dicom::Numbers numbers(const DcmTagKey& tag, unsigned count) const = 0;
  /// Any value, numbers too, as short ASCII text.
  virtual std::string any(const DcmTagKey& tag) const = 0;
  virtual bool privateElements() const = 0;
};

/// All but `file`, `transferSyntax` and `truncation`. Text comes back as UTF-8.
SliceHeader describe(const HeaderValues& values);

/// Describes a loaded file as if it were one slice.
SliceHeader describe(const dicom::Loaded& loaded, const std::filesystem::path& path);

/// The frames of a file with their own places (PS3.3 section C.7.6.16); the file itself where it has one frame, or
/// none that says where it lies. `file` is what describe() found.
std::vector<SliceHeader> framesOf(const dicom::Loaded& loaded, const SliceHeader& file);

}  // namespace lorkd::io
