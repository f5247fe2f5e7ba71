#include "core/io/PicturePlaces.h"

#include <algorithm>
#include <vector>

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// Names without their ending are common in tables, above all for DICOM.
constexpr const char* kEndings[] = {"", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom"};

fs::path asPath(std::string name) {
  std::ranges::replace(name, '\\', '/');
  return name;
}

}  // namespace

bool PicturePlaces::leadsOut(const std::string& name) {
  const auto path = asPath(name);
  return std::ranges::find(path, fs::path("..")) != path.end();
}

std::optional<fs::path> PicturePlaces::find(const std::string& name) {
  const auto path = asPath(name).relative_path();
  if (path.filename().empty() || leadsOut(name) || name.find('\0') != name.npos) return std::nullopt;
  std::error_code ec;
  constexpr int kMostFolders = 32;
  const std::vector<fs::path> parts(path.begin(), path.end());
  for (std::size_t skipped = 0; skipped < parts.size() && parts.size() <= kMostFolders; ++skipped) {
    auto place = m_folder;
    for (auto n = skipped; n < parts.size(); ++n) place /= parts[n];
    for (const char* ending : kEndings)
      if (auto file = place; fs::is_regular_file(file += ending, ec)) return file;
  }
  if (!m_listed) {
    m_listed = true;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at(m_folder, options, ec), end; !ec && at != end; at.increment(ec)) {
      if (!at->is_regular_file(ec)) continue;
      const auto own = at->path().filename(), stem = own.stem();
      for (const auto& called : {own, stem}) {
        const auto [known, added] = m_byName.emplace(called.string(), at->path());
        if (!added && known->second != at->path()) known->second.clear();
        if (own == stem) break;
      }
    }
  }
  const auto known = m_byName.find(path.filename().string());
  if (known == m_byName.end() || known->second.empty()) return std::nullopt;
  return known->second;
}

}  // namespace lorkd::io
