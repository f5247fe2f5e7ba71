#include "widgets/run/Sight.h"

#include <QCoreApplication>
#include <QDateTime>

#include "widgets/run/RunCourse.h"

namespace lorkd::watch {
namespace {

/// A trainer gives a sign of life every second; clocks of well kept machines differ by less.
constexpr double tolerated = 60;

}  // namespace

Sight sightOf(const run::Status& status, double now) {
  const bool active = status.state == run::State::Running || status.state == run::State::Paused;
  if (!active && status.state != run::State::Interrupted) return Sight::Live;
  if (status.heartbeat > now + tolerated) return Sight::Ahead;
  return active && now - status.heartbeat > tolerated ? Sight::Silent : Sight::Live;
}

QString sightText(Sight sight, const run::Status& status, double now, bool checkpoint) {
  const auto say = [](const char* text) { return QCoreApplication::translate("Sight", text); };
  const QString host = status.host.empty() ? say("its machine") : QString::fromStdString(status.host);
  const QString process = QString::number(status.pid);
  if (sight == Sight::Ahead)
    return say("The last sign of life of this run is dated %1 in the future, so from here it cannot be told whether "
               "its "
               "trainer is at work: the clock of %2 or of this computer is wrong. Look on %2 whether process %3 is "
               "there. If it is not, set the clock right and press Continue.")
        .arg(spokenDuration(status.heartbeat - now), host, process);
  if (sight != Sight::Silent) return QString();
  const QString last = status.heartbeat > 0
                           ? say("The trainer has given no sign of life for %1, since %2.")
                                 .arg(spokenDuration(now - status.heartbeat),
                                      QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(status.heartbeat * 1000))
                                          .toString(QStringLiteral("d MMM yyyy HH:mm")))
                           : say("The trainer has never given a sign of life.");
  return last + QLatin1Char(' ') +
         say("Its process %1 on %2 is still there, so it hangs, is suspended, or cannot write to this folder. Figures "
             "are of that time. Look whether the disk is full or away; Stop asks the trainer to end. %3")
             .arg(process, host,
                  checkpoint ? say("Once the process is gone, Continue takes up the last checkpoint.")
                             : say("It has left no checkpoint yet, so that once the process is gone the run begins "
                                   "anew."));
}

}  // namespace lorkd::watch
