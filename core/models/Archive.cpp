#include "core/models/Archive.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/File.h"
#include "core/base/Printable.h"
#include "core/models/ZipFile.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> refusedEntry(const std::string& name, const std::string& what) {
  return fail(ErrorCode::Format, "entry '" + printable(name, false).substr(0, 200) + "' " + what,
              "the archive may have been made to do harm; nothing of it was unpacked");
}

/// The place of an entry below the folder.
Result<fs::path> placeOf(const std::string& name) {
  if (name.empty() || name.size() > 1000) return refusedEntry(name, "has no name that a file can have");
  if (name.front() == '/' || name.find('\\') != name.npos || name.find(':') != name.npos)
    return refusedEntry(name, "leads out of the archive's folder: its name is absolute or that of another system");
  fs::path place;
  for (std::size_t from = 0; from <= name.size();) {
    const auto slash = std::min(name.find('/', from), name.size());
    const auto part = name.substr(from, slash - from);
    from = slash + 1;
    if (part.empty() && from > name.size()) break;  // a folder's name ends in '/'
    if (part == "..") return refusedEntry(name, "leads out of the archive's folder by '..'");
    if (part.empty() || part == "." || part.size() > 255 || printable(part, false) != part)
      return refusedEntry(name, "has no name that a file can have");
    place /= part;
  }
  return place;
}

/// What is unpacked where, once all of it may be.
struct Planned {
  const ZipFile::Entry* entry;
  fs::path place;
};

Result<std::vector<Planned>> planned(const ZipFile& zip, std::uintmax_t archiveSize) {
  std::vector<Planned> out;
  std::unordered_set<std::string> files, folders;
  std::uint64_t total = 0;
  for (const auto& entry : zip.entries()) {
    if (entry.special) return refusedEntry(entry.name, "is a link, a pipe or a device");
    LORKD_TRY(place, placeOf(entry.name));
    for (auto above = place.parent_path(); !above.empty(); above = above.parent_path()) folders.insert(above.string());
    if (entry.folder) {
      folders.insert(place.string());
      continue;
    }
    if (!files.insert(place.string()).second) return refusedEntry(entry.name, "is there twice");
    total += entry.size;  // each at most 1032 times what lies in the archive
    out.push_back({&entry, std::move(place)});
  }
  for (const auto& file : files)
    if (folders.contains(file)) return refusedEntry(file, "is a file and a folder at once");
  if (total > mostUnpacked || total / mostGrowth > archiveSize)
    return fail(ErrorCode::Unsupported,
                "the archive of " + std::to_string(archiveSize) + " bytes would unpack to " + std::to_string(total),
                "it may have been made to fill the disk; at most " + std::to_string(mostGrowth) +
                    " times its size and 64 GiB are unpacked");
  return out;
}

Result<void> unpackInto(const ZipFile& zip, const std::vector<Planned>& plan, const fs::path& folder,
                        Progress& progress, const CancelToken& cancel) {
  std::int64_t total = 0, done = 0;
  for (const auto& [entry, place] : plan) total += static_cast<std::int64_t>(entry->size);
  for (const auto& [entry, place] : plan) {
    LORKD_CHECK(writeStreamed(folder / place, [&, entry = entry](FileSink& sink) {
      return zip.stream(*entry, [&](std::string_view bytes) -> Result<void> {
        if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "unpacking was cancelled");
        done += static_cast<std::int64_t>(bytes.size());
        progress.report("unpack", done, total);
        return sink.write(bytes);
      });
    }));
  }
  return {};
}

}  // namespace

Result<void> unpack(const fs::path& archive, const fs::path& target, Progress& progress, const CancelToken& cancel) {
  std::error_code ec;
  const auto folder = fs::absolute(target.has_filename() ? target : target.parent_path());  // "models/" is "models"
  if (fs::exists(fs::symlink_status(folder, ec)))
    return fail(ErrorCode::InvalidArgument, "the folder to unpack into is there already", "name one that is not",
                folder.string());
  LORKD_TRY(zip, ZipFile::open(archive));
  auto plan = planned(zip, fs::file_size(archive, ec));
  if (!plan) return fail(plan.error(), archive.string());
  const auto staged = temporaryBeside(folder);
  LORKD_CHECK(makeWritableFolder(staged));
  std::uint64_t total = 0;
  for (const auto& item : *plan) total += item.entry->size;
  const auto space = fs::space(staged, ec);
  Result<void> outcome;
  if (!ec && space.available < total)
    outcome = fail(ErrorCode::Io, "the disk has no room for the " + std::to_string(total) + " bytes of the archive",
                   "choose a folder on another disk", folder.string());
  else
    outcome = unpackInto(zip, *plan, staged, progress, cancel);
  if (outcome) {
    fs::rename(staged, folder, ec);
    if (!ec) return {};
    outcome = fail(ErrorCode::Io, "the unpacked folder cannot get its name: " + ec.message(), "", folder.string());
  }
  fs::remove_all(staged, ec);
  return outcome;
}

Result<bool> isFolderArchive(const fs::path& path) {
  LORKD_TRY(file, openToRead(path));
  char first[4] = {};
  LORKD_TRY(got, readAt(file.get(), 0, first, sizeof first, path));
  if (std::string_view(first, got) != std::string_view("PK\x03\x04", 4)) return false;
  LORKD_TRY(zip, ZipFile::open(path));
  return std::ranges::none_of(zip.entries(), [](const auto& entry) {
    const auto slash = entry.name.find('/');
    return slash != entry.name.npos && entry.name.substr(slash) == "/data.pkl";
  });
}

}  // namespace lorkd::models
