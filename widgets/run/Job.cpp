#include "widgets/run/Job.h"

#include <QTimer>

#include "core/base/Guard.h"
#include "core/run/EventLog.h"
#include "widgets/run/Background.h"
#include "widgets/run/Program.h"

namespace lorkd::watch {
namespace {

constexpr qsizetype longestLine = 256 << 20;  // the audit of some thousand images, with thumbnails
constexpr qsizetype longLine = 256 << 10;     // reading more than that would be felt in the window
constexpr int mostDetails = 1000;

QString text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

qint64 count(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  return value > 0 && value < 9e15 ? static_cast<qint64>(value) : 0;
}

/// "not found" and "not_found" are the same code.
ErrorCode codeOf(QString name) {
  name.replace(QLatin1Char('_'), QLatin1Char(' '));
  for (auto code : {ErrorCode::InvalidArgument, ErrorCode::NotFound, ErrorCode::Io, ErrorCode::Format,
                    ErrorCode::Mismatch, ErrorCode::Unsupported, ErrorCode::Numeric, ErrorCode::Cancelled})
    if (name == QLatin1String(toString(code))) return code;
  return ErrorCode::Internal;
}

}  // namespace

Job::Job(const QString& title, const QStringList& arguments, QObject* parent)
    : QObject(parent),
      m_title(title),
      m_arguments(arguments),
      m_process(new QProcess(this)),
      m_killer(new QTimer(this)) {
  m_killer->setSingleShot(true);
  connect(m_killer, &QTimer::timeout, m_process, &QProcess::kill);
  connect(m_process, &QProcess::readyReadStandardOutput, this, &Job::readLines);
  connect(m_process, &QProcess::readyReadStandardError, this, [this] {
    for (const auto& line : m_process->readAllStandardError().split('\n'))
      if (!line.trimmed().isEmpty()) addDetail(QString::fromUtf8(line));
  });
  connect(m_process, &QProcess::finished, this, &Job::end);
  connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    m_error = {ErrorCode::NotFound, tr("the program cannot be started: %1").arg(m_process->errorString()).toStdString(),
               tr("build or install lorkd, or name it in the environment variable LORKD_CLI").toStdString(),
               m_process->program().toStdString()};
    finish(m_cancelled ? State::Cancelled : State::Failed);
  });
}

Job::~Job() {
  if (m_process->state() == QProcess::NotRunning) return;
  m_process->disconnect(this);
  m_process->terminate();
  if (!m_process->waitForFinished(500)) {
    m_process->kill();
    m_process->waitForFinished(500);
  }
}

double Job::seconds() const {
  if (m_began == 0) return 0;
  return (m_ended > 0 ? m_ended : run::now()) - m_began;
}

void Job::start() {
  if (m_state != State::Waiting) return;
  m_state = State::Running;
  m_began = run::now();
  m_process->setProgram(lorkdProgram());
  m_process->setArguments(QStringList{QStringLiteral("--progress"), QStringLiteral("json")} + m_arguments);
  m_process->setStandardInputFile(QProcess::nullDevice());
  Q_EMIT changed();
  m_process->start(QIODevice::ReadOnly);
}

void Job::cancel() {
  if (over() || m_cancelled) return;
  m_cancelled = true;
  if (m_state == State::Waiting) return finish(State::Cancelled);
  m_process->terminate();
  m_killer->start(m_patience);
  Q_EMIT changed();
}

void Job::readLines() {
  const auto known = m_buffer.size();  // without an end of line
  m_buffer += m_process->readAllStandardOutput();
  qsizetype begin = 0;
  for (auto end = m_buffer.indexOf('\n', known); end >= 0; end = m_buffer.indexOf('\n', begin)) {
    if (!m_skipping) readLine(m_buffer.mid(begin, end - begin));
    m_skipping = false;
    begin = end + 1;
  }
  m_buffer.remove(0, begin);
  if (m_buffer.size() > longestLine) {
    m_buffer.clear();
    m_skipping = true;
  }
  Q_EMIT changed();
}

void Job::readLine(const QByteArray& line) {
  if (line.trimmed().isEmpty()) return;
  const auto parse = [line] {
    return guarded("output", [&] {
      return parseJson(std::string_view(line.constData(), static_cast<std::size_t>(line.size())), "output");
    });
  };
  if (line.size() < longLine) return take(parse(), line);
  ++m_decoding;
  inBackground(this, parse, [this, line](Result<Json> json) {
    take(std::move(json), line);
    --m_decoding;
    if (m_whenRead) std::exchange(m_whenRead, nullptr)();
  });
}

QString Job::named(QString text) const { return m_file.isEmpty() ? text : text.replace(m_file, m_fileName); }

void Job::take(Result<Json> json, const QByteArray& line) {
  const QString kind = json && json->is_object() ? text(*json, "kind") : QString();
  if (kind == QLatin1String("progress")) {
    m_what = text(*json, "what");
    m_total = count(*json, "total");
    m_done = m_total > 0 ? std::min(count(*json, "done"), m_total) : count(*json, "done");
  } else if (kind == QLatin1String("note")) {
    addDetail(text(*json, "line"));
  } else if (kind == QLatin1String("result")) {
    m_result = std::move(*json);
  } else if (kind == QLatin1String("error")) {
    m_said = true;
    const auto words = [&](const char* key) { return named(text(*json, key)).toStdString(); };
    m_error = {codeOf(text(*json, "code")), words("message"), words("hint"), words("context")};
  } else {
    addDetail(QString::fromUtf8(line.left(2000)));
  }
}

void Job::addDetail(const QString& line) {
  m_details << named(line);
  if (m_details.size() > mostDetails) m_details.removeFirst();
}

void Job::end(int exitCode, QProcess::ExitStatus status) {
  readLines();
  if (!m_buffer.isEmpty() && !m_skipping) readLine(std::exchange(m_buffer, QByteArray()));
  if (m_decoding > 0) {
    m_whenRead = [this, exitCode, status] { end(exitCode, status); };
    return;
  }
  // A scan that could not read everything ends with 4: what it found is there, and it lists what it could not read.
  if (status == QProcess::NormalExit && (exitCode == 0 || exitCode == 4)) {
    m_error = {};
    return finish(State::Done);
  }
  if ((status == QProcess::NormalExit && exitCode == 3) || (status == QProcess::CrashExit && m_cancelled)) {
    m_error = {};
    return finish(State::Cancelled);
  }
  if (!m_said) {
    const QString said = m_details.isEmpty() ? QString() : m_details.last();
    m_error = {ErrorCode::Internal,
               (status == QProcess::CrashExit ? tr("the program was ended by a signal")
                                              : tr("the program ended with code %1").arg(exitCode))
                   .toStdString(),
               (said.isEmpty() ? tr("it gave no reason") : tr("its last words: %1").arg(said)).toStdString(),
               m_arguments.value(0).toStdString()};
  }
  finish(State::Failed);
}

void Job::finish(State state) {
  if (over()) return;
  m_killer->stop();
  m_state = state;
  m_ended = run::now();
  Q_EMIT changed();
  Q_EMIT finished();
}

}  // namespace lorkd::watch
