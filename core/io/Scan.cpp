// What a folder holds: every header below it, grouped by series.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/io/FileContent.h"
#include "core/io/dicom/MediaDirectory.h"
#include "core/io/dicom/SeriesCheck.h"

namespace lorkd::io {
namespace fs = std::filesystem;

namespace {

// The files of an open folder and of those below it. By hand, since each file is asked about once, by a short name:
// std::filesystem takes three times as long. Folders without permission are passed over.
Result<void> listInto(int folder, const std::string& above, std::vector<FileStamp>& files, const CancelToken& cancel) {
  const auto bad = [&] {
    return fail(ErrorCode::Io, std::string("a folder cannot be listed: ") + std::strerror(errno),
                "check the disk or the network share and scan again", above);
  };
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(folder), &::closedir);
  if (!open) {
    ::close(folder);
    return bad();
  }
  std::vector<std::string> folders;
  while (true) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
    errno = 0;
    const auto* entry = ::readdir(open.get());
    if (!entry && errno != 0) return bad();
    if (!entry) break;
    const std::string_view name = entry->d_name;
    struct stat info {};
    const bool link = entry->d_type == DT_LNK;
    if (name == "." || name == "..") continue;
    // What is still being written or retrieved (base/File.h, pacs/Retrieve.h).
    if (name.starts_with('.') && name.ends_with(".part")) continue;
    if (entry->d_type != DT_DIR && ::fstatat(folder, entry->d_name, &info, 0) != 0) {
      // Gone since, or a link to nowhere.
      if (errno == ENOENT || errno == EACCES || errno == ELOOP) continue;
      return bad();
    }
    if (entry->d_type == DT_DIR || (S_ISDIR(info.st_mode) && !link))
      folders.emplace_back(name);
    else if (S_ISREG(info.st_mode))
      files.push_back({above + entry->d_name, info.st_size,
                       std::int64_t(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec});
  }
  for (const auto& name : folders) {
    const int below = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0)
      LORKD_CHECK(listInto(below, above + name + "/", files, cancel));
    else if (errno != EACCES && errno != EPERM && errno != ENOENT)
      return bad();
  }
  return {};
}

}  // namespace

Result<std::vector<FileStamp>> listFolder(const fs::path& folder, const CancelToken& cancel) {
  const int top = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0 && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorCode::NotFound, "no such folder", "check the path", folder.string());
  if (top < 0)
    return fail(ErrorCode::Io, std::string("the folder cannot be listed: ") + std::strerror(errno), "",
                folder.string());
  std::vector<FileStamp> files;
  if (const auto listed = listInto(top, "", files, cancel); !listed) {
    auto error = listed.error();
    if (error.code == ErrorCode::Io) error.context = (folder / error.context).string();
    return std::unexpected(std::move(error));
  }
  if (files.empty())
    return fail(ErrorCode::InvalidArgument, "the folder is empty", "choose the folder that holds the images",
                folder.string());
  // Files below one folder stay together.
  std::ranges::sort(files, {}, [](const FileStamp& f) { return std::string_view(f.path); });
  return files;
}

