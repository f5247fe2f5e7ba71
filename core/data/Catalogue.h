// The index of a project: what was scanned where, which labels belong to which image, what cannot be used and why.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/io/Series.h"

namespace lorkd::data {

/// Where a structure of a volume's label files is: the voxels of one value, or, with 0, all that are not background.
struct LabelPlace {
  int file = 0;  ///< position in `labelFiles`
  int layer = 0;
  int value = 0;
  bool operator==(const LabelPlace&) const = default;
};

/// An image and the labels that lie on it: what a task can learn from.
struct Case {
  std::string id;       ///< stable pseudonym of the image, safe to write anywhere
  std::string patient;  ///< pseudonym of the patient, safe to write anywhere
  std::string source;   ///< name of the plan's data source
  std::string kind;  ///< "dicom", "volume" (one file), or "picture" (a set of 2D pictures: one .npz file, one folder,
                     ///< or tables)
  std::string modality, bodyPart;
  std::vector<std::filesystem::path> imageFiles;  ///< slices in order, or one volume file
  /// Of each slice, its file's position in `imageFiles` and its frame there; empty: each file is one slice.
  std::vector<std::array<int, 2>> slices;
  std::vector<image::Vec3> origins;               ///< of slices that are moved onto `geometry`, see io::Series
  std::vector<std::string> consent;               ///< codes of findings that the plan must accept to use the image
  std::vector<std::filesystem::path> labelFiles;  ///< SEG, RTSTRUCT and volume files
  std::vector<int> resampled;        ///< positions in `labelFiles` of those that lie on a grid of their own
  std::filesystem::path labelNames;  ///< what names the values of a label map, or empty
  /// Names of the structures that the labels speak of: they are marked, or known to be absent.
  std::vector<std::string> labels;
  /// Where each of `labels` is in volume files; several places are one structure. Empty: what `labelNames` says.
  std::vector<std::vector<LabelPlace>> places;
  /// Voxels of which nothing is known: what the labels call "ignore".
  std::vector<LabelPlace> ignored;
  /// Names of structures that other cases of the source speak of and this one does not: whether it has them is unknown.
  std::vector<std::string> unannotated;
  std::vector<std::string> damaged;     ///< names of structures that are there, but cannot be read
  std::vector<image::Label> labelInfo;  ///< what is known of `labels`, in their order; may be empty
  image::Geometry geometry;
};
/// A path, which is any bytes, as a case's JSON has it, which is UTF-8.
std::string pathText(std::string_view path);
void to_json(Json& j, const LabelPlace& at);
void from_json(const Json& j, LabelPlace& at);
void to_json(Json& j, const Case& c);
void from_json(const Json& j, Case& c);

/// SQLite file with the scanned series, loose files, findings and cases of a project. Reopened instantly. The index of
/// an older version keeps its secret, so that pseudonyms stay, and forgets its sources, which must be scanned again.
/// Errors carry the file's path. One handle per thread.
class Catalogue {
 public:
  /// Opens or makes the index. Errors: Io, Format (not an index, or of a newer program).
  static Result<Catalogue> open(const std::filesystem::path& file);
  /// Opens an index that is there and of this version without writing, so that it can be read where nothing can be
  /// written, and never waits for a scan. Only questions may be asked. An older index is renewed first, as by open().
  /// Errors: NotFound, Io, Format.
  static Result<Catalogue> openToRead(const std::filesystem::path& file);
  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;
  ~Catalogue();

  /// Scans `folder` as data source `source`. Only files that are new, or not of the size and time they had, are read;
  /// what was read is kept even if the scan is cancelled or killed, and the next goes on there. What was known of the
  /// source is replaced at the end, in one transaction, so that others see the old or the new. A folder that was moved
  /// is the same source with another path, and nothing is read again.
  /// Labels are paired: SEG by references, NIfTI by name and geometry (rules in Pairing.h); an image without labels is
  /// a case too. `folder` may also be a single .npz or NIfTI file, a CSV that names pictures, or a folder of pictures
  /// (one folder a class, or with such CSVs); a DICOMDIR stands for its folder. Errors: those of io::listFolder,
  /// io::examineAll and io::checkUsable; InvalidArgument for any other single file.
  Result<void> scan(const std::string& source, const std::filesystem::path& folder, Progress& progress,
                    const CancelToken& cancel);

  /// Every case, or those of one source.
  Result<std::vector<Case>> cases(const std::string& source = {}) const;
  /// Every series with its findings (source data: for the screen, not for runs or reports).
  Result<std::vector<io::Series>> series(const std::string& source = {}) const;
  /// Files and series that cannot be used, and why.
  Result<std::vector<std::pair<std::filesystem::path, io::Finding>>> rejected(const std::string& source = {}) const;
  /// Names of the scanned sources and their folders.
  Result<std::vector<std::pair<std::string, std::filesystem::path>>> sources() const;

  /// Keyed pseudonym of an identifier, 64 hex digits, by the index's secret: the ids of cases and patients are "case-"
  /// and "patient-" with the first ten of those of their UIDs, patient ids or paths.
  std::string pseudonym(const std::string& identifier) const;

  /// What keep() was given for `key` while each of `files` had the size and time it has now; nothing else.
  Result<std::optional<std::string>> kept(const std::string& key,
                                          const std::vector<std::filesystem::path>& files) const;
  Result<void> keep(const std::string& key, const std::vector<std::filesystem::path>& files, const std::string& bytes);

 private:
  struct Impl;
  explicit Catalogue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

/// Takes the plan's word (data.sources.NAME.annotates) that the case was looked through for these structures: one that
/// its labels do not mark is absent. Nothing for a case without label files, and for a structure that cannot be read.
void takeAnnotated(Case& c, const std::vector<std::string>& names);

/// Reads a case's image. Errors: those of io.
Result<image::Volume> readImage(const Case& c);
/// Reads a case's structures on the image's grid. Errors: those of io; NotFound when the case has no labels; Mismatch
/// when the label grid differs.
Result<image::SegmentSet> readSegments(const Case& c);
/// The same, but label maps make masks of the names `wanted` alone (all if it is empty): a map of a hundred structures
/// would not fit into memory otherwise.
Result<image::SegmentSet> readSegments(const Case& c, const std::vector<std::string>& wanted);

/// SHA-256 over the content of the case's files in order, images first; of a picture folder, over every file below it,
/// of tables, over the pictures that they name as well. Errors: NotFound, Io.
Result<std::string> inputDigest(const Case& c);

}  // namespace lorkd::data
