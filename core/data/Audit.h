// What data are really like, before anything is trained on them: grids, values, labels, doubles and leaks.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/data/CaseList.h"
#include "core/data/Catalogue.h"

namespace lorkd::data {

/// What was found in the voxels of one image.
struct Reading {
  double lowest = 0, highest = 0;                   ///< in the image's units, HU for CT
  std::array<double, 3> percentiles{};              ///< 0.5, 50 and 99.5 %
  std::string fingerprint;                          ///< the same for the same values in any order, format or header
  std::map<std::string, std::int64_t> labelVoxels;  ///< of each structure; 0 where one is named and empty
  std::string thumbnail;                            ///< PNG of the middle slice, structures outlined
  /// Values below which 1/200, 2/200, ... of the body's voxels lie; empty where there are none. The body: in CT what is
  /// above -900 HU, which leaves out air around the patient and keeps the lungs; else what is above 0, or, where values
  /// go below 0, neither 0 nor the lowest.
  std::vector<float> body;
  bool looksLikeHu = false;  ///< see looksLikeHu() in Prepare.h
};

/// Share of the body's voxels outside `low` to `high`, to 1/200.
double shareOutside(const Reading& reading, double low, double high);

/// Reads the image and its structures. Errors: those of readImage and readSegments.
Result<Reading> readForAudit(const Case& c);

/// A finding with what becomes of it.
struct Judged {
  io::Finding finding;
  std::string done;  ///< in words, without names or paths: "left out", "sheared upright when read", ...
};

struct AuditedImage {
  Case item;
  std::optional<Split> split;      ///< none: serves no task, or a held-out slab puts parts of it into every split
  std::vector<int> tasks;          ///< of the plan
  std::vector<Judged> findings;    ///< of its series, labels and voxels
  std::optional<Reading> reading;  ///< none where voxels were not read, or could not be
  bool leftOut = false;            ///< a finding needs consent that the plan does not give
};

/// A class of a task over all images of the task.
struct ClassAudit {
  std::string name;
  int images = 0, patients = 0;  ///< that carry it
  int empty = 0;                 ///< images that name it without a voxel
  int unannotated = 0;           ///< images whose labels do not speak of it
  double medianMl = 0;           ///< of the images that have some; 0 where voxels were not read
};

/// Working grid that suits images, by the rules of nnU-Net (Isensee et al., Nature Methods 2021): the median spacing,
/// on a much coarser axis its 10th percentile; a patch of the median extent, its longest side cut until it has no more
/// voxels than asked for, in multiples of 8.
struct Advice {
  image::Vec3 spacing{1, 1, 1};         ///< mm, L, P, S
  std::array<std::int64_t, 3> patch{};  ///< voxels
};
/// `grids` is not empty.
Advice adviseGrid(const std::vector<image::Geometry>& grids, std::int64_t voxels);

struct TaskAudit {
  std::string name;
  std::array<int, 3> images{}, patients{};  ///< by split: train, validation, test
  std::vector<ClassAudit> classes;
  std::array<std::vector<double>, 3> spacings;  ///< mm along L, P, S, of its images
  Advice advice;
};

/// Two images that are, or may be, one.
struct Double {
  std::string what;   ///< "patient", "series" or "pixels"
  std::string a, b;   ///< case ids
  bool leak = false;  ///< they stand in different splits
  Split splitA = Split::Train, splitB = Split::Train;
};

struct Audit {
  std::vector<AuditedImage> images;
  std::vector<std::pair<std::filesystem::path, Judged>> rejected;  ///< what is no image: source data, for the screen
  std::vector<TaskAudit> tasks;
  std::vector<Double> doubles;
  std::optional<Advice> advice;  ///< for all images of all tasks
  std::string refusal;           ///< why the plan cannot divide these images; then there are no tasks
  int leftOut() const;
  int leaks() const;
};

/// What an audit needs besides the index.
struct AuditRequest {
  const plan::Plan* plan = nullptr;    ///< none: no tasks, splits, leaks
  std::vector<std::string> sources;    ///< of the index; empty: every one
  bool voxels = true;                  ///< read every image, which takes time; else headers alone
  std::set<std::string> learnt{};      ///< as in CaseList: a new run would keep these patients out of its test split
  std::optional<CaseList> division{};  ///< of a run; none: as a new run of the plan would divide
};

/// Looks at everything the index knows of the sources. What was read of voxels is kept in the index and read again only
/// when files have changed. Errors: those of the catalogue; Cancelled. An image that cannot be read is a finding.
Result<Audit> audit(Catalogue& index, const AuditRequest& request, Progress& progress, const CancelToken& cancel);

/// What becomes of a finding, where the plan accepts it or not.
std::string remedy(const io::Finding& finding, bool accepted);

}  // namespace lorkd::data
