// Names of files: temporaries, and names that people gave.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <set>
#include <vector>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Process.h"

namespace lorkd {
namespace fs = std::filesystem;
namespace {

// ".STEM.HOST-PID-START-N.part", and the extension. STEM is what the name of the file itself begins with.
constexpr std::string_view kPart = ".part";

std::string hostTag() { return sha256(hostName()).substr(0, 8); }

/// Which process a temporary's name speaks of.
struct Owner {
  std::string host;
  std::int64_t pid = 0, started = 0;
};

bool number(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ownerOf(std::string_view name, Owner& owner) {
  const auto part = name.rfind(kPart);
  if (!name.starts_with('.') || part == name.npos || part < 2) return false;
  const auto dot = name.rfind('.', part - 1);
  std::vector<std::string_view> fields;
  for (auto rest = name.substr(dot + 1, part - dot - 1);;) {
    const auto dash = rest.find('-');
    fields.push_back(rest.substr(0, dash));
    if (dash == rest.npos) break;
    rest.remove_prefix(dash + 1);
  }
  std::int64_t count = 0;
  if (fields.size() != 4 || fields[0].size() != 8) return false;
  owner.host = fields[0];
  return number(fields[1], owner.pid) && number(fields[2], owner.started) && number(fields[3], count);
}

void clearOnce(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> cleared;
  {
    const std::scoped_lock lock(mutex);
    if (!cleared.insert(folder).second) return;
  }
  clearAbandoned(folder.empty() ? "." : folder);
}

bool isOld(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return false;
  const auto age = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(info.st_mtime);
  return age > std::chrono::hours(24);
}

}  // namespace

fs::path temporaryBeside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  clearOnce(path.parent_path());
  const std::string process =
      hostTag() + "-" + std::to_string(::getpid()) + "-" + std::to_string(startOf(::getpid())) + "-";
  // The whole compound extension (".nii.gz") is kept, since libraries choose the format by it.
  const std::string name = path.filename().string();
  const auto dot = name.find('.', 1);
  std::string stem = name.substr(0, dot), extension = dot == std::string::npos ? "" : name.substr(dot);
  // A name may have 255 bytes.
  if (extension.size() > 40) extension = fs::path(name).extension().string();
  stem.resize(std::min<std::size_t>(stem.size(), 120));
  stem.insert(0, ".").append(".").append(process).append(std::to_string(counter++)).append(kPart);
  return path.parent_path() / stem.append(extension);
}

void clearAbandoned(const fs::path& folder) {
  std::error_code ec;
  std::vector<fs::path> gone;
  const auto here = hostTag();
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    Owner owner;
    if (!ownerOf(it->path().filename().native(), owner)) continue;
    if (owner.host == here ? !processRuns(owner.pid, owner.started) : isOld(it->path())) gone.push_back(it->path());
  }
  for (const auto& path : gone) fs::remove_all(path, ec);
}

std::string fileNameOf(const std::string& name) {
  constexpr std::size_t longest = 120;
  const auto bad = [](unsigned char c) { return c < 32 || c == 127 || c == '/' || c == '\\' || c == ':'; };
  const bool plain = !name.empty() && name.size() <= longest && name.front() != '.' && name.front() != '-' &&
                     name.back() != ' ' && name.back() != '.' && std::ranges::none_of(name, bad);
  if (plain) return name;
  std::string out;
  for (const unsigned char c : name) {
    if (out.size() >= longest - 9) break;
    out += bad(c) ? '_' : static_cast<char>(c);
  }
  // Not within a character of several bytes.
  while (!out.empty() && out.size() < name.size() && (static_cast<unsigned char>(name[out.size()]) & 0xC0) == 0x80)
    out.pop_back();
  const auto first = out.find_first_not_of(".-");
  out.erase(0, first == out.npos ? out.size() : first);
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return (out.empty() ? "unnamed" : out) + "-" + sha256(name).substr(0, 8);
}

}  // namespace lorkd
