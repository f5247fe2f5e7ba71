// Whose pictures they are, by the names of their files. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/data/layout/People.h"

namespace lorkd::data::layout {

/// A picture's name without its ending, and the name of its class, if it has one.
struct PictureName {
  std::string stem, cls;
};

/// Who pictures of classes are of by their names alone, as peopleOf() reads them: the class is no part of who it is, as
/// people may have pictures in several. `who` is empty for pictures that are not taken for those of a person who has
/// several: of these the names say nothing. `joined` holds stems.
People peopleOfPictures(const std::vector<PictureName>& pictures);

}  // namespace lorkd::data::layout
