#include "widgets/run/RunMonitor.h"

#include <QDateTime>
#include <QFileInfo>
#include <QLabel>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "core/run/EventLog.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {

using lorkd::run::Command;
using lorkd::run::State;

namespace {

/// Single steps vary: a batch that was ready, then one that was not.
constexpr std::size_t waitSteps = 50;

}  // namespace

std::vector<plot::TaskLook> taskLooks(const plan::Plan& plan) {
  std::vector<plot::TaskLook> looks;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i)
    looks.push_back(
        {QString::fromStdString(plan.tasks[i].first), QColor(QString::fromStdString(plan::taskColor(plan, i)))});
  return looks;
}

RunMonitor::RunMonitor(TrainerLauncher* launcher, QWidget* parent) : QWidget(parent), m_launcher(launcher) {
  setObjectName(QStringLiteral("runMonitor"));
  setAccessibleName(tr("Run monitor"));
  build();
  connect(launcher, &TrainerLauncher::failedToRun, this, [this](const QString& path, const QString& message) {
    if (path == run()) complain(message);
  });
  setRun(QString());
}

QString RunMonitor::run() const { return m_watcher ? m_watcher->path() : QString(); }

void RunMonitor::setRun(const QString& path) {
  if (!path.isEmpty() && path == run()) return;
  m_overlays.clear();
  if (m_watcher) {
    // Not deleted here: the caller may stand in one of its signals.
    m_watcher->disconnect(this);
    m_watcher.release()->deleteLater();
  }
  m_pending.clear();
  m_complaint.clear();
  m_lastState.reset();
  m_lastPhase.clear();
  m_started = 0;
  m_lastBest = -1;
  if (!path.isEmpty()) {
    m_watcher = std::make_unique<RunWatcher>(path);
    connect(m_watcher.get(), &RunWatcher::opened, this, &RunMonitor::restartCurves);
    connect(m_watcher.get(), &RunWatcher::restarted, this, &RunMonitor::showEvents);
    connect(m_watcher.get(), &RunWatcher::eventsArrived, this, [this] {
      showEvents();
      const auto best = m_watcher->series()->bestStep();
      if (std::exchange(m_lastBest, best) != best) Q_EMIT progressed();
    });
    connect(m_watcher.get(), &RunWatcher::troubleChanged, this, &RunMonitor::showStatus);
    connect(m_watcher.get(), &RunWatcher::statusChanged, this, &RunMonitor::takeStatus);
  }
  m_conflict->setSeries(m_watcher ? m_watcher->series() : nullptr);
  restartCurves();
}

void RunMonitor::takeStatus() {
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
  if (m_watcher) add(*m_watcher);
  for (const auto& overlay : m_overlays) add(*overlay);
  m_alone->setVisible(!m_overlays.empty());
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
  static const std::vector<plot::LogLine> none;
  const auto& log = m_watcher ? m_watcher->series()->log() : none;
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
  const double now = lorkd::run::now();
  if (auto started = m_launcher->start(run()); !started)
    return complain(QString::fromStdString(started.error().text()));
  m_complaint.clear();
  m_pending = tr("starting …");
  m_started = now;
  showStatus();
}

void RunMonitor::askStop() {
  auto* box = new QMessageBox(QMessageBox::Question, tr("Stop training"),
                              tr("Stop this run? Its last checkpoint stays, and the run can be continued later."),
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

void RunMonitor::showStatus() {
  const auto status = m_watcher ? m_watcher->status() : std::nullopt;
  const auto* directory = m_watcher && m_watcher->directory() ? &*m_watcher->directory() : nullptr;
  const State state = status ? status->state : State::Queued;
  const bool active = status && (state == State::Running || state == State::Paused);
  const QString folder = QFileInfo(run()).fileName();
  const QString name = directory ? QString::fromStdString(directory->plan().name) : folder;
  m_name->setText(!m_watcher ? tr("No run chosen") : name == folder ? name : tr("%1 — %2").arg(name, folder));
  m_name->setToolTip(run());
  m_icon->setPixmap(status ? stateIcon(state, palette()).pixmap(20, 20) : QPixmap());
  QString words = !m_watcher ? QString() : status ? stateText(state) : tr("waiting for the run to appear");
  if (active && !status->phase.empty()) words += QStringLiteral(" · ") + QString::fromStdString(status->phase);
  if (!m_pending.isEmpty()) words += QStringLiteral(" · ") + m_pending;
  m_state->setText(words);

  const qint64 step = status ? status->step : 0, steps = status ? status->steps : 0;
  m_bar->setRange(0, 1000);
  m_bar->setValue(
      steps > 0 ? static_cast<int>(1000.0 * static_cast<double>(std::min(step, steps)) / static_cast<double>(steps))
                : 0);
  m_bar->setFormat(steps > 0 ? tr("step %1 of %2").arg(QLocale().toString(step), QLocale().toString(steps))
                             : QString());
  QStringList figures;
  if (active && status->secondsLeft >= 0) figures << tr("%1 left").arg(plot::durationText(status->secondsLeft));
  if (m_watcher) {
    const auto& series = *m_watcher->series();
    const auto last = [](const plot::Series& s) { return s.size() ? s.value.back() : std::nan(""); };
    if (active && std::isfinite(last(series.seconds())))
      figures << tr("%1 a step").arg(plot::durationText(last(series.seconds())));
    if (const double share = series.recentWait(waitSteps); active && std::isfinite(share))
      figures << tr("%1 % waiting for data").arg(100 * share, 0, 'f', 1);
    if (series.bestStep() >= 0)
      figures << tr("best validation %1 at step %2")
                     .arg(series.bestMean(), 0, 'f', 3)
                     .arg(QLocale().toString(static_cast<qint64>(series.bestStep())));
  }
  m_figures->setText(figures.join(QStringLiteral("   ·   ")));
  m_figures->setToolTip(active
                            ? tr("Waiting for data: share of the time of the last %1 steps in which the network stood "
                                 "still because no batch was ready. Above 5 %, more loader threads may help.")
                                  .arg(waitSteps)
                            : QString());

  QString message = m_complaint;
  if (message.isEmpty() && m_watcher) message = m_watcher->trouble();
  if (message.isEmpty() && status && state == State::Failed) message = QString::fromStdString(status->message);
  // A trainer that was stopped says so, and that is no fault.
  const bool stopped = message.isEmpty() && status && state == State::Interrupted && !status->message.empty();
  if (stopped) message = QString::fromStdString(status->message);
  if (message.isEmpty() && status && state == State::Interrupted)
    message = tr("The trainer is gone without having finished. Continue takes up the last checkpoint.");
  m_message->setText(message);
  m_message->setVisible(!message.isEmpty());
  QPalette colours = palette();
  if (!stopped) colours.setColor(QPalette::WindowText, stateColor(State::Failed, palette()));
  m_message->setPalette(colours);

  m_start->setVisible(status && !active && state != State::Finished);
  m_start->setText(step > 0 ? tr("Continue") : tr("Start"));
  m_start->setEnabled(m_pending.isEmpty() && m_unwritable.isEmpty());
  for (auto* button : {m_pause, m_checkpoint, m_stop}) {
    button->setVisible(active);
    button->setEnabled(m_unwritable.isEmpty());
  }
  m_pause->setText(state == State::Paused ? tr("Resume") : tr("Pause"));
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
