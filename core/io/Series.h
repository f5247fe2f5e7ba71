// DICOM series on disk: found by their headers, sorted by position, with every reason why one cannot be used.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// Something a reader found out about its input.
struct Finding {
  /// Consent: usable only once the user says so, who then gets what the message describes.
  enum class Severity { Note, Warning, Consent, Unusable };
  Severity severity = Severity::Note;
  std::string code;     ///< short stable name: "missing-slice", "truncated", "gantry-tilt", ...
  std::string message;  ///< in words, naming file or position
};

/// One slice of a series, as far as the header tells.
struct Instance {
  std::filesystem::path file;
  std::string sopInstanceUid;
  double position = 0;  ///< mm along the slice normal
  int frame = 0;        ///< of the file, from 0
};

/// A series as scanned. Patient fields are source data: they stay in the index and go into no run, log or report.
struct Series {
  std::string patientId, patientName;
  std::string studyUid, seriesUid, frameOfReferenceUid, sopClassUid;
  std::string modality, bodyPart, description, studyDate, transferSyntax;
  std::string part;                 ///< what tells it from other volumes of the same series; empty if there are none
  image::Geometry geometry;         ///< of the volume (images and SEG): upright and even
  std::vector<Instance> instances;  ///< sorted along the normal
  /// LPS mm of each instance's first pixel where the slices themselves do not lie on `geometry`, because they are
  /// stacked aslant or unevenly: readSeries() moves them onto it. Else empty.
  std::vector<image::Vec3> origins;
  std::vector<std::string> referencedSeriesUids;  ///< SEG, RTSTRUCT: what they belong to
  std::vector<std::string> referencedInstanceUids;
  std::vector<image::Label> labels;  ///< SEG, RTSTRUCT: their structures in order
  std::string made;                  ///< RTSTRUCT: date and time of its making (YYYYMMDDHHMMSS), or empty
  std::vector<Finding> findings;
  bool usable() const;  ///< no finding is Unusable; some may need consent
};

/// A label or image file that is not DICOM.
struct LooseFile {
  std::filesystem::path file;
  std::string kind;          ///< "volume" (see VolumeFile.h), "npz", "image", "table" (see Images2D.h)
  image::Geometry geometry;  ///< volumes only
  std::vector<Finding> findings;
  std::optional<image::Geometry> byRotation = {};  ///< of NIfTI, where `geometry` is by the affine and both are given
};

/// A file of a folder as the file system lists it.
struct FileStamp {
  std::string path;  ///< below the folder, any bytes
  std::int64_t size = 0;
  std::int64_t time = 0;  ///< of the last change, ns since 1970
  bool operator==(const FileStamp&) const = default;
};

/// What a folder holds, and below it.
struct Listed {
  std::vector<FileStamp> files;  ///< sorted by path
  /// What is there and not among the files, by its whole path: unreadable-folder, unreadable, broken-link (nothing at
  /// its end, or a circle), not-fetched (a link of git-annex), special-file (pipes, sockets, devices), and as a note
  /// linked-folder.
  std::vector<std::pair<std::filesystem::path, Finding>> passedOver;
};

/// Lists without opening a file. Links to folders are not followed: they may lead in circles. What version control and
/// file managers keep for themselves (.git, ._*, Thumbs.db, ...) is no part of the data.
/// Errors: NotFound (no such folder), InvalidArgument (it is empty), Io (the folder itself cannot be listed),
/// Cancelled.
Result<Listed> listFolder(const std::filesystem::path& folder, const CancelToken& cancel);

/// Whether the finding says that something could not be read, so that a scan does not know all there is.
bool leavesUnread(const Finding& finding);

/// Whether there is a file or folder that could not be opened or listed, so that images may be missing. A link that
/// leads nowhere is none: sets are kept so whose content was not fetched.
bool mayHideImages(const Finding& finding);

/// What an index keeps of a file.
struct StoredContent {
  std::string own;
  std::shared_ptr<const std::string> shared;  ///< what it has in common with other files; null if there is nothing
};

/// What one file says of itself, before files are put together: headers, no pixels.
class FileContent {
 public:
  struct Impl;
  FileContent(FileContent&&) noexcept;
  FileContent& operator=(FileContent&&) noexcept;
  ~FileContent();
  /// What restored() reads, without the file's path. Nothing where the file could not be opened.
  std::optional<StoredContent> stored() const;
  /// Errors: Format.
  static Result<FileContent> restored(const std::string& own, const std::string& shared,
                                      const std::filesystem::path& file);

