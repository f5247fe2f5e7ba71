// Files that a data set's own description lists: which image has which labels. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "core/data/layout/Words.h"

namespace lorkd::data::layout {

/// What dataset.json says of files, by their paths below the source; each
/// file's name is put so that an image, its channels and its labels have the same words, whatever they are called.
/// Understood are "dataset" of nnU-Net 2 ({"case": {"images": [...], "label": ...}}) and lists of {"image", "label"}
/// below "training", "validation" and the like, with paths from the description's folder on. What is not there, is
/// listed twice, or is both image and labels, is left to its name.
std::map<std::filesystem::path, Name> listedNames(const std::filesystem::path& source,
                                                  const std::vector<std::filesystem::path>& relative,
                                                  const std::map<std::filesystem::path, Name>& names);

}  // namespace lorkd::data::layout
