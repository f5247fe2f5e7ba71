// How deep the sequences of a DICOM file nest, found without recursion. Inside this room only.
#pragma once

#include <filesystem>

#include "core/base/Error.h"

namespace lorkd::io {

/// DCMTK 3.6.7 descends into sequences by recursion and overflows the stack at some thousand levels (seen at 10 000
/// with 8 MiB); real objects stay below twenty. Follows PS3.5 section 7 as far as lengths go. Errors: Format when
/// sequences nest deeper than 128 levels; Io. Files that are no DICOM pass: others judge them.
Result<void> checkNesting(const std::filesystem::path& file);

}  // namespace lorkd::io
