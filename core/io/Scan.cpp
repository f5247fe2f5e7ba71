// What a folder holds: every header below it, grouped by series.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
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

/// What version control, file managers and file servers leave beside data: none of it is the data's.
bool keepsHouse(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names{".git",      ".datalad",    ".svn",   "__MACOSX",
                                                         "Thumbs.db", "desktop.ini", "@eaDir", ".DS_Store"};
  return name.starts_with("._") || std::ranges::find(names, name) != names.end();
}

constexpr std::string_view kUnreadable = "unreadable", kUnreadableFolder = "unreadable-folder",
                           kBrokenLink = "broken-link", kSpecialFile = "special-file", kNotFetched = "not-fetched";

// The links of git-annex and DataLad: what they lead to is fetched on demand.
bool leadsIntoAnnex(int folder, const char* name) {
  std::string target(4096, '\0');
  const auto length = ::readlinkat(folder, name, target.data(), target.size());
  target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return target.contains("annex/objects/");
}

// Several wait for a disk at a time.
unsigned threadsForFiles() { return std::clamp(std::thread::hardware_concurrency(), 2U, 8U); }

// The files of a folder and of those below it, several folders at a time. By hand, since each file is asked about once,
// by a short name: std::filesystem takes three times as long. What cannot be looked at becomes a finding.
class Listing {
 public:
  /// `top` is an open folder.
  Listing(int top, const fs::path& folder, const CancelToken& cancel)
      : m_top(top), m_folder(folder), m_cancel(cancel) {}

