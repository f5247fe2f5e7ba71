// One command of the `lorkd` program, run as a process with progress and cancel.
//
// Protocol: with `--progress json` the program writes one JSON object a line on its standard output:
//   {"kind":"progress","what":"...","done":n,"total":m}   total 0: unknown
//   {"kind":"note","line":"..."}
//   {"kind":"result", ...}                                what the command found, its own fields
//   {"kind":"error","code":"...","message":"...","hint":"...","context":"..."}
// Exit code 0: done, 1: failed, 3: cancelled. SIGTERM asks to cancel. Anything else on the output is kept as a note.
#pragma once

#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <functional>
#include <utility>

#include "core/base/Error.h"
#include "core/base/Json.h"

class QTimer;

namespace lorkd::watch {

class Job : public QObject {
  Q_OBJECT
 public:
  enum class State { Waiting, Running, Done, Cancelled, Failed };
  Q_ENUM(State)

  /// `title` is for people; `arguments` are the sub-command and its own: {"scan", "/data"}.
  Job(const QString& title, const QStringList& arguments, QObject* parent = nullptr);
  /// Ends the process if it still runs.
  ~Job() override;

  const QString& title() const { return m_title; }
  const QStringList& arguments() const { return m_arguments; }
  State state() const { return m_state; }
  /// Short work of the wizard and questions to a PACS, which may run beside a prediction or an export.
  bool light() const {
    static const QStringList light{"plan", "scan", "audit"}, questions{"echo", "find"};
    const auto& command = m_arguments.value(0);
    return light.contains(command) || (command == QLatin1String("pacs") && questions.contains(m_arguments.value(1)));
  }
  bool over() const { return m_state != State::Waiting && m_state != State::Running; }
  bool cancelRequested() const { return m_cancelled; }
  /// What it does now, and how far it is; total 0: unknown.
  const QString& what() const { return m_what; }
  qint64 done() const { return m_done; }
  qint64 total() const { return m_total; }
  /// Seconds since it began, to its end if it is over.
  double seconds() const;
  /// The result line, or null.
  const Json& result() const { return m_result; }
  /// The same, to keep: it may be large.
  Json takeResult() { return std::exchange(m_result, Json()); }
  /// What the program says of this file, one of the moment, is to be said of `name`.
  void setNameOf(const QString& file, const QString& name) { m_file = file, m_fileName = name; }
  /// Why it failed; empty unless it did.
  const Error& error() const { return m_error; }
  /// Notes and everything else that was printed, the last thousand lines.
  const QStringList& details() const { return m_details; }

  void start();
  /// Asks it to stop; a process that does not within the patience is killed. Waiting jobs are cancelled at once.
  void cancel();
  /// Time between the request and the kill, in ms.
  void setPatience(int milliseconds) { m_patience = milliseconds; }

 Q_SIGNALS:
  /// Progress, notes or state changed.
  void changed();
  /// It is over; state() tells how.
  void finished();

 private:
  void readLines();
  void readLine(const QByteArray& line);
  void take(Result<Json> json, const QByteArray& line);
  QString named(QString text) const;
  void addDetail(const QString& line);
  void end(int exitCode, QProcess::ExitStatus status);
  void finish(State state);

  QString m_title, m_what, m_file, m_fileName;
  QStringList m_arguments, m_details;
  State m_state = State::Waiting;
  bool m_cancelled = false, m_skipping = false, m_said = false;
  int m_decoding = 0;                ///< long lines that workers are reading
  std::function<void()> m_whenRead;  ///< the end, which waits for that
  qint64 m_done = 0, m_total = 0;
  double m_began = 0, m_ended = 0;
  int m_patience = 10000;
  QByteArray m_buffer;
  Json m_result;
  Error m_error;
  QProcess* m_process;
  QTimer* m_killer;
};

}  // namespace lorkd::watch
