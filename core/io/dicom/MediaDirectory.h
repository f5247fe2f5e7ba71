// DICOM directories: the list of its files that every DICOM medium carries (PS3.10 section 8, PS3.3 annex F).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/io/Series.h"

class DcmDataset;

namespace lorkd::io {

/// The folder that a DICOM directory's File IDs begin in; empty if the file, whatever its name, is none. That is its
/// own folder (PS3.10 section 8.6), or where a medium was copied with its directory moved down, the nearest of those
/// above that holds most of the files.
std::filesystem::path mediumRoot(const std::filesystem::path& file);

/// The files that a directory lists, with '/' between the parts of their File IDs; records out of use left out.
std::vector<std::string> listedFiles(DcmDataset& directory);

/// A path as file systems may have changed it: without letter case, nor the versions (";1") and last dots of ISO 9660.
std::string asOnAnyMedium(const std::filesystem::path& path);

/// What `directory` lists and `there`, paths by asOnAnyMedium(), does not have, as a warning; else a note. Its own
/// folder or one above is the root of the medium, as for mediumRoot().
Finding checkListed(const std::filesystem::path& directory, const std::vector<std::string>& listed,
                    const std::set<std::string>& there);

}  // namespace lorkd::io
