// Names of label values in the files of other programs. Inside this room and core/data/layout only.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/base/Error.h"
#include "core/image/Label.h"

namespace lorkd::io {

/// Whether the file, by its ending and its first lines, names label values: a label description of ITK-SNAP (.label,
/// .txt), a colour table of 3D Slicer or FreeSurfer (.ctbl, .txt), or a JSON of a usual name that calls
/// values by names (labels.json, class_map.json, ... {"1": "spleen"} or {"spleen": 1}; metadata.json of a MONAI
/// bundle). A CSV is not looked into.
bool namesValues(const std::filesystem::path& file);

/// Its names and colours, by value (0 to 65535). A name that only repeats the value ("Label 3", as ITK-SNAP begins) is
/// none. Errors: Io; Format, naming the line or the key; two names for one value are one.
Result<std::map<int, image::Label>> namedValues(const std::filesystem::path& file);

}  // namespace lorkd::io
