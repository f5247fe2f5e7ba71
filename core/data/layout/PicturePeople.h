// Whose pictures they are, by the names of their files. Inside this room only.
#pragma once

#include <string>
#include <vector>

namespace lorkd::data::layout {

/// A picture's name without its ending, and the name of its class, if it has one.
struct PictureName {
  std::string stem, cls;
};

/// For each picture who it is of, or empty where its name does not say it. Coarse rather than fine: person1_bacteria_2
/// is person1's, CNV-1016042-3 of the class CNV is 1016042's, 7_left and 7_right are 7's, and TCGA barcodes count up to
/// the participant. What all pictures of all classes have in common says nothing.
std::vector<std::string> peopleOf(const std::vector<PictureName>& pictures);

}  // namespace lorkd::data::layout
