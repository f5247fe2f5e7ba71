#include "core/run/EventLog.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/base/File.h"

namespace lorkd::run {
namespace {

/// Calls `use(line)` for every whole line and returns how many bytes they take, newlines included.
template <class Use>
std::size_t eachLine(std::string_view text, Use use) {
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    use(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return begin;
}

bool isEvent(const Result<Json>& event) { return event && event->is_object(); }

/// Bytes [from, to) of an open file; fewer if it ends early.
std::string readRange(int fd, std::uintmax_t from, std::uintmax_t to) {
  std::string bytes(to - from, '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const auto n = ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(from + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Result<void> EventWriter::append(const std::string& kind, Json fields) const {
  Json event{{"t", now()}, {"kind", kind}};
  if (fields.is_object()) event.update(fields);
  // JSON knows no infinity and no NaN: dump() writes null for them.
  return appendLine(m_file, event.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<void> EventWriter::rewindTo(std::int64_t step, bool validationDue) const {
  if (!std::filesystem::exists(m_file)) return {};
  LORKD_TRY(text, readFile(m_file));
  std::string kept;
  eachLine(text, [&](std::string_view line) {
    const auto event = parseJson(line, m_file.string());
    if (!isEvent(event)) return;
    const auto kind = event->contains("kind") ? (*event)["kind"] : Json();
    const auto at = event->contains("step") ? (*event)["step"] : Json();
    const bool counted = kind == "step" || kind == "validation" || kind == "conflict" || kind == "log";
    const bool again = validationDue && (kind == "validation" || kind == "log");
    const auto last = static_cast<double>(again ? step - 1 : step);
    if (counted && at.is_number() && at.get<double>() > last) return;
    kept.append(line) += '\n';
  });
  return kept == text ? Result<void>() : writeFileAtomically(m_file, kept);
}

std::vector<Json> EventReader::poll(bool* restarted) {
  if (restarted) *restarted = false;
  const int fd = ::open(m_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::vector<Json> events;
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    const auto size = static_cast<std::uintmax_t>(info.st_size);
    // An inode number may be used again, so the bytes before the offset are compared as well.
    const bool replaced = m_offset > 0 && (info.st_ino != m_inode || size < m_offset ||
                                           readRange(fd, m_offset - m_tail.size(), m_offset) != m_tail);
    if (replaced) m_offset = 0;
    if (restarted) *restarted = replaced;
    m_inode = info.st_ino;
    const auto text = readRange(fd, m_offset, size);
    const auto whole = eachLine(text, [&](std::string_view line) {
      if (auto event = parseJson(line, m_file.string()); isEvent(event)) events.push_back(std::move(*event));
    });
    if (whole > 0) m_tail = text.substr(whole - std::min<std::size_t>(whole, 256), std::min<std::size_t>(whole, 256));
    m_offset += whole;
  }
  ::close(fd);
  return events;
}

}  // namespace lorkd::run
