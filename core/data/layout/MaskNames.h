// What names say in sets of pictures with mask pictures. Inside this room only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// A picture's name taken apart. Words that only say what a file is ("images", "mask", "GroundTruth") are taken out.
struct MaskName {
  bool mask = false;                 ///< it calls itself a mask, or lies in a folder of masks
  bool own = false;                  ///< it calls itself a mask, whatever its folder is called
  bool image = false;                ///< it lies in a folder of images, and is no mask
  std::vector<std::string> place;    ///< what is left of its folders, each one text in small letters
  std::vector<std::string> stem;     ///< words of the file, in small letters, up to what says that it is a mask
  std::vector<std::string> spelled;  ///< those of `stem` as they are written
  std::vector<std::string> after;    ///< words behind that, as they are written: a structure, or a number
  /// The word and number that tell who has drawn it, or else the word itself or the folder's name: "manual1", "mask",
  /// "1st_manual".
  std::string maker;
};

/// `relative` is the path below the source's folder.
MaskName maskNameOf(const std::filesystem::path& relative);

/// How well a mask belongs to a picture.
struct Belongs {
  int rank = 0;           ///< the higher the better; equal ones of two pictures are not clear
  std::string structure;  ///< what more the mask's name says, or empty
  bool numbered = false;  ///< it is one of several masks of one structure
};

/// Pictures that nothing here reads, by their ending.
bool isForeignPicture(const std::filesystem::path& file);
/// Whether a folder is called after the format of what lies in it.
bool isFormatFolder(const std::string& folder);
/// What a picture is called, for telling people apart. One set in several formats, as CVC-ClinicDB is given out, shows
/// everybody twice.
std::filesystem::path bareName(const std::filesystem::path& relative);

/// A picture of nnU-Net's imagesTr: X_0000.png is the first channel of X.png.
struct NumberedPicture {
  std::filesystem::path relative;  ///< without the number
  std::size_t channel = 0;
};
/// Nothing where the name does not end in a number of four digits, behind a line.
std::optional<NumberedPicture> numberedPicture(const std::filesystem::path& relative);
/// Whether pictures of this path lie in a folder that is called as nnU-Net calls its own (imagesTr, imagesTs).
bool inFolderOfNnunet(const std::filesystem::path& relative);

/// The words of the stem as one text, without those at its end that say for what a picture is ("21_training").
std::string keyOf(const MaskName& picture);

/// Nothing if the names say that it does not.
std::optional<Belongs> belongs(const MaskName& mask, const MaskName& picture);

}  // namespace lorkd::data::layout