Result<void> examineAll(const std::vector<fs::path>& files,
                        const std::function<Result<void>(std::size_t, FileContent)>& take, const CancelToken& cancel) {
  LORKD_CHECK(dicom::setup());
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::pair<std::size_t, FileContent>> ready;
  std::size_t next = 0;
  unsigned working = std::clamp(std::thread::hardware_concurrency(), 2U, 8U);  // several wait for a disk at a time
  bool stopped = false;
  constexpr std::size_t kAtOnce = 32, kWaiting = 4096;
  const auto work = [&] {
    std::vector<std::pair<std::size_t, FileContent>> own;
    std::unique_lock lock(mutex);
    while (next < files.size() && !stopped && !cancel.cancelled()) {
      const auto from = next;
      next = std::min(files.size(), from + kAtOnce);
      const auto to = next;
      lock.unlock();
      for (auto n = from; n < to && !cancel.cancelled(); ++n) own.emplace_back(n, examine(files[n]));
      lock.lock();
      std::ranges::move(own, std::back_inserter(ready));
      own.clear();
      changed.notify_all();
      changed.wait(lock, [&] { return ready.size() < kWaiting || stopped; });
    }
    --working;
    changed.notify_all();
  };
  // The threads end with this function, however it is left.
  struct Stop {
    std::function<void()> stop;
    ~Stop() { stop(); }
  };
  std::vector<std::jthread> threads;
  const Stop atTheEnd{[&] {
    const std::lock_guard last(mutex);
    stopped = true;
    changed.notify_all();
  }};
  for (unsigned n = working; n > 0; --n) threads.emplace_back(work);
  Result<void> outcome;
  std::unique_lock lock(mutex);
  while (outcome && (working > 0 || !ready.empty())) {
    changed.wait(lock, [&] { return !ready.empty() || working == 0; });
    auto batch = std::exchange(ready, {});
    changed.notify_all();
    lock.unlock();
    for (auto& [at, content] : batch)
      if (outcome) outcome = take(at, std::move(content));
    lock.lock();
  }
  lock.unlock();
  if (outcome && cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
  return outcome;
}

Scan assemble(std::vector<FileContent> contents) {
  Scan scan;
  scan.filesSeen = static_cast<std::int64_t>(contents.size());
  std::map<std::pair<std::string, std::string>, std::vector<SliceHeader>> images;
  std::set<std::string> there;  // as directories name files, where there is one
  if (std::ranges::any_of(contents, [](const auto& content) { return !content.m_impl->listed.empty(); }))
    for (const auto& content : contents) there.insert(asOnAnyMedium(content.m_impl->file));
  auto last = images.end();  // files of a series mostly lie together
  for (auto& content : contents) {
    auto& c = *content.m_impl;
    if (!c.slices.empty()) {
      const auto& h = c.slices.front();
      if (last == images.end() || last->first.second != h.seriesUid || last->first.first != h.studyUid)
        last = images.try_emplace({h.studyUid, h.seriesUid}).first;
      std::ranges::move(c.slices, std::back_inserter(last->second));
      c.slices = {};
    }
    if (c.series) scan.series.push_back(std::move(*c.series));
    if (c.loose) scan.loose.push_back(std::move(*c.loose));
    if (!c.listed.empty()) *c.rejected = checkListed(c.file, c.listed, there);
    if (c.rejected) scan.rejected.emplace_back(std::move(c.file), std::move(*c.rejected));
  }
  for (auto& [key, headers] : images)
    std::ranges::move(checkSeries(std::move(headers)), std::back_inserter(scan.series));
  std::ranges::stable_sort(scan.series, {}, [](const Series& s) {
    return std::tie(s.patientId, s.studyUid, s.seriesUid, s.instances.front().file);
  });
  return scan;
}

Result<void> checkUsable(const Scan& scan, const fs::path& folder) {
  if (!scan.series.empty() || !scan.loose.empty()) return {};
  const auto known = std::ranges::find_if(scan.rejected, [](const auto& r) { return r.second.code != "unknown-kind"; });
  if (known != scan.rejected.end())
    return fail(ErrorCode::InvalidArgument,
                "none of the " + std::to_string(scan.filesSeen) +
                    " file(s) in the folder can be used, for example this one: " + known->second.message,
                "choose the folder that holds DICOM, NIfTI, npz or pictures", known->first.string());
  return fail(ErrorCode::InvalidArgument,
              "none of the " + std::to_string(scan.filesSeen) + " files in the folder is DICOM, a volume or a picture",
              "choose the folder that holds the images", folder.string());
}

Result<Scan> scanFolder(const fs::path& folder, Progress& progress, const CancelToken& cancel) {
  progress.report("listing files", 0, 0);
  LORKD_TRY(stamps, listFolder(folder, cancel));
  std::vector<fs::path> files;
  for (const auto& stamp : stamps) files.push_back(folder / stamp.path);
  std::vector<std::optional<FileContent>> found(files.size());
  const auto total = static_cast<std::int64_t>(files.size());
  std::int64_t done = 0;
  LORKD_CHECK(examineAll(
      files,
      [&](std::size_t at, FileContent content) -> Result<void> {
        found[at] = std::move(content);
        if (++done % 64 == 0 || done == total) progress.report("reading headers", done, total);
        return {};
      },
      cancel));
  std::vector<FileContent> contents;
  for (auto& content : found) contents.push_back(std::move(*content));
  auto scan = assemble(std::move(contents));
  LORKD_CHECK(checkUsable(scan, folder));
  return scan;
}

}  // namespace lorkd::io
