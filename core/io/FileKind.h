// What a file is, by its first bytes and name. For this room and pacs.
#pragma once

#include <filesystem>
#include <string>

namespace lorkd::io {

enum class FileKind { Dicom, Volume, Npz, Picture, Other, Unreadable };

/// Looks at no more than 132 bytes. DICOM without a preamble counts when it begins with a plausible first element.
FileKind fileKind(const std::filesystem::path& file);

/// Of a volume of a format that is not read, by its name, what it is and how it is converted; empty for other files.
std::string foreignVolume(const std::filesystem::path& file);

/// The first bytes of a file, no more than `most`; empty where it cannot be read.
std::string readHead(const std::filesystem::path& file, std::size_t most);

}  // namespace lorkd::io
