// An image of a data set with its labels, as a scan found them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/image/Volume.h"

namespace lorkd::data {

/// Where a structure of a volume's label files is: the voxels of one value, or, with 0, all that are not background.
struct LabelPlace {
  int file = 0;  ///< position in `labelFiles`
  int layer = 0;
  int value = 0;
  int answer = 0;  ///< tells apart places of one file that are different answers
  bool operator==(const LabelPlace&) const = default;
};

/// One of the co-registered images of a volume: a contrast, or a modality.
struct Channel {
  std::string name;      ///< as the data call it: "T1", "CT"
  std::string modality;  ///< as DICOM calls it, or empty where nobody has said
  int file = 0;          ///< position in `imageFiles`
  int part = -1;         ///< which volume of that file; -1: its only one
  bool operator==(const Channel&) const = default;
};

/// How much there is in a set of pictures.
struct PictureCounts {
  std::int64_t pictures = 0;
  std::int64_t people = 0;                    ///< pictures of which nothing says whose they are count as one each
  std::map<std::string, std::int64_t> parts;  ///< pictures of each given part: "train", "validation", "test", or ""
  /// Labels, by their positions, that some picture has both of; see labelsTogether().
  std::set<std::pair<int, int>> together;
  bool operator==(const PictureCounts&) const = default;
};

/// What a plan says of whose images are (data.sources.NAME.layout.patients).
struct PatientRule {
  std::string pattern;
  std::filesystem::path table;
  bool empty() const { return pattern.empty() && table.empty(); }
  bool operator==(const PatientRule&) const = default;
};

/// An image and the labels that lie on it: what a task can learn from.
struct Case {
  std::string id;       ///< stable pseudonym of the image, safe to write anywhere
  std::string patient;  ///< pseudonym of the patient, safe to write anywhere
  std::string source;   ///< name of the plan's data source
  std::string kind;     ///< "dicom", "volume" (one file), "image2d" (one picture, its labels are mask pictures), or
                        ///< "picture" (a set of 2D pictures: see PictureSet.h)
  std::string split;    ///< what the data say that the image is for: "train", "validation", "test", or empty
  /// Of each fold that the data name (nnU-Net's splits_final.json, ...) what the image is for in it: "train" or
  /// "validation".
  std::vector<std::string> folds;
  std::string modality, bodyPart;
  std::vector<std::filesystem::path> imageFiles;  ///< slices in order, or a volume file for each channel
  /// Of volume files, the first of which has the grid of `geometry`, and the labels'; of DICOM series that are joined
  /// `file` 0 is this one, and n the n-th of `others`. Empty: one channel without a name.
  std::vector<Channel> channels;
  int frame = -1;            ///< of a sequence: which volume of its image and label files this is; -1: of no sequence
  std::vector<Case> others;  ///< DICOM series that are further channels, see joinSeries()
  std::string description;   ///< of a DICOM series, as its header has it: it stays in the index
  std::string space;         ///< pseudonym of a DICOM series' study and frame of reference; empty if it has none
  /// Of each slice, its file's position in `imageFiles` and its frame there; empty: each file is one slice.
  std::vector<std::array<int, 2>> slices;
  std::vector<image::Vec3> origins;               ///< of slices that are moved onto `geometry`, see io::Series
  std::vector<std::string> consent;               ///< codes of findings that the plan must accept to use the image
  std::vector<std::filesystem::path> labelFiles;  ///< SEG, RTSTRUCT and volume files, folders of a mask
  std::vector<int> resampled;        ///< positions in `labelFiles` of those that lie on a grid of their own
  std::vector<int> misplaced;        ///< of those that have the image's voxels, but not its place
  std::filesystem::path labelNames;  ///< what names the values of a label map, or empty
  bool byRotation = false;           ///< of NIfTI files that give two places the qform counts, as the plan has chosen
  /// Names of the structures that the labels speak of: they are marked, or known to be absent.
  std::vector<std::string> labels;
  /// Where each of `labels` is in volume files; several places are one structure. Empty: what `labelNames` says.
  std::vector<std::vector<LabelPlace>> places;
  /// Voxels of which nothing is known: what the labels call "ignore".
  std::vector<LabelPlace> ignored;
  /// Names of structures that other cases of the source speak of and this one does not: whether it has them is unknown.
  std::vector<std::string> unannotated;
  /// Of `labels`, those that several of the label files mark: answers of several readers, say.
  std::vector<std::string> contested;
  /// How several answers are made one: "first", "last", "union", "intersection", "majority" or "staple"; empty: nobody
  /// has said, and nothing is known of the structure here.
  std::string answers;
  std::vector<std::string> damaged;     ///< names of structures that are there, but cannot be read
  std::vector<image::Label> labelInfo;  ///< what is known of `labels`, in their order; may be empty
  /// What tables and folders say of a volume as a whole, named as the labels of a set of pictures: "AD", or
  /// "column=value" where there are several columns.
  std::vector<std::string> imageLabels;
  image::Geometry geometry;
  PictureCounts counts;  ///< of a set of pictures
  PatientRule people;    ///< of a set of pictures: whoever reads it tells its people apart by this
};
/// A path, which is any bytes, as a case's JSON has it, which is UTF-8.
std::string pathText(std::string_view path);
void to_json(Json& j, const Channel& channel);
void from_json(const Json& j, Channel& channel);
void to_json(Json& j, const LabelPlace& at);
void from_json(const Json& j, LabelPlace& at);
void to_json(Json& j, const Case& c);
void from_json(const Json& j, Case& c);

/// Takes the plan's word (data.sources.NAME.annotates) that the case was looked through for these structures: one that
/// its labels do not mark is absent. Nothing for a case without label files, and for a structure that cannot be read.
void takeAnnotated(Case& c, const std::vector<std::string>& names);

/// Reads a case's image, its first channel. Errors: those of io.
Result<image::Volume> readImage(const Case& c);
/// Reads a channel. Errors: those of io; Format (there is no such file or series in the case).
Result<image::Volume> readChannel(const Case& c, const Channel& channel);
/// Reads a case's structures on the image's grid. Errors: those of io; NotFound when the case has no labels; Mismatch
/// when the label grid differs.
Result<image::SegmentSet> readSegments(const Case& c);
/// The same, but label maps make masks of the names `wanted` alone (all if it is empty): a map of a hundred structures
/// would not fit into memory otherwise.
Result<image::SegmentSet> readSegments(const Case& c, const std::vector<std::string>& wanted);

/// SHA-256 over the content of the case's files in order, images first; of a set of pictures, over its tables and
/// pictures, with their places, which may say class, part and patient. Errors: NotFound, Io, those of readPictureSet().
Result<std::string> inputDigest(const Case& c);

}  // namespace lorkd::data
