#include "widgets/run/TrainerLauncher.h"

#include <signal.h>

#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTimer>
#include <algorithm>

#include "core/run/EventLog.h"
#include "widgets/run/Program.h"

namespace lorkd::watch {
namespace {

QString logOf(const QString& run) { return run + QStringLiteral("/trainer.log"); }

/// Whether a process is there and not only waiting to be buried.
bool alive(qint64 pid) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0) return false;
  QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
  if (!stat.open(QIODevice::ReadOnly)) return true;
  const QByteArray line = stat.readAll();
  return line.mid(line.lastIndexOf(')') + 2, 1) != "Z";
}

bool active(lorkd::run::State state) {
  return state == lorkd::run::State::Running || state == lorkd::run::State::Paused;
}

}  // namespace

Result<qint64> TrainerLauncher::start(const QString& run) {
  LORKD_TRY(directory, lorkd::run::RunDirectory::open(run.toStdString()));
  // A status that cannot be read says nothing; the lock below still tells of a trainer.
  const auto status = directory.status();
  if (status && active(status->state))
    return fail(ErrorCode::Mismatch,
                tr("this run is being trained already by process %1 on %2")
                    .arg(status->pid)
                    .arg(QString::fromStdString(status->host))
                    .toStdString(),
                tr("stop that trainer first").toStdString(), run.toStdString());
  {
    // Between start and first status the lock alone tells; it is let go at once for the trainer to take.
    LORKD_TRY(lock, directory.lock());
    lock.reset();
  }
  const double now = lorkd::run::now();
  if (m_began.contains(run) && now - m_began[run] < m_grace / 1000.0)
    return fail(ErrorCode::Mismatch, tr("this run's trainer is just starting").toStdString(),
                tr("give it a moment").toStdString(), run.toStdString());
  const QString program = lorkdProgram();
  if (!QFileInfo(program).isExecutable())
    return fail(ErrorCode::NotFound, tr("the program that trains is missing").toStdString(),
                tr("build or install lorkd, or name it in the environment variable LORKD_CLI").toStdString(),
                program.toStdString());
  if (const QFileInfo log(logOf(run)); log.exists() && !log.isFile())
    return fail(ErrorCode::Io, tr("what the trainer says cannot be kept: this is no ordinary file").toStdString(),
                tr("remove it").toStdString(), logOf(run).toStdString());
  QProcess process;
  process.setProgram(program);
  process.setArguments({QStringLiteral("train"), QFileInfo(run).absoluteFilePath(), QStringLiteral("--discreet")});
  process.setStandardInputFile(QProcess::nullDevice());
  process.setStandardOutputFile(logOf(run), QIODevice::Append);
  process.setStandardErrorFile(logOf(run), QIODevice::Append);
  const qint64 said = QFileInfo(logOf(run)).size();
  qint64 pid = 0;
  if (!process.startDetached(&pid))
    return fail(ErrorCode::Io, tr("the trainer does not start: %1").arg(process.errorString()).toStdString(),
                tr("check that the program can be run and the folder written").toStdString(), program.toStdString());
  m_began[run] = now;
  QTimer::singleShot(m_grace, this, [this, run, pid, said, before = status] {
    const auto opened = lorkd::run::RunDirectory::open(run.toStdString());
    const auto after = opened ? opened->status() : Result<lorkd::run::Status>(std::unexpected(opened.error()));
    if (alive(pid)) return;
    if (after && (!before || after->state != before->state || after->heartbeat != before->heartbeat)) return;
    const QString output = lastOutput(run, 4000, said).trimmed();
    Q_EMIT failedToRun(run, output.isEmpty() ? tr("The trainer ended at once and said nothing.")
                                             : tr("The trainer ended at once:\n%1").arg(output));
  });
  Q_EMIT started(run, pid);
  return pid;
}

Result<void> TrainerLauncher::send(const QString& run, lorkd::run::Command command) {
  LORKD_TRY(directory, lorkd::run::RunDirectory::open(run.toStdString()));
  return directory.send(command);
}

QString TrainerLauncher::lastOutput(const QString& run, qint64 bytes, qint64 from) {
  QFile file(logOf(run));
  if (!QFileInfo(file).isFile() || !file.open(QIODevice::ReadOnly)) return QString();
  file.seek(std::min(file.size(), std::max(from, file.size() - bytes)));
  return QString::fromUtf8(file.read(bytes));
}

}  // namespace lorkd::watch
