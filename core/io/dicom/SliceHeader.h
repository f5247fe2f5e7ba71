// What a scan keeps of one slice: a DICOM file, or one frame of a file. Inside this room only.
#pragma once

#include "core/io/Series.h"
#include "core/io/dicom/Dicom.h"

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

/// What a header says of each Mark, in printable ASCII; of most, nothing. One text for all, which a file each can bear.
class Marks {
 public:
  Marks() = default;
  /// What text() gave.
  explicit Marks(std::string text) : m_text(std::move(text)) {}
  /// Empty where the header says nothing.
  std::string_view operator[](Mark mark) const;
  void set(Mark mark, std::string_view value);
  const std::string& text() const { return m_text; }
  bool operator==(const Marks&) const = default;

 private:
  std::string m_text;  // in order: the mark's number plus one, as a character, then its value
};

/// What the slices of a volume have in common.
struct SeriesHeader {
  std::string patientId, patientName, birthDate, studyUid, seriesUid, frameOfReferenceUid, sopClassUid;
  std::string modality, bodyPart, description, studyDate, transferSyntax, photometric, imageType;
  std::string units, decayCorrection;  ///< of PET: (0054,1001), and (0054,1102) or what enhanced PET says of it
  std::string decimalCommas;           ///< names of elements with decimal commas, see dicom::decimalCommas()
  int rows = 0, columns = 0, samples = 1, bitsAllocated = 0;
  int tiles = 0;  ///< of a slice in a mosaic: how many lie side by side; -1: a mosaic that cannot be taken apart
  std::optional<std::array<image::Vec3, 2>> orientation;  ///< row and column direction
  std::optional<std::array<double, 2>> spacing;           ///< mm between columns (i), between rows (j)
  std::string faultySpacing;                              ///< what stands there, where it is no pair of numbers
  double sliceThickness = 0;
  bool burnedIn = false;         ///< BurnedInAnnotation says YES: names may stand in the pixels
  bool privateElements = false;  ///< has elements of odd groups, at any depth, where makers keep what they like
  bool operator==(const SeriesHeader&) const = default;
};

/// The header values that decide whether and how a slice belongs to a volume. Kept small: there are as many as files.
struct SliceHeader {
  std::filesystem::path file;
  int frame = 0;   ///< of the file, from 0
  int frames = 1;  ///< in the file
  std::string sopInstanceUid;
  std::optional<image::Vec3> position;  ///< ImagePositionPatient
  Marks marks;
  std::string truncation;  ///< in words; empty when the pixel data are as long as the header says
  /// Never null once read. Many slices share one; two of the same values may lie side by side.
  std::shared_ptr<const SeriesHeader> series;
  const SeriesHeader* operator->() const { return series.get(); }
  bool operator==(const SliceHeader& other) const;
};

/// Where seriesHeader() and sliceHeader() take a header's values from.
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

/// All but the transfer syntax. Text comes back as UTF-8.
SeriesHeader seriesHeader(const HeaderValues& values);
/// All but `file`, `truncation` and `series`.
SliceHeader sliceHeader(const HeaderValues& values);

/// Describes a loaded file as if it were one slice.
SliceHeader describe(const dicom::Loaded& loaded, const std::filesystem::path& path);

/// The frames of a file with their own places (PS3.3 section C.7.6.16), or the tiles of a mosaic; the file itself where
/// it has one frame, or none that says where it lies. `file` is what describe() found.
std::vector<SliceHeader> framesOf(const dicom::Loaded& loaded, const SliceHeader& file);

}  // namespace lorkd::io
