#include "core/run/EventLog.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "core/base/File.h"

namespace lorkd::run {
namespace {

/// Far longer than the matrices of a hundred tasks.
constexpr std::size_t longestLine = std::size_t(32) << 20;
constexpr std::size_t blockSize = std::size_t(1) << 20;

bool isEvent(const Result<Json>& event) { return event && event->is_object(); }

/// Calls `use(line)` for every whole line of `block`, of which the first goes on with `line`; what follows the last
/// newline is left in `line`. Lines that are too long are given as nothing.
template <class Use>
void eachLine(std::string_view block, std::string& line, bool& tooLong, const Use& use) {
  while (!block.empty()) {
    const auto end = block.find('\n');
    const auto part = block.substr(0, end);
    if (line.size() + part.size() > longestLine) tooLong = true;
    if (tooLong)
      line.clear();
    else
      line += part;
    if (end == block.npos) return;
    use(tooLong ? nullptr : &line);
    line.clear();
    tooLong = false;
    block.remove_prefix(end + 1);
  }
}

/// Reads an open file from byte `from` on in blocks, up to `to`; returns where it ended.
template <class Use>
Result<std::uintmax_t> eachBlock(int fd, std::uintmax_t from, std::uintmax_t to, const std::filesystem::path& file,
                                 const Use& use) {
  std::string block(blockSize, '\0');
  while (from < to) {
    LORKD_TRY(got, readAt(fd, from, block.data(), std::min<std::uintmax_t>(blockSize, to - from), file));
    if (got == 0) break;
    from += got;
    LORKD_CHECK(use(std::string_view(block).substr(0, got)));
  }
  return from;
}

/// Whether a log cut back to `step` keeps this event.
bool survives(const Json& event, std::int64_t step, bool validationDue) {
  const auto kind = event.contains("kind") ? event["kind"] : Json();
  const auto at = event.contains("step") ? event["step"] : Json();
  const bool counted = kind == "step" || kind == "validation" || kind == "conflict" || kind == "log";
  const bool again = validationDue && (kind == "validation" || kind == "log");
  return !counted || !at.is_number() || at.get<double>() <= static_cast<double>(again ? step - 1 : step);
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
  LORKD_TRY(file, openToRead(m_file));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ioError("cannot read", m_file);
  // Twice: most logs end with the checkpoint and need not be written again.
  bool changed = false;
  const auto pass = [&](const std::function<Result<void>(std::string_view)>& keep) -> Result<void> {
    std::string line;
    bool tooLong = false;
    Result<void> outcome;
    LORKD_TRY(end, eachBlock(file.get(), 0, static_cast<std::uintmax_t>(info.st_size), m_file,
                             [&](std::string_view block) -> Result<void> {
                               eachLine(block, line, tooLong, [&](std::string* whole) {
                                 if (!outcome) return;
                                 const Result<Json> event = whole ? parseJson(*whole, m_file.string()) : Json();
                                 if (isEvent(event) && survives(*event, step, validationDue))
                                   outcome = keep(*whole += '\n');
                                 else
                                   changed = true;
                               });
                               return outcome;
                             }));
    changed |= !line.empty() || tooLong;
    return outcome;
  };
  LORKD_CHECK(pass([](std::string_view) -> Result<void> { return {}; }));
  if (!changed) return {};
  return writeStreamed(m_file,
                       [&](FileSink& sink) { return pass([&](std::string_view line) { return sink.write(line); }); });
}

std::vector<Json> EventReader::poll(bool* restarted) {
  std::vector<Json> events;
  const bool anew = follow([&](Json&& event) { events.push_back(std::move(event)); });
  if (restarted) *restarted = anew;
  return events;
}

bool EventReader::follow(const std::function<void(Json&&)>& use) {
  const auto file = openToRead(m_file);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0) return false;
  const auto size = static_cast<std::uintmax_t>(info.st_size);
  // An inode number may be used again, so the bytes before the place reached are compared as well.
  std::string tail(m_tail.size(), '\0');
  const bool replaced =
      m_read > 0 &&
      (info.st_ino != m_inode || size < m_read ||
       readAt(file->get(), m_read - tail.size(), tail.data(), tail.size(), m_file).value_or(0) != tail.size() ||
       tail != m_tail);
  if (replaced) {
    m_read = m_damaged = 0;
    m_line.clear();
    m_tail.clear();
    m_tooLong = m_foreign = m_elsewhere = false;
  }
  m_inode = info.st_ino;
  (void)eachBlock(file->get(), m_read, size, m_file, [&](std::string_view block) -> Result<void> {
    m_read += block.size();
    m_tail.append(block.substr(block.size() - std::min<std::size_t>(block.size(), 256)));
    m_tail.erase(0, m_tail.size() - std::min<std::size_t>(m_tail.size(), 256));
    eachLine(block, m_line, m_tooLong, [&](const std::string* line) {
      Result<Json> event = line ? parseJson(*line, m_file.string()) : Json();
      if (!isEvent(event)) {
        ++m_damaged;
        return;
      }
      if (const auto plan = event->find("plan"); !m_plan.empty() && plan != event->end() && plan->is_string())
        m_foreign |= m_elsewhere = *plan != m_plan;
      if (!m_elsewhere) use(std::move(*event));
    });
    return {};
  });
  return replaced;
}

}  // namespace lorkd::run
