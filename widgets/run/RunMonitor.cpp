#include "widgets/run/RunMonitor.h"

#include <QDateTime>
#include <QFileInfo>
#include <QLabel>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

#include "core/run/EventLog.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {

using lorkd::run::Command;
using lorkd::run::State;

std::vector<plot::TaskLook> taskLooks(const plan::Plan& plan) {
  std::vector<plot::TaskLook> looks;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& [name, task] = plan.tasks[i];
    looks.push_back({QString::fromStdString(name), QColor(QString::fromStdString(plan::taskColor(plan, i)))});
    for (std::size_t c = 0; c < task.classes.size(); ++c)
      looks.back().classes.push_back({QString::fromStdString(task.classes[c].first),
                                      QColor(QString::fromStdString(plan::classColor(plan, i, c)))});
  }
  return looks;
}

RunMonitor::RunMonitor(TrainerLauncher* launcher, QWidget* parent) : QWidget(parent), m_launcher(launcher) {
  setObjectName(QStringLiteral("runMonitor"));
  setAccessibleName(tr("Run monitor"));
  build();
  connect(launcher, &TrainerLauncher::failedToRun, this, [this](const QString& path, const QString& message) {
    if (path == run()) complain(message);
  });
  // Also where the wizard has it started.
  connect(launcher, &TrainerLauncher::started, this, [this](const QString& path) {
    if (path != run()) return;
    m_complaint.clear();
    m_pending = tr("starting …");
    m_started = lorkd::run::now();
    showStatus();
  });
  setRun(QString());
}

QString RunMonitor::run() const { return m_watcher ? m_watcher->path() : QString(); }

void RunMonitor::setRun(const QString& path) {
  if (!path.isEmpty() && path == run()) return;
  m_overlays.clear();
  for (auto* old : {&m_watcher, &m_teacher}) {
    if (!*old) continue;
    // Not deleted here: the caller may stand in one of its signals.
    (*old)->disconnect(this);
    old->release()->deleteLater();
  }
  m_teacherWanted = false;
  m_pending.clear();
  m_complaint.clear();
  m_lastState.reset();
  m_lastPhase.clear();
  m_started = 0;
  m_lastBest = -1;
  if (!path.isEmpty()) {
    m_watcher = std::make_unique<RunWatcher>(path);
    connect(m_watcher.get(), &RunWatcher::opened, this, &RunMonitor::takeOpened);
    connect(m_watcher.get(), &RunWatcher::restarted, this, &RunMonitor::showEvents);
    connect(m_watcher.get(), &RunWatcher::eventsArrived, this, [this] {
      showEvents();
      const auto best = m_watcher->series()->bestStep();
      if (std::exchange(m_lastBest, best) != best) Q_EMIT progressed();
    });
    connect(m_watcher.get(), &RunWatcher::troubleChanged, this, [this] {
      nameCurves();
      showStatus();
      Q_EMIT progressed();
    });
    connect(m_watcher.get(), &RunWatcher::statusChanged, this, &RunMonitor::takeStatus);
  }
  restartCurves();
}

void RunMonitor::takeOpened() {
  if (!m_teacher && trainsTeacher(m_watcher->directory()->plan())) {
    m_teacher = std::make_unique<RunWatcher>(run() + QStringLiteral("/teacher"));
    connect(m_teacher.get(), &RunWatcher::opened, this, &RunMonitor::restartCurves);
    connect(m_teacher.get(), &RunWatcher::restarted, this, &RunMonitor::showEvents);
    connect(m_teacher.get(), &RunWatcher::eventsArrived, this, &RunMonitor::showEvents);
    connect(m_teacher.get(), &RunWatcher::statusChanged, this, &RunMonitor::showStatus);
  }
  restartCurves();
}

void RunMonitor::chooseTeacher(bool teacher) {
  const bool before = showsTeacher();
  m_teacherWanted = teacher;
  before == showsTeacher() ? nameCurves() : restartCurves();
}

void RunMonitor::takeStatus() {
  if (!m_watcher->status()) {
    m_lastState.reset();
    return showStatus();
  }
  const auto status = *m_watcher->status();
  const bool changed = m_lastState != status.state;
  // A request is fulfilled, or overtaken, when the state changes; a start also when the trainer says anything at all:
  // it may have failed between two looks.
  const bool heard = m_started > 0 && status.heartbeat > m_started;
  if ((m_lastState && changed) || heard) m_pending.clear(), m_started = 0;
  if (m_lastState && changed) m_complaint.clear();
  if (changed || heard) m_outputShown = false;
  m_lastState = status.state;
  const auto phase = QString::fromStdString(status.phase);
  const bool newPhase = std::exchange(m_lastPhase, phase) != phase;
  if (newPhase) chooseTeacher(phase == QLatin1String("teacher"));
  showStatus();
  showTrainerOutput();
  if (changed) Q_EMIT stateChanged(status.state);
  if (newPhase) Q_EMIT progressed();
}

