// What the folders of a set of pictures say: classes, parts of the set, and whose pictures they are. Inside this room
// only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// What a folder says of one picture.
struct PicturePlace {
  bool mask = false;         ///< its own name, or its folder, says that it shows where something is: no example
  bool copy = false;         ///< it lies in a folder of augmented pictures
  std::string split;         ///< "train", "val", "test", or empty
  std::string person;        ///< whose it is by the folders, or empty
  std::vector<int> classes;  ///< positions in PictureFolders::classes, one of each level of folders at most
};

/// Folders say what files are (images, masks), which part of the set they are for (train, Testing), whose they are
/// (patient0001, numbers of three digits and more), that they belong together (part_1, 40X), or a class. Whatever is
/// the same for all pictures, as an archive's own folder, says nothing. Of two levels of classes both count where the
/// deeper ones refine the upper (benign/adenosis). Where they repeat below each other, one of the two levels is of
/// classes: not that of views and sides (normal/AP, ill/AP), and rather that with a word that only classes are called
/// (siteA/normal, siteB/normal); else the deeper one, and that is asked.
struct PictureFolders {
  std::vector<std::string> classes;  ///< in order of their names, level by level
  std::vector<PicturePlace> pictures;
  std::string refusal;             ///< why there are no classes, in words; empty where there are at least two
  std::string question;            ///< what is to be confirmed, since it may be otherwise; empty where nothing is
  std::vector<std::string> alike;  ///< names that differ from others in letter case alone: "benign and Benign"
  std::string told;                ///< which folders are taken for no classes although they differ; may be empty
};

/// `relative` are paths of pictures below the set's folder.
PictureFolders pictureFolders(const std::vector<std::filesystem::path>& relative);

}  // namespace lorkd::data::layout
