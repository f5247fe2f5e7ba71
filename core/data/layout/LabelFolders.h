// Folders whose names say of labels and of something else: "Lung_Mask", "seg-lungs-LUNA16", "cow_seg_labelsTr". Inside
// this room only.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/data/layout/Words.h"

namespace lorkd::data::layout {

/// Such a name may be that of a data set with images in it ("HaN-Seg", "COVID-19-CT-Seg_20cases"). So it counts only
/// where the word for labels stands first or last, nothing below the folder is said to be an image, and at least half
/// of what lies there is called like an image outside, or the folder itself is ("case_1_seg" beside "case_1.nii.gz").
/// `relative` are paths of all volumes below the source's folder; `channels` see nameOf().
LabelFolders labelFolders(const std::vector<std::filesystem::path>& relative, const std::set<std::string>& channels);

/// Whether a word of the name is that of an organ, a tissue or what is found there.
bool namesStructure(const std::string& name);

/// The folder above a label file, and not above its image, that is called after an organ, a tissue or what is found
/// there: "masks/liver", "Lung_Mask", "csPCa_lesion_delineations"; the nearest. Its name without words for labels, or
/// nothing. Names of people, sites and versions are none, so that answers of two readers are not two structures.
class StructureFolders {
 public:
  std::string of(const std::filesystem::path& label, const std::filesystem::path& image);

 private:
  std::map<std::filesystem::path, std::string> m_known;  ///< by folder
};

}  // namespace lorkd::data::layout