void RunMonitor::addOverlay(const QString& path) {
  if (!m_watcher || path == run() || overlays().contains(path)) return;
  auto watcher = std::make_unique<RunWatcher>(path, nullptr, 1000);
  connect(watcher.get(), &RunWatcher::opened, this, &RunMonitor::restartCurves);
  connect(watcher.get(), &RunWatcher::eventsArrived, this, &RunMonitor::showEvents);
  m_overlays.push_back(std::move(watcher));
  restartCurves();
}

void RunMonitor::clearOverlays() {
  m_losses->clear();
  m_metrics->clear();
  m_overlays.clear();
  restartCurves();
}

QStringList RunMonitor::overlays() const {
  QStringList paths;
  for (const auto& overlay : m_overlays) paths << overlay->path();
  return paths;
}

void RunMonitor::restartCurves() {
  m_losses->clear();
  m_metrics->clear();
  m_log->clear();
  m_logShown = 0;
  m_outputShown = false;
  const auto add = [this](const RunWatcher& watcher) {
    if (!watcher.directory()) return;
    // Runs of one plan differ by folder, so the folder's name tells overlaid curves apart.
    const QString name = QFileInfo(watcher.path()).fileName();
    const auto tasks = taskLooks(watcher.directory()->plan());
    m_losses->addRun(name, tasks, watcher.series());
    m_metrics->addRun(name, tasks, watcher.series());
  };
  if (shown()) add(*shown());
  // Other runs are compared by what they were trained for.
  for (const auto& overlay : m_overlays)
    if (!showsTeacher()) add(*overlay);
  m_conflict->setSeries(shown() ? shown()->series() : nullptr);
  m_alone->setVisible(!m_overlays.empty());
  nameCurves();
  showEvents();
}

void RunMonitor::showEvents() {
  m_losses->refresh();
  m_metrics->refresh();
  m_conflict->refresh();
  showLog();
  showTrainerOutput();
  showStatus();
}

void RunMonitor::showLog() {
  static const std::vector<run::LogLine> none;
  const auto& log = shown() ? shown()->series()->log() : none;
  if (log.size() < m_logShown) {
    m_log->clear();
    m_logShown = 0;
  }
  for (; m_logShown < log.size(); ++m_logShown) {
    const auto& line = log[m_logShown];
    const auto time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(line.time * 1000));
    m_log->appendPlainText(QStringLiteral("%1  %2  %3")
                               .arg(time.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")),
                                    QString::fromStdString(line.level).leftJustified(6),
                                    QString::fromStdString(line.message)));
  }
}

void RunMonitor::showTrainerOutput() {
  if (m_outputShown || (m_lastState != State::Failed && m_lastState != State::Interrupted)) return;
  m_outputShown = true;
  const QString output = TrainerLauncher::lastOutput(run()).trimmed();
  if (!output.isEmpty()) m_log->appendPlainText(tr("The end of trainer.log:\n%1").arg(output));
}

void RunMonitor::act(Command command, const QString& pending) {
  if (auto sent = m_launcher->send(run(), command); !sent) return complain(QString::fromStdString(sent.error().text()));
  m_complaint.clear();
  m_pending = pending;
  m_started = 0;
  showStatus();
}

void RunMonitor::startOrContinue() {
  if (auto started = m_launcher->start(run()); !started) complain(QString::fromStdString(started.error().text()));
}

void RunMonitor::askStop() {
  auto* box = new QMessageBox(QMessageBox::Question, tr("Stop training"),
                              m_watcher && m_watcher->checkpoint()
                                  ? tr("Stop this run? Its last checkpoint stays, and the run can be continued later.")
                                  : tr("Stop this run? It has no checkpoint yet: if no step has been trained by then, "
                                       "it begins anew when it is continued."),
                              QMessageBox::Cancel, this);
  box->setObjectName(QStringLiteral("confirmStop"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  auto* stop = box->addButton(tr("Stop"), QMessageBox::AcceptRole);
  box->setDefaultButton(QMessageBox::Cancel);
  connect(box, &QMessageBox::buttonClicked, this, [this, stop, path = run()](QAbstractButton* button) {
    if (button == stop && path == run()) act(Command::Stop, tr("stopping …"));
  });
  box->open();
}

void RunMonitor::complain(const QString& text) {
  m_complaint = text;
  m_pending.clear();
  m_started = 0;
  showStatus();
}

void RunMonitor::setUnwritable(const QString& why) {
  if (why == m_unwritable) return;
  m_unwritable = why;
  for (auto* button : {m_start, m_pause, m_checkpoint, m_stop})
    button->setToolTip(why.isEmpty() ? button->accessibleName() : why);
  showStatus();
}

void RunMonitor::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && m_message) showStatus();
}

}  // namespace lorkd::watch
