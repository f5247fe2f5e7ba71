// Tables of pictures without a first line of names: what their columns are is told by what stands in them. Inside this
// room only.
#pragma once

#include <string>

#include "core/data/layout/PicturePlaces.h"
#include "core/io/Csv.h"

namespace lorkd::data {

/// Gives a table a line of names if its first line names a picture, or a folder of pictures, that is there, and its
/// columns are clear: that one is "filename", and of one further column "split" where all of its cells are words of
/// splits, or "label" where they are classes, few words or the numbers 0 to n or 1 to n. A row of a folder becomes a
/// row of each picture in it. Returns the names in words, or nothing where the table stays as it is. Errors:
/// Unsupported (more rows than Limits.h has pictures).
Result<std::string> nameColumns(io::Csv& csv, const layout::PicturePlaces& places, const layout::PictureHints& hints);

}  // namespace lorkd::data
