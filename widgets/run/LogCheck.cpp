#include "widgets/run/LogCheck.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <fstream>

namespace lorkd::watch {
namespace {

constexpr int patience = 8;  // polls after which a line without an end counts as torn, not as being written

}  // namespace

void LogCheck::before() {
  std::error_code ec;
  m_sizeBefore = std::filesystem::file_size(m_file, ec);
  if (ec) m_sizeBefore = 0;
  m_missing = ec && m_events > 0;
}

void LogCheck::after(std::size_t events, bool restarted) {
  if (restarted) m_events = m_lines = m_strange = 0, m_counted = 0, m_tail = 0;
  m_events += events;
  if (events > 0 || restarted) m_quiet = 0;
  // Only where nothing came in between do the events read and the lines in the file belong together.
  std::error_code ec;
  const auto size = std::filesystem::file_size(m_file, ec);
  if (ec || size != m_sizeBefore || events > 0) return;
  if (size < m_counted) m_lines = 0, m_counted = 0;
  count(size);
  m_quiet = m_tail == m_tailBefore ? m_quiet + 1 : 0;
  m_tailBefore = m_tail;
  m_strange = m_lines > m_events ? m_lines - m_events : 0;
}

void LogCheck::count(std::uintmax_t size) {
  if (size == m_counted + m_tail) return;
  std::ifstream in(m_file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(m_counted));
  std::array<char, 1 << 16> buffer;
  for (auto at = m_counted; at < size && in;) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(buffer.size(), size - at)));
    const auto got = in.gcount();
    const auto newlines = std::count(buffer.begin(), buffer.begin() + got, '\n');
    m_lines += static_cast<std::size_t>(newlines);
    if (newlines > 0) {
      const auto last = std::find(std::make_reverse_iterator(buffer.begin() + got), buffer.rend(), '\n');
      m_counted = at + static_cast<std::uintmax_t>(last.base() - buffer.begin());
    }
    at += static_cast<std::uintmax_t>(got);
    if (got == 0) break;
  }
  m_tail = size - m_counted;
}

QString LogCheck::words() const {
  const auto say = [](const char* text, int n = -1) {
    return QCoreApplication::translate("LogCheck", text, nullptr, n);
  };
  const QString file = QString::fromStdString(m_file.filename().string());
  if (m_missing)
    return say("The event log %1 is gone. The curves show what was read before; a trainer at work begins a new log.")
        .arg(file);
  QStringList all;
  if (m_strange > 0)
    all << (m_strange == 1 ? say("A line of the event log %1 is no event and is left out: the curves may have a gap. "
                                 "The training itself and its checkpoints do not depend on the log.")
                                 .arg(file)
                           : say("%2 lines of the event log %1 are no events and are left out: the curves may have "
                                 "gaps. The training itself and its checkpoints do not depend on the log.")
                                 .arg(file)
                                 .arg(m_strange));
  if (m_tail > 0 && m_quiet >= patience)
    all << say("The event log %1 ends in the middle of a line: its writer was cut off. All lines before it are shown; "
               "a run that is continued drops the torn one.")
               .arg(file);
  return all.join(QLatin1Char(' '));
}

}  // namespace lorkd::watch
