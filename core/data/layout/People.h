// Whose image is it, by the names of files and folders. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/Words.h"

namespace lorkd::data::layout {

/// Images and what their names say, by their paths below the source.
using NamedImages = std::vector<std::pair<std::filesystem::path, Name>>;

/// Of pictures a person may have hundreds: slices of one volume, tiles of one slide.
enum class ImageKind { Volumes, Pictures };

/// The people that images are of. What is one person's must not be divided between training and test, so this is coarse
/// rather than fine: names that tell two times, sides or views of one person apart are one.
struct People {
  std::vector<std::string> who;                           ///< of each image, in their order
  std::map<std::filesystem::path, std::string> patients;  ///< the same by the image's path
  /// Images whose names differ that are taken for those of one person, and of how many people they are.
  std::size_t images = 0, people = 0;
  bool told = false;  ///< names or folders call somebody a person
  /// Two of those, where there are such.
  std::optional<std::pair<std::filesystem::path, std::filesystem::path>> joined;
};

/// Of each image, by its path below the source and its own name, in this order: "sub-..." as BIDS has it; the folder
/// called after a patient or subject; the uppermost folder with a number that the file's name begins with; folders of
/// one person each, whatever they are called; a person's number in the file's name ("patient7"); the file's name; or
/// its folder, where the file's name says what it is (T1, SA_ED), when (20190305), or is the same in other folders.
/// Taken out are words of times (ses-2, followup, pre), dates behind a name, sides, views, contrasts and preparation
/// (resampled). A last number or letter behind another number is a time, too, where several share what stands before it
/// and none of those are many (00002-000, 00002-001, 001a, 001b; but not 01_0001 ... 01_0300), and so is a small number
/// behind words that are no common ones, where several such words have some (meier_1, meier_2, huber_1).
People peopleOf(const NamedImages& images, ImageKind kind = ImageKind::Volumes);

}  // namespace lorkd::data::layout
