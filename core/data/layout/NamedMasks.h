// What masks of one image are called after besides their own names. Inside this room only.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/Contrasts.h"

namespace lorkd::data::layout {

/// The masks of one image, each with the structure that it is called after, or none.
struct MasksOfImage {
  std::filesystem::path image;      ///< below the source
  std::set<std::string> contrasts;  ///< of the image, small
  std::vector<std::pair<const VolumeEntry*, std::string*>> masks;
};

/// Names masks after their folders, see StructureFolders, where an image has masks in several such.
void nameByFolders(std::vector<MasksOfImage>& images);

/// Gives structures the words that were taken for contrasts ("rectus_IR", "rectus_MR") where masks of one image have no
/// other difference and the image has none of these contrasts; then in all images, so that one structure has one name.
/// T1 and T2 are vertebrae where other masks of the image are called so (L1, C7).
void nameByContrasts(std::vector<MasksOfImage>& images);

}  // namespace lorkd::data::layout
