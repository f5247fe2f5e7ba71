// Several answers to one question, made one as the plan says.
#pragma once

#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::data {

/// The answers, masks of the same voxels in the order of their files, made one by `rule`: "first", "last", "union" (in
/// any), "intersection" (in all), "majority" (in more than half) or "staple" (see io/Staple.h).
/// Errors: InvalidArgument (no answer, or no such rule), Numeric.
Result<std::vector<std::uint8_t>> joinAnswers(const std::string& rule, const image::Geometry& geometry,
                                              const std::vector<std::vector<std::uint8_t>>& answers);

}  // namespace lorkd::data
