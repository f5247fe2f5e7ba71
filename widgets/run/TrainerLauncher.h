// Starts trainers as processes of their own and steers them through the run directory.
#pragma once

#include <QHash>
#include <QObject>
#include <QString>

#include "core/base/Error.h"
#include "core/run/RunDirectory.h"

namespace lorkd::watch {

class TrainerLauncher : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  /// Starts `lorkd train RUN`, detached: it outlives this program. Its output is added to RUN/trainer.log. Returns the
  /// process id. Errors: those of RunDirectory::open; Mismatch if the run is trained already; NotFound when the program
  /// is missing; Io when it does not start.
  Result<qint64> start(const QString& run);
  /// Asks the trainer, which obeys between two steps. Errors: those of RunDirectory::open and send.
  Result<void> send(const QString& run, lorkd::run::Command command);
  /// The end of what the run's trainers printed, of the part from byte `from` on.
  static QString lastOutput(const QString& run, qint64 bytes = 4000, qint64 from = 0);
  /// Time after the start at which a trainer that is gone without a word is reported, in ms.
  void setGrace(int milliseconds) { m_grace = milliseconds; }

 Q_SIGNALS:
  void started(const QString& run, qint64 pid);
  /// The trainer ended right after its start without changing the run's status.
  void failedToRun(const QString& run, const QString& message);

 private:
  int m_grace = 3000;
  QHash<QString, double> m_began;  ///< run -> when we started its trainer
};

}  // namespace lorkd::watch
