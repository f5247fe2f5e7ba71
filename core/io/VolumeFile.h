// Volumes that are one file, or a header and its voxels: NIfTI, Analyze, MGH, NRRD and MetaImage in, NIfTI out, all in
// LPS.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// By the name alone: .nii, .nii.gz, .hdr (with an .img), .mgh, .mgz, .nrrd, .nhdr, .mha, .mhd, in any case.
bool isVolumeFile(const std::filesystem::path& file);

/// Where the voxels of a volume file lie: the file itself, or the one that its header names.
std::filesystem::path voxelsOf(const std::filesystem::path& file);

/// Which of the two places that the header of a NIfTI file may give counts: the affine (sform), or the rotation
/// (qform). Where it gives one alone, that does.
enum class NiftiChoice { Affine, Rotation };

/// The grid of a volume file, pixels unread. A header with its pixels in another file (.nhdr, .mhd) may only name one
/// in its own folder. Errors: NotFound, Format, Unsupported (not 3D; several values a voxel that are no layers).
Result<image::Geometry> readVolumeGeometry(const std::filesystem::path& file);

/// What a header says: the grid, and how many volumes lie on it one after the other (the further axes of a NIfTI file:
/// channels, or time points). Errors: those of readVolumeGeometry().
struct VolumeHeader {
  image::Geometry geometry;
  std::int64_t volumes = 1;
  double apart = 0;  ///< mm between the two places that a NIfTI header gives, of which the sform is taken; else 0
  std::optional<image::Geometry> byRotation;  ///< the other one
  bool placed = true;    ///< false: of NIfTI, whose codes say that neither of the two places counts
  bool oriented = true;  ///< false: it does not say where right and left are, and a customary place is taken (Analyze)
};
Result<VolumeHeader> readVolumeHeader(const std::filesystem::path& file);

/// `part`: which of a file's volumes; without it the file must hold one. Errors: NotFound, Format, Unsupported (not 3D;
/// larger than Limits.h says), Mismatch (no such part), Numeric (voxels that are not finite: how many, and where the
/// first is).
Result<image::Volume> readVolume(const std::filesystem::path& file, std::int64_t part = -1,
                                 NiftiChoice place = NiftiChoice::Affine);

/// Reads integer labels. Errors: as readVolume; Format when values are not whole numbers in 0..65535.
Result<image::LabelMap> readLabelMap(const std::filesystem::path& file);

/// The same of a file whose segments may overlap: a segmentation of 3D Slicer (.seg.nrrd) keeps them in layers, of
/// which each has its own label values. Other files have one layer. At least one; all on one grid. `part` as in
/// readVolume().
Result<std::vector<image::LabelMap>> readLabelLayers(const std::filesystem::path& file,
                                                     NiftiChoice place = NiftiChoice::Affine, std::int64_t part = -1);

/// Of each volume of a file of labels, the values that occur there, ascending, without 0. Errors: as readLabelMap().
Result<std::vector<std::vector<std::uint16_t>>> labelValuesByVolume(const std::filesystem::path& file);

/// Writes atomically (.nii or .nii.gz). sform and qform both carry the source geometry.
Result<void> writeNifti(const std::filesystem::path& file, const image::Volume& volume);
Result<void> writeNifti(const std::filesystem::path& file, const image::LabelMap& labels);
Result<void> writeNifti(const std::filesystem::path& file, const image::Mask& mask);

/// One structure a label value; names are the values as text, or from `names`: a CSV with columns `label`/`value` and
/// `name`, a list of another program (NamedValues.h), or a segmentation of 3D Slicer (.seg.nrrd), which names its own,
/// with colours and codes, in each `layer`. Only structures whose name `wants` accepts (all if it is empty).
Result<image::SegmentSet> segmentsFromLabels(const image::LabelMap& labels, const std::filesystem::path& names = {},
                                             int layer = 0, const std::function<bool(const std::string&)>& wants = {});
/// What is known of label values, in their order, without any mask. Errors: those of segmentsFromLabels().
Result<std::vector<image::Label>> labelsOf(const std::vector<std::uint16_t>& values, const std::filesystem::path& names,
                                           int layer = 0);
/// Whether the file is such a segmentation.
bool namesItsLabels(const std::filesystem::path& file);

}  // namespace lorkd::io
