// Which labels belong to which image: cases made of what a scan found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
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

/// Takes the plan's word (data.sources.NAME.nifti_place) which place counts for NIfTI files that give two: their grid
/// becomes that, and the finding says so. With "ask" nothing changes.
void chooseNiftiPlace(std::vector<io::LooseFile>& files, const std::string& choice);

/// Keyed pseudonym of a UID, patient id or path: ten hex digits.
using Pseudonym = std::function<std::string(const std::string&)>;

/// What `read` said of a file in an earlier scan, under the same `question`, or says now.
using Remembered = std::function<Result<Json>(const std::string& question, const std::filesystem::path& file,
                                              const std::function<Result<Json>()>& read)>;

/// DICOM images, each with the SEG and RTSTRUCT series that reference it: by instance UIDs, else by series UID, else,
/// where a structure set references nothing, by frame of reference. Labels of another frame of reference, or whose
/// image is not there or not clear, are unusable; a region of a structure set that cannot be read, or does not lie in
/// the image's slices, is left out, with a warning; a SEG on another grid in the same frame is resampled, with a
/// warning. Patients are told apart by patient id, or where that is empty by study. Series in folders of masks below
/// the source's `folder` are no images, see pairMaskSeries().
void pairDicom(const io::Scan& scan, const std::filesystem::path& folder, const Pseudonym& pseudonym,
               const Remembered& remembered, Pairing& out);

/// A series of masks or labels that refers to nothing, by the folders that it lies in.
struct MaskSeries {
  const io::Series* series = nullptr;
  std::filesystem::path owner;  ///< the folder in which the folder of masks lies
  std::string structure;        ///< what the folders below that one are called; empty if there is none
};
/// What the names of the folders below `source` say of an image series; nothing if it is no mask by them.
std::optional<MaskSeries> maskSeriesOf(const io::Series& series, const std::filesystem::path& source);
/// Gives masks of one structure to the only one of `images`, the last of the cases, that lies below the same owner and
/// has the same slices. What is not clear, or has several values, is unusable.
void pairMaskSeries(const std::vector<MaskSeries>& masks, const std::vector<const io::Series*>& images,
                    const Remembered& remembered, Pairing& out);

/// Warns of DICOM patient identifiers that stand for several people by their names, that are the same in all of three
/// or more studies, or that differ within one study. Patients in PairDicom are told apart by them.
void checkPatients(const io::Scan& scan, Pairing& out);

/// Notes, once for a source, that series of one study lie in one space, so that a plan may join them (JoinSeries.h).
void offerChannels(Pairing& out);

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

/// Writes structures whose names differ in letter case alone in the way that most cases do, and says so.
void joinSpellings(const std::filesystem::path& folder, Pairing& out);

/// Sets `unannotated` of every case of a source: what others speak of.
void findUnannotated(std::vector<Case>& cases);

/// What is marked by masks whose names say no structure. It means something in its source only, as a value does.
inline constexpr const char* kUnnamedMask = "mask";

/// Pictures with mask pictures (PNG, JPEG, GIF, BMP, TIFF), found by name (see layout/MaskNames.h): a mask calls itself
/// so (x_mask, x_segmentation, mask_x), or lies in a folder that does (masks, Ground Truth, *_GroundTruth), and is
/// called as its picture, or so and more: then it is of the structure that this says (x_OD). x_mask_1, x_mask_2 are
/// parts of one. Where pictures have masks of several makers or folders (1st_manual, mask), each is a structure of its
/// own. What values mean: see MaskValues.h; of masks without a structure's name, the set's dataset.json, if it has one.
/// In nnU-Net's folders, or where that names channels, x_0000 and x_0001 are channels of x (NumberedPictures.h). Every
/// picture is a case of kind "image2d" (see PictureCase.h), and so is one without a mask in their folders. Nothing is
/// taken where no mask belongs to a picture. What the cases use is taken out of the scan; pictures that lie in folders
/// of classes stay in it, and are a set for pairPictures() as well.
/// Findings: unpaired-label, mask-format (masks of a kind that cannot be read), label-values, label-geometry (the mask
/// has another shape); label-grid needs consent (another size); mask-values is a note, and so are, unless a rule says
/// who is who (`patientsSaid`), patients-by-name and people-unknown.
Result<void> pairMasks(io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                       bool patientsSaid, const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out,
                       Progress& progress, const CancelToken& cancel);

/// Picture sets: every .npz archive is a case, and every set of tables that name pictures (setsOfTables()). Where no
/// table speaks of the pictures, so is `folder` itself if there are no volumes and folders name classes
/// (layout/PictureFolders.h), of pictures or of DICOM images that are no slices of volumes. What cannot be used is a
/// finding; a table that speaks of pictures and cannot be used is never passed over for the folders.
/// DICOM files that belong to a set of pictures are taken out of the scan: they are no volumes.
/// `people` is what the plan says of whose they are. Case ids are "pictures-<source>", with "-<pseudonym of the file's
/// place>" where the source holds several.
Result<void> pairPictures(io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                          const PatientRule& people, const Pseudonym& pseudonym, Pairing& out);

/// Gives volumes and DICOM series the labels of the image as a whole (Case::imageLabels): of tables that name them by
/// file, patient, study, series or folder, in columns as those of tables of pictures (see PictureTable.h); else of
/// folders that are called after classes, where these hold two volumes on average and nothing about them is to be
/// asked. A table's split counts where folders say none, and images that it gives one patient are one patient's.
/// `used`: tables that say something else.
Result<void> takeImageLabels(const io::Scan& scan, const std::filesystem::path& folder,
                             const std::set<std::filesystem::path>& used, const Pseudonym& pseudonym, Pairing& out);

}  // namespace lorkd::data
