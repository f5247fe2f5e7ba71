// Analytic patients: CT volumes of head, thorax and abdomen with organs of realistic HU, random per patient, and a
// small 2D classification set. The truth is known exactly because the shapes are formulas.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/image/Volume.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

enum class Region { Head, Thorax, Abdomen };
std::string toString(Region region);

/// A phantom patient with its truth.
struct Phantom {
  Region region = Region::Head;
  image::Volume volume;     ///< HU with partial volume and noise
  image::SegmentSet truth;  ///< organs; voxels at least half inside
};

/// Organ names of a region, in drawing order.
std::vector<std::string> organs(Region region);

struct PhantomOptions {
  std::uint64_t seed = 1;
  double resolution = 1.0;  ///< 1 gives about 96×96×64 voxels; 2 doubles each side
  bool tilted = false;      ///< orientation turned a few degrees about every axis
};
/// Patient number `patient` of a region. Same options, same voxels.
Phantom makePhantom(Region region, int patient, const PhantomOptions& options);

/// Analytic volume in mm³ of one organ of the same patient (by the formulas, not the voxels); nothing if it is partly
/// outside the field of view or overlapped. For tests.
double analyticVolume(Region region, int patient, const PhantomOptions& options, const std::string& organ);

/// Writes `patients` DICOM patients, regions in turn: FOLDER/<patient>/{CT/*.dcm, SEG.dcm}; every fourth one tilted,
/// spacing and file order varied. Errors: Io, Cancelled.
Result<void> writePhantomSet(const std::filesystem::path& folder, int patients, const PhantomOptions& options,
                             Progress& progress, const CancelToken& cancel);

/// A 2D set of three shape classes at 28×28: for classification tests and the 2D demo.
io::PictureSet makePictureSet(int examplesPerClass, std::uint64_t seed);

}  // namespace lorkd::data
