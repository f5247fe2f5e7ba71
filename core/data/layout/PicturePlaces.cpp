#include "core/data/layout/PicturePlaces.h"

#include <algorithm>
#include <array>

#include "core/base/Composed.h"
#include "core/base/Progress.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

// Names without their ending are common in tables, above all for DICOM.
constexpr std::array kEndings{".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom", ".gif"};

std::string stemOfPicture(const std::string& name) {
  for (const std::string ending : kEndings)
    if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

std::vector<std::string> foldersOf(const fs::path& path) {
  std::vector<std::string> out;
  for (const auto& part : path.parent_path())
    if (part != "." && part != "/") out.push_back(io::lowered(composed(part.string())));
  return out;
}

std::size_t sameAtEnd(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && a[a.size() - 1 - n] == b[b.size() - 1 - n]) ++n;
  return n;
}

/// What the folders say that a picture is for, in any of their words.
std::string partOf(const fs::path& path) {
  std::string out;
  for (const auto& folder : path.parent_path())
    if (auto split = folderWords(folder.string()).split; !split.empty()) out = std::move(split);
  return out;
}

}  // namespace

Result<PicturePlaces> PicturePlaces::open(const fs::path& root) {
  PicturePlaces out;
  out.m_root = root;
  LORKD_TRY(listed, io::listFolder(root, CancelToken()));
  for (const auto& stamp : listed.files) {
    const fs::path file = stamp.path;
    const auto name = io::lowered(composed(file.filename().string())), stem = stemOfPicture(name);
    const auto number = out.m_files.size();
    out.m_files.push_back({file, foldersOf(file)});
    out.m_byName.emplace(name, number);
    if (stem != name) out.m_byName.emplace(stem, number);
    if (stem != name) ++out.m_pictures;
    for (const auto& folder : out.m_files.back().folders) out.m_folders[folder] = true;
  }
  return out;
}

PicturePlaces PicturePlaces::of(const fs::path& root, const std::vector<std::string>& names) {
  PicturePlaces out;
  out.m_root = root;
  for (const auto& name : names) {
    out.m_byName.emplace(io::lowered(name), out.m_files.size());
    out.m_files.push_back({name, {}});
    out.m_kinds[root / name] = true;
  }
  out.m_pictures = names.size();
  return out;
}

bool PicturePlaces::leadsOut(const std::string& name) {
  const auto path = io::pathOfCell(name);
  return std::ranges::find(path, fs::path("..")) != path.end();
}

bool PicturePlaces::isPicture(const fs::path& file) const {
  const auto [known, added] = m_kinds.emplace(file, false);
  if (added) known->second = io::isPicture(file);
  return known->second;
}

std::array<std::size_t, 5> PicturePlaces::agreement(const File& file, const fs::path& name, std::size_t same,
                                                    const PictureHints& hints) const {
  const bool mask =
      nameOf(file.relative, {}).role != Role::Image ||
      std::ranges::any_of(file.folders, [](const auto& folder) { return folderWords(folder).kind == Role::Labels; });
  const bool beside = (m_root / file.relative).parent_path() == (hints.beside / name).parent_path();
  std::size_t words = 0;
  if (hints.words)
    for (const auto& folder : file.folders)
      words += static_cast<std::size_t>(
          std::ranges::any_of(*hints.words, [&](const auto& word) { return io::lowered(composed(word)) == folder; }));
  const bool split = !hints.split.empty() && hints.split == partOf(file.relative);
  return {same + 1, !mask, beside, words, split};
}

std::vector<fs::path> PicturePlaces::below(const std::string& name, const PictureHints& hints) const {
  std::vector<fs::path> out;
  constexpr std::size_t kLongestName = 4096;
  if (name.empty() || name.size() > kLongestName || leadsOut(name) || name.find('\0') != name.npos) return out;
  const auto collect = [&](const fs::path& folder) {
    const auto begin = (folder / "").native();
    auto at = std::ranges::lower_bound(m_files, begin, {}, [](const File& f) { return f.relative.native(); });
    for (; at != m_files.end() && at->relative.native().starts_with(begin); ++at) out.push_back(m_root / at->relative);
    return !out.empty();
  };
  auto rest = io::pathOfCell(name).relative_path();
  const auto own = hints.beside.lexically_relative(m_root);
  while (!rest.empty() && rest != ".") {
    if (collect(rest) || (own != "." && collect(own / rest))) return out;
    // What is left out must not be there: "train/7" is not "7".
    const auto first = *rest.begin();
    if (m_folders.contains(io::lowered(first.string()))) return out;
    rest = rest.lexically_relative(first);
  }
  return out;
}

std::optional<fs::path> PicturePlaces::find(const std::string& name, const PictureHints& hints) const {
  constexpr std::size_t kLongestName = 4096, kMostSoCalled = 4096;
  if (name.empty() || name.size() > kLongestName || leadsOut(name) || name.find('\0') != name.npos) return std::nullopt;
  const auto path = io::pathOfCell(name);
  const auto folders = foldersOf(path);
  const auto [first, last] = m_byName.equal_range(io::lowered(composed(path.filename().string())));
  const auto candidates = static_cast<std::size_t>(std::distance(first, last));
  if (candidates > kMostSoCalled) return std::nullopt;
  const auto own = folders.empty() ? std::string() : partOf(path);
  using Score = std::array<std::size_t, 5>;
  Score best{};
  std::optional<std::size_t> found;
  bool several = false;
  for (auto at = first; at != last; ++at) {
    const auto& file = m_files[at->second];
    const auto same = sameAtEnd(folders, file.folders);
    // "train/7.png" is not "test/7.png": a folder that is there would hold it.
    if (same < folders.size() && same < file.folders.size() && m_folders.contains(folders[folders.size() - 1 - same]))
      continue;
    if (!own.empty())
      if (const auto split = partOf(file.relative); !split.empty() && own != split) continue;
    const auto score = candidates == 1 ? Score{1} : agreement(file, path, same, hints);
    if (score == best) several = true;
    if (score <= best) continue;
    best = score;
    found = at->second;
    several = false;
  }
  if (!found || several) return std::nullopt;
  return m_root / m_files[*found].relative;
}

}  // namespace lorkd::data::layout
