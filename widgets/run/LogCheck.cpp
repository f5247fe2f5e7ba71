#include "widgets/run/LogCheck.h"

#include <QCoreApplication>

namespace lorkd::watch {
namespace {

constexpr int patience = 8;  // polls after which a line without an end counts as torn, not as being written

}  // namespace

QString LogCheck::words(const run::EventReader& reader) {
  m_quiet = reader.read() == m_read ? m_quiet + 1 : 0;
  m_read = reader.read();
  const auto say = [](const char* text) { return QCoreApplication::translate("LogCheck", text); };
  const QString file = QString::fromStdString(m_file.filename().string());
  std::error_code ec;
  if (m_read > 0 && !std::filesystem::exists(m_file, ec))
    return say("The event log %1 is gone. The curves show what was read before; a trainer at work begins a new log.")
        .arg(file);
  QStringList all;
  if (reader.foreign())
    all << say("The event log %1 holds what another run has written, which is not shown. Put this run's own log back, "
               "or move this one elsewhere: training does without.")
               .arg(file);
  const auto strange = reader.damaged();
  if (strange > 0)
    all << (strange == 1 ? say("A line of the event log %1 is no event and is left out: the curves may have a gap. "
                               "The training itself and its checkpoints do not depend on the log.")
                               .arg(file)
                         : say("%2 lines of the event log %1 are no events and are left out: the curves may have "
                               "gaps. The training itself and its checkpoints do not depend on the log.")
                               .arg(file)
                               .arg(strange));
  if (reader.unfinished() && m_quiet >= patience)
    all << say("The event log %1 ends in the middle of a line: its writer was cut off. All lines before it are shown; "
               "a run that is continued drops the torn one.")
               .arg(file);
  return all.join(QLatin1Char(' '));
}

}  // namespace lorkd::watch
