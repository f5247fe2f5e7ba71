// Folds that come with the data: nnU-Net's splits_final.json, and the lists of MONAI.
#pragma once

#include <filesystem>
#include <vector>

#include "core/data/Pairing.h"

namespace lorkd::data {

/// Where splits_final.json may lie for the volumes and pictures of these cases: in the folder of the data set (above
/// imagesTr, else the source's `folder`), and in nnUNet_preprocessed/<its name> beside it or up to two folders further
/// above.
std::vector<std::filesystem::path> placesOfFolds(const std::vector<Case>& cases, const std::filesystem::path& folder);

/// Fills in Case::folds from the first file that is there, a list of {"train": [names], "val": [names]}, where names
/// are those of files, or of images without the number of a channel; else from a list of MONAI in the data set's folder
/// (dataset*.json, datalist*.json, *fold*.json) whose "training" images have a "fold": there they are validated.
/// Findings: splits-missing (names of which no image is there), splits-unnamed (images for training on neither side of
/// a fold, which trains on them, too), splits-empty (folds that validate no image), splits-kept (what is taken),
/// splits-file (the file is no such list, has lists of other names, or names an image on both sides of a fold: it
/// counts for nothing).
void takeGivenFolds(const std::filesystem::path& folder, Pairing& out);

}  // namespace lorkd::data