 private:
  friend FileContent examine(std::filesystem::path file);
  friend struct Scan assemble(std::vector<FileContent> contents);
  explicit FileContent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

/// Reads the header of a file of any kind; what is wrong with it is part of the content. From any thread.
FileContent examine(std::filesystem::path file);

/// One of many files.
struct Examined {
  std::size_t at;  ///< position in what examineAll() was given
  FileContent content;
  std::optional<StoredContent> stored;  ///< content.stored()
};

/// examine() for each of `files`, paths below `folder`, several at a time; `take` is called from this thread, in any
/// order. Errors: Cancelled, after all that was examined has been taken; those of `take`, which end it.
Result<void> examineAll(const std::filesystem::path& folder, const std::vector<std::string_view>& files,
                        const std::function<Result<void>(Examined)>& take, const CancelToken& cancel);

/// What a folder holds.
struct Scan {
  std::vector<Series> series;
  std::vector<LooseFile> loose;
  std::vector<std::pair<std::filesystem::path, Finding>> rejected;  ///< files that are nothing usable, and why
  std::int64_t filesSeen = 0;
};

/// Groups slices by series and, within one, into volumes: by orientation, size and spacing, and where several lie at
/// one place by echo, b-value, time and the like. Slices are sorted along their normal; names and instance numbers say
/// nothing. What its files say of patient and study differently, and copies with other pixels, are volumes of their
/// own; files that name no series are one by folder, size, orientation, spacing and description. Findings: truncated,
/// mosaic (of which Siemens' header is missing), different-copies (in one folder), not-grayscale, unsupported-codec,
/// no-position, no-pixel-spacing, duplicate-slice, shifted-slices, mostly-missing, implausible-grid, scout,
/// report-page, damaged-segmentation, damaged-structures, mixed-units and mixed-decay (PET), unsupported-kind (SR,
/// RTDOSE, slides, ...) make a series unusable; missing-slice and uneven-spacing (beyond a tenth of the spacing) need
/// consent to be interpolated, patient-per-file to be of one patient; gantry-tilt (put upright by a shear),
/// uneven-spacing, duplicate-file, different-copies, mixed-patients, repeated-instance-uid, decimal-comma, burned-in,
/// no-decay-correction and single-slice are warnings; split, mosaic, by-order, no-series-uid, no-instance-uid and
/// private-elements are notes. A DICOM directory is a note, and a warning where files that it lists are not among the
/// contents.
Scan assemble(std::vector<FileContent> contents);

/// InvalidArgument when nothing in `folder` is usable, with counts and an example.
Result<void> checkUsable(const Scan& scan, const std::filesystem::path& folder);

/// Lists, examines and assembles what is below `folder`. Errors: those of the four.
Result<Scan> scanFolder(const std::filesystem::path& folder, Progress& progress, const CancelToken& cancel);

/// Reads the pixels of an image series as one volume, HU and geometry as in the headers. What `origins` lists is moved
/// onto the upright grid by linear interpolation; there the lowest value stands where no slice reaches. Pixels that the
/// header calls padding become the lowest other value of their slice, in CT -1024 HU.
/// Errors: Unsupported (codec), Format (truncated or damaged, naming the file), Mismatch (slices that make no volume,
/// or that have changed since the scan).
Result<image::Volume> readSeries(const Series& series);

/// Reads a DICOM SEG: binary, fractional (>= 0.5) or a label map, without its background; overlapping segments stay
/// overlapping. Only segments whose name `wants` accepts (all if it is empty).
/// The grid is the SEG's own; when `reference` is given, frames are placed on that grid instead.
/// Frames may be turned or flipped against the reference, as long as voxels coincide within a tenth of their spacing.
/// With `origins`, those of the series that it belongs to, frames lie on its slices and are moved onto the reference as
/// the series is, to the nearest voxel.
/// Errors: NotFound, Format (naming the attribute), Unsupported, Mismatch when the frames do not lie on the reference
/// grid.
Result<image::SegmentSet> readSeg(const std::filesystem::path& file, const image::Geometry* reference = nullptr,
                                  const std::vector<image::Vec3>& origins = {},
                                  const std::function<bool(const std::string&)>& wants = {});

/// Reads a DICOM RT Structure Set as voxels of `reference`, the grid of the series it was drawn on: inside is whose
/// centre lies inside, contours on one plane by the even-odd rule; a slice without contours between two that have them
/// takes those of the nearer one, if they lie no more than three slices apart. Only regions with closed contours in the
/// set's own frame of reference, and whose name `wants` accepts (all if it is empty).
/// Errors: NotFound, Format (naming attribute and region), Mismatch when contours do not lie parallel to the slices.
Result<image::SegmentSet> readStructures(const std::filesystem::path& file, const image::Geometry& reference,
                                         const std::function<bool(const std::string&)>& wants = {});

/// Regions of a structure set, by name, for which readStructures() fails on this grid, and why. Errors: those of
/// reading the set itself.
Result<std::vector<std::pair<std::string, std::string>>> brokenRegions(const std::filesystem::path& file,
                                                                       const image::Geometry& reference);

/// readSeg() or readStructures(), whichever the file is; with `wants`, damaged regions are passed over. With
/// `resample`, for a SEG on a grid of its own in the same frame of reference, a voxel belongs to a segment that fills
/// half of it. Errors: theirs.
Result<image::SegmentSet> readLabels(const std::filesystem::path& file, const image::Geometry& reference,
                                     const std::vector<image::Vec3>& origins, bool resample = false,
                                     const std::function<bool(const std::string&)>& wants = {});

/// Reads the slices of a folder as the mask of one structure: 1 where a value is not 0. Errors: Io (the folder cannot
/// be listed), Format (not one series that can be read, or several values beside 0), those of readSeries().
Result<image::LabelMap> readMaskFolder(const std::filesystem::path& folder);

/// Whether every frame of a SEG lies on the voxels of an image's grid or, with `origins`, of its slices, as readSeg()
/// asks. Errors: those of reading its header.
Result<bool> segLiesOn(const std::filesystem::path& file, const image::Geometry& reference,
                       const std::vector<image::Vec3>& origins);

}  // namespace lorkd::io
