// What the names of files and folders say in data sets: which file is an image, which its labels, what belongs
// together. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// File name without its endings (.nii.gz, .nrrd, .mha, ...).
std::string stemOf(const std::filesystem::path& file);

/// What a volume file is by its name. Part: a piece of an annotation that another file holds whole. Prediction: what a
/// network has answered, neither an image nor the truth.
enum class Role { Image, Labels, Part, Prediction };

/// A name taken apart. Words that only say what a file is, or who drew it ("image", "label", "imagesTr", "ct", "t1",
/// "reader1") are taken out: what is left is the same for an image and its labels, "case 12" for
/// "images/case_12.nii.gz" and "labels/case_12_seg.nii.gz".
struct Name {
  Role role = Role::Image;
  bool told = false;    ///< names say the role; it is not just taken for an image
  bool listed = false;  ///< a description of the set says so, see layout/Listed.h
  bool callsItselfImage = false,
       callsItselfLabels = false;    ///< the file's own name says so, whatever its folder is called
  std::vector<std::string> place;    ///< words of the folders, lower case
  std::vector<std::string> stem;     ///< words of the file, lower case
  std::vector<std::string> spelled;  ///< those of `stem` as they are written
  std::vector<std::string> said;  ///< words taken out of the file's name that tell contrasts apart: "T1", "CT", "0001"
  std::size_t copies = 0;         ///< words at the end of `stem` that may only say which of several copies it is
  int preference = 0;             ///< among several labels of one image: "final" above others, "original" below
};

/// Folders of labels, each with the words of its name that belong to the place of what lies in it.
using LabelFolders = std::map<std::filesystem::path, std::vector<std::string>>;

/// Words of a name as they are written, letters with marks as one character each (see Composed.h). "img0001" is two: what stands before the number only says what the file is.
std::vector<std::string> wordsOf(const std::string& text);

bool digits(std::string_view text);
/// "image", "vol", ...: words that only say that something is an image. Lower case, as below.
bool isImageWord(const std::string& word);
/// "label", "mask", "seg", ...
bool isLabelWord(const std::string& word);
/// "t1", "ct", ...: contrasts and modalities.
bool isContrast(const std::string& word);
/// "v2", "old", "Kopie", "(1)", ...: which of several copies of a file it is. Lower case.
bool isCopyWord(const std::string& word);
/// "train", "validation" or "test", or empty: the word of a split, or the end of a folder's name (imagesTr, labelsVa).
std::string splitOfWord(const std::string& word);

/// `relative` is the path below the source's folder. `channels` holds the stems that end in _0000: only of those is
/// _0001 another channel (amos_0001.nii.gz is an image of its own). `labelFolders` are those of layout/LabelFolders.h.
Name nameOf(const std::filesystem::path& relative, const std::set<std::string>& channels,
            const LabelFolders& labelFolders = {});

/// The number of a channel, where the name ends in one (_0001 is 1).
std::optional<std::size_t> numberOf(const Name& name);

/// `<folder>/<stem without _0000>` of every image that ends so, unless a label file has the very same name: then the
/// digits are the case's (amos_0000, case_0000).
std::set<std::string> channelStems(const std::vector<std::filesystem::path>& relative);

/// Whether a folder's name says that: "train", "Test set", "trainval".
bool saysSplit(const std::string& folder);

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

}  // namespace lorkd::data::layout