  Result<Listed> run() {
    {
      std::vector<std::jthread> threads;
      for (unsigned n = threadsForFiles(); n > 0; --n) threads.emplace_back([this] { work(); });
    }
    if (m_cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
    return std::move(m_listed);
  }

 private:
  void work() {
    Listed own;
    std::vector<std::string> below;
    std::unique_lock lock(m_mutex);
    while (true) {
      m_changed.wait(lock, [&] { return !m_folders.empty() || m_busy == 0 || m_cancel.cancelled(); });
      if (m_folders.empty() || m_cancel.cancelled()) break;
      const auto folder = std::move(m_folders.back());
      m_folders.pop_back();
      ++m_busy;
      lock.unlock();
      list(folder, own, below);
      lock.lock();
      --m_busy;
      std::ranges::move(below, std::back_inserter(m_folders));
      below.clear();
      m_changed.notify_all();
    }
    m_changed.notify_all();
    std::ranges::move(own.files, std::back_inserter(m_listed.files));
    std::ranges::move(own.passedOver, std::back_inserter(m_listed.passedOver));
  }

  // `folder` is empty, or ends with a slash.
  void list(const std::string& folder, Listed& own, std::vector<std::string>& below) const {
    const auto passOver = [&](const std::string& path, Finding::Severity severity, std::string_view code,
                              std::string what) {
      own.passedOver.emplace_back(path.empty() ? m_folder : m_folder / path,
                                  Finding{severity, std::string(code), std::move(what)});
    };
    // Without the slash, behind which a link would be followed.
    const auto place = folder.substr(0, std::max<std::size_t>(folder.size(), 1) - 1);
    const auto bad = [&](int why) {
      passOver(place, Finding::Severity::Warning, kUnreadableFolder,
               std::string("the folder cannot be listed, so what it holds is not known: ") + std::strerror(why));
    };
    const int fd =
        ::openat(m_top, place.empty() ? "." : place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
      if (errno != ENOENT) bad(errno);  // else gone since
      return;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(fd), &::closedir);
    if (!open) {
      bad(errno);
      ::close(fd);
      return;
    }
    while (!m_cancel.cancelled()) {
      errno = 0;
      const auto* entry = ::readdir(open.get());
      if (!entry && errno != 0) bad(errno);
      if (!entry) return;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      // What is still being written or retrieved (base/File.h, pacs/Retrieve.h).
      if ((name.starts_with('.') && name.ends_with(".part")) || keepsHouse(name)) continue;
      const auto path = folder + entry->d_name;
      struct stat info {};
      bool link = entry->d_type == DT_LNK, there = entry->d_type == DT_DIR;
      if (entry->d_type == DT_UNKNOWN) {
        there = ::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
        link = there && S_ISLNK(info.st_mode);
      }
      if (entry->d_type == DT_DIR || (there && !link && S_ISDIR(info.st_mode))) {
        below.push_back(path + "/");
        continue;
      }
      if ((!there || link) && ::fstatat(fd, entry->d_name, &info, 0) != 0) {
        const int why = errno;
        if (link && leadsIntoAnnex(fd, entry->d_name))
          passOver(path, Finding::Severity::Warning, kNotFetched,
                   "the file's content was not fetched: git-annex keeps a link in its place (datalad get, or git annex "
                   "get, fetches it)");
        else if (link)
          passOver(path, Finding::Severity::Warning, kBrokenLink,
                   std::string("the link leads to nothing that can be read: ") + std::strerror(why));
        else if (why != ENOENT)  // else gone since
          passOver(path, Finding::Severity::Warning, kUnreadable,
                   std::string("the file cannot be looked at: ") + std::strerror(why));
      } else if (S_ISREG(info.st_mode)) {
        own.files.push_back(
            {path, info.st_size, std::int64_t(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec});
      } else if (S_ISDIR(info.st_mode)) {
        passOver(path, Finding::Severity::Note, "linked-folder",
                 "a link to a folder is not followed, since it may lead in circles; scan that folder for itself");
      } else {
        passOver(path, Finding::Severity::Warning, kSpecialFile,
                 "a pipe, socket or device in place of a file; it is not opened");
      }
    }
  }

  int m_top;
  const fs::path& m_folder;
  const CancelToken& m_cancel;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<std::string> m_folders{""};  // to be listed
  int m_busy = 0;
  Listed m_listed;
};

/// What slices of one folder have in common if they are a series, where the header does not name it. No UID is like it.
std::string seriesWithoutUid(const SliceHeader& h) {
  std::string key = " " + h.file.parent_path().native() + "\n" + h->studyUid + "\n" + h->description + "\n" +
                    std::to_string(h->rows) + " " + std::to_string(h->columns);
  char number[32];
  const auto add = [&](double value) {
    std::snprintf(number, sizeof number, " %.3f", value + 0.0);
    key += number;
  };
  for (const auto& axis : h->orientation.value_or(std::array<image::Vec3, 2>{})) std::ranges::for_each(axis, add);
  std::ranges::for_each(h->spacing.value_or(std::array<double, 2>{}), add);
  return key;
}

/// Gives the volumes of one such series a name that stays, wherever the folder lies, none of those `given`, and says
/// so.
void nameSeries(std::vector<Series>& volumes, std::set<std::string>& given) {
  std::string first;
  for (const auto& volume : volumes)
    for (const auto& instance : volume.instances) {
      const auto name = instance.sopInstanceUid.empty()
                            ? (instance.file.parent_path().filename() / instance.file.filename()).string()
                            : instance.sopInstanceUid;
      if (first.empty() || name < first) first = name;
    }
  const auto& front = volumes.front();
  const auto seed = front.studyUid + "\n" + front.description + "\n" + first + "\n";
  std::string uid;
  for (int copy = 0; uid.empty() || !given.insert(uid).second; ++copy)
    uid = dicom::uid("files without a series", seed + std::to_string(copy));
  for (auto& volume : volumes) {
    volume.seriesUid = uid;
    add(volume, Finding::Severity::Note, "no-series-uid",
        "the files name no series: those of one folder that have the same study, description, size, orientation and "
        "spacing are taken for one");
  }
}

}  // namespace

bool leavesUnread(const Finding& finding) {
  const std::array codes{kUnreadable, kUnreadableFolder, kBrokenLink, kSpecialFile, kNotFetched};
  return std::ranges::find(codes, finding.code) != codes.end();
}

bool mayHideImages(const Finding& finding) { return finding.code == kUnreadable || finding.code == kUnreadableFolder; }

Result<Listed> listFolder(const fs::path& folder, const CancelToken& cancel) {
  const int top = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0 && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorCode::NotFound, "no such folder", "check the path", folder.string());
  if (top < 0)
    return fail(ErrorCode::Io, std::string("the folder cannot be listed: ") + std::strerror(errno),
                "check its permissions, the disk or the network share", folder.string());
  auto listed = Listing(top, folder, cancel).run();
  ::close(top);
  if (!listed) return listed;
  if (listed->files.empty() && listed->passedOver.empty())
    return fail(ErrorCode::InvalidArgument, "the folder is empty", "choose the folder that holds the images",
                folder.string());
  // Files below one folder stay together.
  std::ranges::sort(listed->files, {}, [](const FileStamp& f) { return std::string_view(f.path); });
  std::ranges::sort(listed->passedOver, {}, [](const auto& one) { return one.first; });
  return listed;
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
  std::map<std::string, std::vector<SliceHeader>> images;  // by series
  std::set<std::string> there;                             // as directories name files, where there is one
  if (std::ranges::any_of(contents, [](const auto& content) { return !content.m_impl->listed.empty(); }))
    for (const auto& content : contents) there.insert(asOnAnyMedium(content.m_impl->place()));
  auto last = images.end();  // files of a series mostly lie together
  for (auto& content : contents) {
    auto& c = *content.m_impl;
    if (!c.slices.empty()) {
      const auto& h = c.slices.front();
      if (h->seriesUid.empty())
        last = images.try_emplace(seriesWithoutUid(h)).first;
      else if (last == images.end() || last->first != h->seriesUid)
        last = images.try_emplace(h->seriesUid).first;
      std::ranges::move(c.slices, std::back_inserter(last->second));
      c.slices = {};
    }
    if (c.series) scan.series.push_back(std::move(*c.series));
    if (c.loose) scan.loose.push_back(std::move(*c.loose));
    if (!c.listed.empty()) *c.rejected = checkListed(c.file, c.listed, there);
    if (c.rejected) scan.rejected.emplace_back(std::move(c.file), std::move(*c.rejected));
  }
  std::set<std::string> given;
  for (auto& [key, headers] : images) {
    const bool unnamed = headers.front()->seriesUid.empty();
    auto found = checkSeries(std::move(headers));
    if (unnamed) nameSeries(found, given);
    std::ranges::move(found, std::back_inserter(scan.series));
  }
  std::ranges::stable_sort(scan.series, {}, [](const Series& s) {
    return std::tie(s.patientId, s.studyUid, s.seriesUid, s.instances.front().file);
  });
  return scan;
}

Result<void> checkUsable(const Scan& scan, const fs::path& folder) {
  // A table without pictures says nothing.
  const bool tables = std::ranges::all_of(scan.loose, [](const auto& file) { return file.kind == "table"; });
  if (!scan.series.empty() || !tables) return {};
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
  LORKD_TRY(listed, listFolder(folder, cancel));
  std::vector<std::string_view> files;
  for (const auto& stamp : listed.files) files.push_back(stamp.path);
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
  std::ranges::move(listed.passedOver, std::back_inserter(scan.rejected));
  LORKD_CHECK(checkUsable(scan, folder));
  return scan;
}

}  // namespace lorkd::io
