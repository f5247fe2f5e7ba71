// DICOM series on disk: found by their headers, sorted by position, with every reason why one cannot be used.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// Something a reader found out about its input.
struct Finding {
  enum class Severity { Note, Warning, Unusable };
  Severity severity = Severity::Note;
  std::string code;     ///< short stable name: "missing-slice", "truncated", "mixed-orientation", ...
  std::string message;  ///< in words, naming file or position
};

/// One instance (file) of a series, as far as the header tells.
struct Instance {
  std::filesystem::path file;
  std::string sopInstanceUid;
  double position = 0;  ///< mm along the slice normal
  int frames = 1;
};

/// A series as scanned. Patient fields are source data: they stay in the index and go into no run, log or report.
struct Series {
  std::string patientId, patientName;
  std::string studyUid, seriesUid, frameOfReferenceUid, sopClassUid;
  std::string modality, bodyPart, description, studyDate, transferSyntax;
  image::Geometry geometry;                       ///< of the volume (images and SEG)
  std::vector<Instance> instances;                ///< sorted along the normal
  std::vector<std::string> referencedSeriesUids;  ///< SEG, RTSTRUCT: what they belong to
  std::vector<std::string> referencedInstanceUids;
  std::vector<std::string> segmentNames;  ///< SEG: labels in order
  std::vector<Finding> findings;
  bool usable() const;  ///< no finding is Unusable
};

/// A label or image file that is not DICOM.
struct LooseFile {
  std::filesystem::path file;
  std::string kind;          ///< "nifti", "npz", "image"
  image::Geometry geometry;  ///< nifti only
  std::vector<Finding> findings;
};

/// What a folder holds.
struct Scan {
  std::vector<Series> series;
  std::vector<LooseFile> loose;
  std::vector<std::pair<std::filesystem::path, Finding>> rejected;  ///< files that are nothing usable, and why
  std::int64_t filesSeen = 0;
};

/// Reads every header below `folder` (no pixels; links to folders are not followed) and groups instances by series,
/// sorted along the slice normal. Findings, unusable unless said otherwise: truncated, multi-frame, not-grayscale,
/// unsupported-codec, no-position, no-pixel-spacing, mixed-orientation, mixed-size, duplicate-slice, missing-slice,
/// gantry-tilt, shifted-slices, damaged-segmentation, unsupported-kind (RTSTRUCT, SR, RTDOSE, ...), uneven-spacing
/// (a warning up to a tenth of the spacing), duplicate-file and single-slice (warnings).
/// Errors: NotFound (no such folder), InvalidArgument (the folder is empty or holds nothing of a known kind, with
/// counts), Io, Cancelled.
Result<Scan> scanFolder(const std::filesystem::path& folder, Progress& progress, const CancelToken& cancel);

/// Reads the pixels of an image series as one volume, HU and geometry as in the headers.
/// Errors: Unsupported (codec), Format (truncated or damaged, naming the file), Mismatch (frames that make no volume).
Result<image::Volume> readSeries(const Series& series);

/// Reads a DICOM SEG (binary or fractional >= 0.5; overlapping segments stay overlapping).
/// The grid is the SEG's own; when `reference` is given, frames are placed on that grid instead.
/// Frames may be turned or flipped against the reference, as long as voxels coincide within a tenth of their spacing.
/// Errors: NotFound, Format (naming the attribute), Unsupported, Mismatch when the frames do not lie on the reference
/// grid.
Result<image::SegmentSet> readSeg(const std::filesystem::path& file, const image::Geometry* reference = nullptr);

}  // namespace lorkd::io
