#include "core/io/dicom/MediaDirectory.h"

#include <algorithm>
#include <cctype>

#include "core/io/FileKind.h"
#include "core/io/dicom/Dicom.h"

namespace lorkd::io {
namespace fs = std::filesystem;

bool isMediaDirectory(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec) || fileKind(file) != FileKind::Dicom) return false;
  const auto loaded = dicom::load(file);
  return loaded && loaded->dataset().tagExists(DCM_DirectoryRecordSequence);
}

std::vector<std::string> listedFiles(DcmDataset& directory) {
  constexpr std::size_t kMost = 1 << 20;
  std::vector<std::string> files;
  // No visit fails.
  (void)dicom::forEachItem(directory, DCM_DirectoryRecordSequence, [&](DcmItem& record) -> Result<void> {
    constexpr long kOutOfUse = 0;
    if (files.size() == kMost || dicom::integer(record, DCM_RecordInUseFlag, 0xffff) == kOutOfUse) return {};
    auto id = dicom::ascii(dicom::text(record, DCM_ReferencedFileID));
    std::ranges::replace(id, '\\', '/');
    if (!id.empty()) files.push_back(std::move(id));
    return {};
  });
  return files;
}

std::string asOnAnyMedium(const fs::path& path) {
  std::string out;
  for (const auto& part : path.lexically_normal()) {
    auto name = part.native();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto version = name.find_last_of(';');
    if (version != name.npos && name.find_first_not_of("0123456789", version + 1) == name.npos) name.resize(version);
    if (name.size() > 1 && name.ends_with('.') && !name.starts_with('.')) name.pop_back();
    out += "/" + name;
  }
  return out;
}

Finding checkListed(const fs::path& directory, const std::vector<std::string>& listed,
                    const std::set<std::string>& there) {
  std::size_t missing = 0;
  std::string first;
  for (const auto& file : listed)
    if (!there.contains(asOnAnyMedium(directory.parent_path() / file)) && missing++ == 0) first = file;
  if (missing == 0)
    return {Finding::Severity::Note, "dicomdir", "a DICOM directory: the files themselves are read instead"};
  return {Finding::Severity::Warning, "dicomdir-missing",
          "a DICOM directory: " + std::to_string(missing) + " of the " + std::to_string(listed.size()) +
              " file(s) that it lists are not here, for example " + first + "; copy the whole medium to have them"};
}

}  // namespace lorkd::io
