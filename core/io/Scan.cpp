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

// Several wait for a disk at a time.
unsigned threadsForFiles() { return std::clamp(std::thread::hardware_concurrency(), 2U, 8U); }

// The files of a folder and of those below it, several folders at a time. By hand, since each file is asked about once,
// by a short name: std::filesystem takes three times as long. Folders without permission are passed over.
class Listing {
 public:
  /// `top` is an open folder.
  Listing(int top, const CancelToken& cancel) : m_top(top), m_cancel(cancel) {}

  Result<std::vector<FileStamp>> run() {
    {
      std::vector<std::jthread> threads;
      for (unsigned n = threadsForFiles(); n > 0; --n) threads.emplace_back([this] { work(); });
    }
    if (m_error) return std::unexpected(*m_error);
    return std::move(m_files);
  }

 private:
  void work() {
    std::vector<FileStamp> files;
    std::vector<std::string> below;
    std::unique_lock lock(m_mutex);
    while (true) {
      m_changed.wait(lock, [&] { return !m_folders.empty() || m_busy == 0 || m_error; });
      if (m_folders.empty() || m_error) break;
      const auto folder = std::move(m_folders.back());
      m_folders.pop_back();
      ++m_busy;
      lock.unlock();
      const auto listed = list(folder, files, below);
      lock.lock();
      --m_busy;
      if (!listed) m_error = listed.error();
      std::ranges::move(below, std::back_inserter(m_folders));
      below.clear();
      m_changed.notify_all();
    }
    std::ranges::move(files, std::back_inserter(m_files));
  }

  // `folder` is empty, or ends with a slash.
  Result<void> list(const std::string& folder, std::vector<FileStamp>& files, std::vector<std::string>& below) const {
    const auto bad = [&] {
      return fail(ErrorCode::Io, std::string("a folder cannot be listed: ") + std::strerror(errno),
                  "check the disk or the network share and scan again", folder);
    };
    const int fd =
        ::openat(m_top, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    // Without permission, gone since, or become a link.
    constexpr std::array passedOver{EACCES, EPERM, ENOENT, ENOTDIR, ELOOP};
    if (fd < 0) return std::ranges::count(passedOver, errno) > 0 ? Result<void>() : bad();
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(fd), &::closedir);
    if (!open) {
      ::close(fd);
      return bad();
    }
    while (true) {
      if (m_cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
      errno = 0;
      const auto* entry = ::readdir(open.get());
      if (!entry && errno != 0) return bad();
      if (!entry) return {};
      const std::string_view name = entry->d_name;
      struct stat info {};
      const bool link = entry->d_type == DT_LNK;
      if (name == "." || name == "..") continue;
      // What is still being written or retrieved (base/File.h, pacs/Retrieve.h).
      if (name.starts_with('.') && name.ends_with(".part")) continue;
      if (entry->d_type != DT_DIR && ::fstatat(fd, entry->d_name, &info, 0) != 0) {
        // Gone since, or a link to nowhere.
        if (errno == ENOENT || errno == EACCES || errno == ELOOP) continue;
        return bad();
      }
      if (entry->d_type == DT_DIR || (S_ISDIR(info.st_mode) && !link))
        below.push_back(folder + entry->d_name + "/");
      else if (S_ISREG(info.st_mode))
        files.push_back({folder + entry->d_name, info.st_size,
                         std::int64_t(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec});
    }
  }

  int m_top;
  const CancelToken& m_cancel;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<std::string> m_folders{""};  // to be listed
  int m_busy = 0;
  std::vector<FileStamp> m_files;
  std::optional<Error> m_error;
};

}  // namespace

Result<std::vector<FileStamp>> listFolder(const fs::path& folder, const CancelToken& cancel) {
  const int top = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0 && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorCode::NotFound, "no such folder", "check the path", folder.string());
  if (top < 0)
    return fail(ErrorCode::Io, std::string("the folder cannot be listed: ") + std::strerror(errno), "",
                folder.string());
  auto files = Listing(top, cancel).run();
  ::close(top);
  if (!files) {
    auto error = files.error();
    if (error.code == ErrorCode::Io) error.context = (folder / error.context).string();
    return std::unexpected(std::move(error));
  }
  if (files->empty())
    return fail(ErrorCode::InvalidArgument, "the folder is empty", "choose the folder that holds the images",
                folder.string());
  // Files below one folder stay together.
  std::ranges::sort(*files, {}, [](const FileStamp& f) { return std::string_view(f.path); });
  return files;
}

Result<void> examineAll(const fs::path& folder, const std::vector<std::string_view>& files,
                        const std::function<Result<void>(Examined)>& take, const CancelToken& cancel) {
  LORKD_CHECK(dicom::setup());
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Examined> ready;
  std::size_t next = 0;
  unsigned working = threadsForFiles();
  bool stopped = false;
  constexpr std::size_t kAtOnce = 64, kWaiting = 4096;
  const auto work = [&] {
    std::vector<Examined> own;
    std::unique_lock lock(mutex);
    while (next < files.size() && !stopped && !cancel.cancelled()) {
      const auto from = next;
      next = std::min(files.size(), from + kAtOnce);
      const auto to = next;
      lock.unlock();
      for (auto n = from; n < to && !cancel.cancelled(); ++n) {
        auto content = examine(folder / files[n]);
        auto stored = content.stored();
        own.emplace_back(n, std::move(content), std::move(stored));
      }
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
    for (auto& one : batch)
      if (outcome) outcome = take(std::move(one));
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
    for (const auto& content : contents) there.insert(asOnAnyMedium(content.m_impl->place()));
  auto last = images.end();  // files of a series mostly lie together
  for (auto& content : contents) {
    auto& c = *content.m_impl;
    if (!c.slices.empty()) {
      const auto& h = c.slices.front();
      if (last == images.end() || last->first.second != h->seriesUid || last->first.first != h->studyUid)
        last = images.try_emplace({h->studyUid, h->seriesUid}).first;
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
  std::vector<std::string_view> files;
  for (const auto& stamp : stamps) files.push_back(stamp.path);
  std::vector<std::optional<FileContent>> found(files.size());
  const auto total = static_cast<std::int64_t>(files.size());
  std::int64_t done = 0;
  LORKD_CHECK(examineAll(
      folder, files,
      [&](Examined one) -> Result<void> {
        found[one.at] = std::move(one.content);
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
