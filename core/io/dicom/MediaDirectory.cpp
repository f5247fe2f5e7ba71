#include "core/io/dicom/MediaDirectory.h"

#include <algorithm>
#include <cctype>

#include "core/io/FileKind.h"
#include "core/io/dicom/Dicom.h"

namespace lorkd::io {
namespace fs = std::filesystem;

namespace {

/// Of the folder of `directory` and those above it, the nearest for which `missing(folder)` is the least.
template <class Missing>
fs::path rootOf(const fs::path& directory, const Missing& missing) {
  constexpr int kMostAbove = 3;
  auto best = directory.parent_path();
  auto least = missing(best);
  auto folder = best;
  for (int n = 0; n < kMostAbove && least > 0 && folder.has_relative_path(); ++n) {
    folder = folder.parent_path();
    if (const auto here = missing(folder); here < least) least = here, best = folder;
  }
  return best;
}

/// Whether the file is there, by its name on any medium.
bool isThere(const fs::path& folder, const fs::path& relative) {
  auto at = folder;
  for (const auto& part : relative) {
    std::error_code ec;
    if (fs::exists(at / part, ec)) {
      at /= part;
      continue;
    }
    const auto wanted = asOnAnyMedium(part);
    bool found = false;
    for (fs::directory_iterator entry(at, ec), end; !ec && entry != end && !found; entry.increment(ec))
      if (found = asOnAnyMedium(entry->path().filename()) == wanted; found) at = entry->path();
    if (!found) return false;
  }
  return true;
}

}  // namespace

fs::path mediumRoot(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec) || fileKind(file) != FileKind::Dicom) return {};
  const auto loaded = dicom::load(file);
  if (!loaded || !loaded->dataset().tagExists(DCM_DirectoryRecordSequence)) return {};
  auto listed = listedFiles(loaded->dataset());
  constexpr std::size_t kSamples = 16;
  if (listed.size() > kSamples) listed.resize(kSamples);
  return rootOf(file, [&](const fs::path& folder) {
    return std::ranges::count_if(listed, [&](const auto& one) { return !isThere(folder, one); });
  });
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
  const auto absent = [&](const fs::path& root) {
    return [&there, root](const std::string& file) { return !there.contains(asOnAnyMedium(root / file)); };
  };
  const auto root =
      rootOf(directory, [&](const fs::path& folder) { return std::ranges::count_if(listed, absent(folder)); });
  const auto missing = std::ranges::count_if(listed, absent(root));
  if (missing == 0)
    return {Finding::Severity::Note, "dicomdir", "a DICOM directory: the files themselves are read instead"};
  return {Finding::Severity::Warning, "dicomdir-missing",
          "a DICOM directory: " + std::to_string(missing) + " of the " + std::to_string(listed.size()) +
              " file(s) that it lists are not here, for example " + *std::ranges::find_if(listed, absent(root)) +
              "; copy the whole medium to have them"};
}

}  // namespace lorkd::io
