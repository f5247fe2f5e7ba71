// What the names of files and folders say in data sets: which file is an image, which its labels, what belongs
// together. Inside this room only.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// File name without its endings (.nii.gz, .nrrd, .mha, ...).
std::string stemOf(const std::filesystem::path& file);

/// What a volume file is by its name.
enum class Role { Image, Labels, Part };  ///< Part: a piece of an annotation that another file holds whole

/// A name taken apart. Words that only say what a file is, or who drew it ("image", "label", "imagesTr", "ct", "t1",
/// "reader1") are taken out: what is left is the same for an image and its labels, "case 12" for
/// "images/case_12.nii.gz" and "labels/case_12_seg.nii.gz".
struct Name {
  Role role = Role::Image;
  bool callsItselfImage = false,
       callsItselfLabels = false;    ///< the file's own name says so, whatever its folder is called
  std::vector<std::string> place;    ///< words of the folders, lower case
  std::vector<std::string> stem;     ///< words of the file, lower case
  std::vector<std::string> spelled;  ///< those of `stem` as they are written
  std::vector<std::string> said;  ///< words taken out of the file's name that tell contrasts apart: "T1", "CT", "0001"
  int preference = 0;             ///< among several labels of one image: "final" above others, "original" below
};

/// `relative` is the path below the source's folder. `channels` holds the stems that end in _0000: only of those is
/// _0001 another channel (amos_0001.nii.gz is an image of its own).
Name nameOf(const std::filesystem::path& relative, const std::set<std::string>& channels);

/// The number of a channel, where the name ends in one (_0001 is 1).
std::optional<std::size_t> numberOf(const Name& name);

/// `<folder>/<stem without _0000>` of every image that ends so, unless a label file has the very same name: then the
/// digits are the case's (amos_0000, case_0000).
std::set<std::string> channelStems(const std::vector<std::filesystem::path>& relative);

/// What the folders say that an image is for: "train", "validation" or "test" (imagesTs, Testing, val, ...); the
/// nearest that says it counts. Empty where none does. A path below the source's folder.
std::string splitOf(const std::filesystem::path& relative);

/// What the name of a folder, or of a table's column, says of its pictures.
struct FolderWords {
  std::optional<Role> kind;  ///< Image ("images", "train_images", "X_Input") or Labels ("masks", "1st_manual"), if said
  std::string split;         ///< "train", "validation", "test" or empty; one word of the name may say it
  bool copies = false;       ///< "augmented": pictures made of others
  std::string rest;          ///< what else it says: all of it, or without those words and the numbers beside them
};
FolderWords folderWords(const std::string& name);

/// Whose image it is, coarse rather than fine: the folder called after a patient or subject (sub-*, patient*, ...),
/// else the case's folder where the file's own name only says what it is, else the file's name without words for time
/// points (frame01, t0, ses-2, pre). A path below the source's folder.
std::string patientOf(const std::filesystem::path& relative, const Name& name);

}  // namespace lorkd::data::layout
