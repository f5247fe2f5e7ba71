// What a mask picture says, put into the case of its picture. Inside this room only.
#pragma once

#include <array>
#include <filesystem>

#include "core/data/MaskValues.h"
#include "core/data/Pairing.h"
#include "core/data/layout/LabelTable.h"

namespace lorkd::data {

/// What the values of a mask mean by the description of a set (dataset.json): structures, regions of several values,
/// and what is ignored. Errors: Format (a value that it does not name, colours, or a JPEG, whose values are not exact).
Result<layout::Structures> describedStructures(const MaskValues& values, const layout::LabelTable& table);

/// Whether the next mask of the case, of `size` pixels, has its picture's shape; one of another size asks. Findings:
/// label-geometry, label-grid.
bool fitsPicture(Case& c, const std::filesystem::path& mask, const std::array<std::int64_t, 2>& size, Pairing& out);

/// Adds a mask and what it marks (LabelPlace::file is filled in). A structure that is there already has several
/// answers, unless the mask is a `part` of it.
void takeMask(Case& c, const std::filesystem::path& mask, const layout::Structures& structures, bool part,
              Pairing& out);

}  // namespace lorkd::data
