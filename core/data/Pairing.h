// Which labels belong to which image: cases made of what a scan found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
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
  std::set<std::filesystem::path> understood;  ///< files that describe the set: no scan calls them unknown
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

/// Volume files, and the label files that belong to them or to a DICOM image, found by name (see layout/Words.h): words
/// that only say what a file is, or in which folder of its kind it lies, are taken out, and what is left is the same
/// for an image and its labels (imagesTr/X_0000 and labelsTr/X, X and X_seg, volume-X and segmentation-X, ...). A label
/// file of which more is left is the mask of the structure called so (X/segmentations/liver, X_OAR_Brainstem). Else:
/// the one whose name ends alike elsewhere in the source, or the only image and the only label file of a folder. What
/// is not clear is not paired. Files of one folder that differ in the contrast alone are channels of one image, on one
/// grid or, where one scanner makes both, brought to the finest; a file of several volumes is one where dataset.json
/// names as many channels. Labels of the same voxels in another order are turned. What values mean: see
/// layout/LabelTable.h. Label maps are read to list their values: those that are not whole numbers are unusable.
/// Patients are told apart by layout::peopleOf(); pseudonyms are made of the path from the scanned `folder` on.
/// Where `reading` has an assignment, that says what is an image and which labels belong to it, and names nothing.
Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                         const layout::Reading& reading, const Pseudonym& pseudonym, const Remembered& remembered,
                         Pairing& out, Progress& progress, const CancelToken& cancel);

/// Notes that `file` marks a structure that other labels of the case mark already.
void takeAnswer(Case& c, const std::string& label, const std::filesystem::path& file, Pairing& out);

/// Sets `unannotated` of every case of a source: what others speak of.
void findUnannotated(std::vector<Case>& cases);

/// Picture sets: every .npz archive is a case, and every table of pictures, those of a folder that are called after
/// splits ("train.csv", "val.csv") together. Without tables, so is `folder` itself if the scan found pictures, or DICOM
/// images of one frame and a series of their own, in one folder a class, and no volumes.
/// DICOM files that belong to a set of pictures are taken out of the scan: they are no volumes.
/// Case ids are "pictures-<source>", with "-<pseudonym of the file's place>" where the source holds several.
Result<void> pairPictures(io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                          const Pseudonym& pseudonym, Pairing& out);

}  // namespace lorkd::data
