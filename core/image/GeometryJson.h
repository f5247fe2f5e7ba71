// A grid as JSON, as it stands in cases.json and in the metadata of prepared files:
// {"size": [i, j, k], "spacing": [mm...], "origin": [LPS mm...], "direction": [[row], [row], [row]]}.
#pragma once

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/image/Geometry.h"

namespace lorkd::image {

Json geometryToJson(const Geometry& geometry);

/// Errors: Format when a field is missing, of another type or not finite, or a size or spacing is not positive.
Result<Geometry> geometryFromJson(const Json& json);

}  // namespace lorkd::image
