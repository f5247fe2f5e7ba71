// What each file of a data set is, and which belong together: what rules and readers answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lorkd::data::layout {

/// The files of a data source, by their paths below it with '/' between folders; sorted.
struct Files {
  std::filesystem::path folder;
  std::vector<std::string> volumes;    ///< by their names: NIfTI, NRRD, MetaImage
  std::vector<std::string> others;     ///< that are neither volumes nor DICOM, as far as is known
  std::vector<std::string> folders{};  ///< that hold images in DICOM, each with a '/' at its end
};

/// What a volume file is, or a folder that holds a DICOM series.
struct Assigned {
  enum class Use { Image, Labels, None };
  Use use = Use::Image;
  /// What tells images apart: parts of a name and their values. An image and labels belong together if the parts that
  /// both have are equal, at least one is there, and no other image fits as well.
  std::map<std::string, std::string> key;
  std::string channel;    ///< of an image: the contrast or modality; of labels: that of the image they were drawn on
  std::string structure;  ///< what the mask marks; empty for a map of values
  std::string reader;     ///< who drew
  std::string patient;    ///< empty: as names say
  std::string split;      ///< "train", "validation", "test" or empty
  int rank = 0;           ///< of labels: where several say the same, the lowest counts; equal ones are several answers
  std::string reason;     ///< of what is not used: why, in words
};

/// By the path below the source. What is not among them is left out.
using Assignment = std::map<std::string, Assigned>;

/// A file that is left out, or a row that says nothing, and why.
struct LeftOut {
  std::string path;
  /// Of the finding: "no-rule", "two-rules", "left-by-reader", "same-image", "unpaired-label", "second-label",
  /// "table-row", "table-column".
  std::string code;
  std::string message;
};

/// An image with its labels, by what an assignment says.
struct Arranged {
  struct Image {
    std::vector<std::string> files;   ///< one a channel; a folder of DICOM is alone
    std::vector<std::string> labels;  ///< of the lowest rank first, then by path
    std::string patient, split;
  };
  std::vector<Image> images;  ///< in the order of their first files
  std::vector<LeftOut> left;
};

/// Puts together what belongs together. Images of one key are the channels of one; where a channel occurs twice, none
/// of them is used. Of labels of one structure (or of none) for one image, those of the lowest rank are used.
Arranged arrange(const Assignment& assignment);

}  // namespace lorkd::data::layout
