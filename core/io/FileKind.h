// What a file is, by its first bytes and name. Inside this room only.
#pragma once

#include <filesystem>

namespace lorkd::io {

enum class FileKind { Dicom, Volume, Npz, Picture, Other, Unreadable };

/// Looks at no more than 132 bytes. DICOM without a preamble counts when it begins with a plausible first element.
FileKind fileKind(const std::filesystem::path& file);

}  // namespace lorkd::io
