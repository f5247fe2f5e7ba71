// Which labels belong to which image: cases made of what a scan found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/Catalogue.h"
#include "core/data/LabelGrid.h"

namespace lorkd::data {

/// Cases of one source, and what was found about label files, above all why one fits no image.
struct Pairing {
  std::vector<Case> cases;
  std::vector<std::pair<std::filesystem::path, io::Finding>> findings;
};

/// Keyed pseudonym of a UID, patient id or path: ten hex digits.
using Pseudonym = std::function<std::string(const std::string&)>;

/// What `read` said of a file in an earlier scan, under the same `question`, or says now.
using Remembered = std::function<Result<Json>(const std::string& question, const std::filesystem::path& file,
                                              const std::function<Result<Json>()>& read)>;

/// DICOM images, each with the SEG and RTSTRUCT series that reference it: by instance UIDs, else by series UID, else,
/// where a structure set references nothing, by frame of reference. Labels of another frame of reference, or whose
/// image is not there or not clear, are unusable; a region of a structure set that cannot be read, or does not lie in
/// the image's slices, is left out, with a warning; a SEG on another grid in the same frame is resampled, with a
/// warning. Patients are told apart by patient id, or where that is empty by study.
void pairDicom(const io::Scan& scan, const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out);

/// NIfTI images with the label map that lies on the same grid, found by name:
///   - imagesTr/X_0000.nii.gz with labelsTr/X.nii.gz (nnU-Net; also Ts and Val), images/X with labels/X;
///   - X.nii.gz with X_seg, X_label(s), X_gt, X_mask or X_segmentation in the same folder (X may end in _ct, _image
///   ...);
///   - the only image and the only file named *label*, *seg*, *mask* or *_gt* of a folder.
/// Names of the label values come from a CSV named like the label file, or labels.csv, beside it. The patient is the
/// folder sub-* (BIDS) if there is one, the folder where the image has a general name (ct, image, ...), else the image;
/// pseudonyms are made of the path from the scanned `folder` on.
/// Label maps are read to list their values: those that are not whole numbers are unusable.
Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                         const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out, Progress& progress,
                         const CancelToken& cancel);

/// Picture sets: every .npz archive is a case, and every table of pictures, those of a folder that are called after
/// splits ("train.csv", "val.csv") together. Without tables, so is `folder` itself if the scan found pictures, or DICOM
/// images of one frame and a series of their own, in one folder a class, and no volumes.
/// DICOM files that belong to a set of pictures are taken out of the scan: they are no volumes.
/// Case ids are "pictures-<source>", with "-<pseudonym of the file's place>" where the source holds several.
Result<void> pairPictures(io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                          const Pseudonym& pseudonym, Pairing& out);

}  // namespace lorkd::data
