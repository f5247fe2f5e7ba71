// What to do about findings, and the working grid that suits images.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/data/Audit.h"
#include "core/data/Orient.h"

namespace lorkd::data {
namespace {

double quantile(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

}  // namespace

std::string remedy(const io::Finding& f, bool accepted) {
  using Severity = io::Finding::Severity;
  if (f.severity == Severity::Unusable && f.code != "unreadable-voxels") return "left out";
  static const std::map<std::string, std::string> consented{
      {"missing-slice", "missing slices are interpolated"},
      {"uneven-spacing", "slices are interpolated to an even spacing"},
      {"label-grid", "each voxel takes the nearest label"},
      {"patient-per-file", "the files are of one patient, told from others by the study"},
      {"label-affine", "the labels' own place is ignored, and each voxel takes the label at it in the file"},
      {"possible-labels", "taken for an image"},
      {"label-image", "the labels are those of the image that they are given to"},
      {"possible-answers", "each is a structure of its own"},
      {"middle-slice", "the middle slice of each volume is the picture"},
      {"class-folders", "the folders are classes"},
      {"unknown-orientation", "placed as most programs place it: left and right may be exchanged"},
      {"label-frames", "each volume of the labels is that of the image's volume"}};
  if (f.severity == Severity::Consent) {
    const auto words = consented.find(f.code);
    if (f.code == "two-places") return "left out until the source's nifti_place says which place counts";
    return !accepted ? "left out until you accept it" : words == consented.end() ? "accepted" : words->second;
  }
  static const std::map<std::string, std::string> known{
      {"gantry-tilt", "sheared upright when read"},
      {"uneven-spacing", "read as even: the slices lie within a tenth of their distance"},
      {"duplicate-file", "the copy is left out"},
      {"different-copies", "each folder's files are an image of their own"},
      {"mixed-patients", "each is an image of its own"},
      {"mosaic", "taken apart into its slices"},
      {"by-order", "each time is an image of its own"},
      {"decimal-comma", "the comma is read as a point"},
      {"single-slice", "read as a volume of one slice"},
      {"burned-in", "used; the page that is written shows no picture of it"},
      {"private-elements", "neither read nor written"},
      {"split", "each part is an image of its own"},
      {"label-grid", "the labels are resampled onto the image"},
      {"empty-region", "the region is left out"},
      {"damaged-region", "the image is left out of tasks that ask for it"},
      {"dicomdir", "the files themselves are read"},
      {"dicomdir-missing", "the files that are there are read"},
      {"unknown-kind", "left out"},
      {"foreign-volume", "left out"},
      {"not-dicom", "left out"},
      {"no-series", "left out"},
      {"unreadable", "no run starts until it can be read or is accepted"},
      {"unreadable-folder", "no run starts until it can be listed or is accepted"},
      {"unreadable-voxels", "a run stops here: mend the files or take them out of the source"},
      {"changed", "the run refuses to go on or to score it: restore the files, or start a new run"},
      {"not-annotated",
       "counts nowhere for these classes; if it was looked through for them, say so in the source's annotates"},
      {"no-orientation", "used as it is; look whether left and right are where they should be"},
      {"constant", "used; look at it"},
      {"picture-copies", "used; take copies away, or give them one patient in a table, so that they stay in one part"},
      {"picture-near-copies", "used; look at them: copies learnt from and tested on make scores too good"},
      {"patient-in-splits",
       "data.split.given: ignore divides anew, by patient; pictures are used as the data are divided"},
      {"alike-in-splits",
       "used as different people; if they are the same, say so by data.sources.NAME.layout.patients"},
      {"class-names-alike", "used as one class"},
      {"label-conflict", "left out of the column"},
      {"picture-without-class", "left out"},
      {"augmented-copy", "left out"},
      {"not-hu", "used as it is; look at its rescale slope and intercept"},
      {"clipped", "used; look whether the tasks need what is clipped"},
      {"empty-label", "used: the structure is taken to be absent"}};
  const auto words = known.find(f.code);
  return words == known.end() ? "used as it is" : words->second;
}

Advice adviseGrid(const std::vector<image::Geometry>& grids, std::int64_t voxels) {
  std::array<std::vector<double>, 3> spacings, extents;
  for (const auto& grid : grids) {
    const auto upright = reoriented(grid, closestToLps(grid));
    for (std::size_t a = 0; a < 3; ++a) {
      spacings[a].push_back(upright.spacing[a]);
      extents[a].push_back(upright.spacing[a] * static_cast<double>(upright.size[a]));
    }
  }
  Advice out;
  for (std::size_t a = 0; a < 3; ++a) out.spacing[a] = quantile(spacings[a], 0.5);
  const auto coarse = static_cast<std::size_t>(std::ranges::max_element(out.spacing) - out.spacing.begin());
  const double finest = *std::ranges::min_element(out.spacing);
  if (out.spacing[coarse] > 3 * finest) out.spacing[coarse] = std::max(finest, quantile(spacings[coarse], 0.1));
  constexpr std::int64_t kStep = 8;
  for (std::size_t a = 0; a < 3; ++a) {
    const double digit = std::pow(10.0, std::floor(std::log10(out.spacing[a])) - 2);  // the third that counts
    out.spacing[a] = std::round(out.spacing[a] / digit) * digit;
    const double size = std::min(8192.0, quantile(extents[a], 0.5) / out.spacing[a]);
    out.patch[a] = kStep * std::max<std::int64_t>(1, std::llround(size / kStep));
  }
  while (out.patch[0] * out.patch[1] * out.patch[2] > voxels) {
    auto& longest = *std::ranges::max_element(out.patch);
    if (longest == kStep) break;
    longest -= kStep;
  }
  return out;
}

}  // namespace lorkd::data
