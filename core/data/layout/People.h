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

/// The people that images are of. What is one person's must not be divided between training and test, so this is coarse
/// rather than fine: names that tell two times, sides or views of one person apart are one.
struct People {
  std::map<std::filesystem::path, std::string> patients;  ///< by the image's path below the source
  /// Two images of other names that are taken for one person's, where there are such.
  std::optional<std::pair<std::filesystem::path, std::filesystem::path>> joined;
};

/// Of each image, by its path below the source and its own name, in this order: "sub-..." as BIDS has it; the folder
/// called after a patient or subject; the uppermost folder with a number that the file's name begins with; the file's
/// name; or its folder, where the file's name says what it is (T1, SA_ED) or is the same in other folders. Taken out
/// are words of times (ses-2, followup, pre), dates, sides, views, contrasts and preparation (resampled). A last number
/// behind another one is a time, too, where several share what stands before it and none of those are many (00002-000,
/// 00002-001; but not 01_0001 ... 01_0300).
People peopleOf(const std::vector<std::pair<std::filesystem::path, Name>>& images);

}  // namespace lorkd::data::layout
