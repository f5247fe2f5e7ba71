// What the run monitor says: state, progress, figures and the message in words.
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QTabWidget>
#include <algorithm>
#include <cmath>

#include "widgets/run/RunMonitor.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {

using lorkd::run::State;

namespace {

/// Single steps vary: a batch that was ready, then one that was not.
constexpr std::size_t waitSteps = 50;

}  // namespace

/// Says whose curves are shown, and why there are none yet.
void RunMonitor::nameCurves() {
  const bool teacher = showsTeacher();
  const auto* directory = m_watcher && m_watcher->directory() ? &*m_watcher->directory() : nullptr;
  const QString own = directory ? trainedName(directory->plan()) : QString();
  m_showOwn->setText(own);
  for (auto* button : {m_showTeacher, m_showOwn}) button->setVisible(m_teacher && m_teacher->directory());
  m_showTeacher->setChecked(teacher);
  m_showOwn->setChecked(!teacher);
  const QString whose = teacher ? tr("teacher") : m_teacher ? own.toLower() : QString();
  m_losses->setNote(whose);
  m_metrics->setNote(whose);
  m_pages->setTabText(m_pages->indexOf(m_losses), teacher ? tr("Teacher's losses") : tr("Losses"));
  m_pages->setTabText(m_pages->indexOf(m_metrics), teacher ? tr("Teacher's metrics") : tr("Metrics"));
  m_pages->setTabText(m_pages->indexOf(m_conflict), teacher ? tr("Teacher's conflict") : tr("Conflict"));
  m_pages->setTabText(m_pages->indexOf(m_log), teacher ? tr("Teacher's log") : tr("Log"));
  if (!directory) {
    const Sight sight = m_watcher ? m_watcher->sight() : Sight::Waiting;
    for (auto* plot : {m_losses, m_metrics})
      plot->plot()->setEmptyWords(!m_watcher ? tr("No run is chosen.")
                                  : sight == Sight::Unreadable
                                      ? tr("This run cannot be read: what is wrong stands above.")
                                      : tr("This run has not appeared yet."));
    return;
  }
  const auto& plan = shown()->directory()->plan();
  // A teacher from elsewhere is only looked up.
  const bool after = !teacher && m_teacher && m_watcher->status() && m_watcher->status()->phase == "teacher";
  const QString wait = tr("The teacher is trained first; these curves begin after it.");
  const qint64 first = std::min(plan.training.validateEvery, plan.training.steps);
  m_losses->plot()->setEmptyWords(after ? wait : tr("No training step has been logged yet."));
  m_metrics->plot()->setEmptyWords(
      after ? wait : tr("No validation has been logged yet. The first one comes after step %1.").arg(first));
}

void RunMonitor::showStatus() {
  const auto status = m_watcher ? m_watcher->status() : std::nullopt;
  const auto* directory = m_watcher && m_watcher->directory() ? &*m_watcher->directory() : nullptr;
  const State state = status ? status->state : State::Queued;
  const Sight sight = m_watcher ? m_watcher->sight() : Sight::Waiting;
  const bool active = status && (state == State::Running || state == State::Paused);
  const bool live = active && sight == Sight::Live;
  const QString folder = QFileInfo(run()).fileName();
  const QString name = directory ? QString::fromStdString(directory->plan().name) : folder;
  m_name->setText(!m_watcher ? tr("No run chosen") : name == folder ? name : tr("%1 — %2").arg(name, folder));
  m_name->setToolTip(run());
  const bool doubtful = sight != Sight::Live && sight != Sight::Waiting;
  m_icon->setPixmap(doubtful ? stateIcon(State::Interrupted, palette()).pixmap(20, 20)
                    : status ? stateIcon(state, palette()).pixmap(20, 20)
                             : QPixmap());
  QString words = !m_watcher                   ? QString()
                  : sight == Sight::Gone       ? tr("Gone")
                  : sight == Sight::Unreadable ? tr("Not readable")
                  : sight == Sight::Silent     ? tr("Silent, last known as %1").arg(stateText(state).toLower())
                  : sight == Sight::Ahead      ? tr("Not known whether it runs")
                  : status                     ? stateText(state)
                                               : tr("waiting for the run to appear");
  if (!m_pending.isEmpty())
    words = status || sight != Sight::Waiting ? words + QStringLiteral(" · ") + m_pending : m_pending;
  m_state->setText(words);
  showCourse(live);
  showMessage(status);

  // A status that cannot be read keeps no one from taking the run up; its lock does, if it is being trained.
  const bool unreadable = directory && sight == Sight::Unreadable;
  m_start->setVisible(((status && !active && state != State::Finished) || unreadable) && m_started == 0);
  m_start->setText(unreadable || (status && status->step > 0) ? tr("Continue") : tr("Start"));
  m_start->setEnabled(m_pending.isEmpty() && m_unwritable.isEmpty());
  for (auto* button : {m_pause, m_checkpoint, m_stop}) {
    button->setVisible(active);
    button->setEnabled(m_unwritable.isEmpty());
  }
  m_pause->setText(state == State::Paused ? tr("Resume") : tr("Pause"));
}

/// The segments and the figures beside them: those of the phase at work, the teacher's named so.
void RunMonitor::showCourse(bool live) {
  QStringList figures;
  Course course;
  if (m_watcher && m_watcher->directory()) {
    const auto& status = m_watcher->status();
    const bool teacher = m_teacher && status && status->phase == "teacher";
    const auto& series = teacher ? *m_teacher->series() : *m_watcher->series();
    CourseFacts facts;
    facts.status = status;
    facts.teacher = m_teacher ? m_teacher->status() : std::nullopt;
    facts.validated = series.mean().size() > 0;
    facts.live = m_watcher->sight() == Sight::Live;
    facts.exported = m_watcher->exported();
    if (status) course = courseOf(m_watcher->directory()->plan(), facts);
    if (!course.left.isEmpty()) figures << course.left;
    // The pace of the steps is nothing of now once they are done.
    const auto* pace = teacher ? (facts.teacher ? &*facts.teacher : nullptr) : status ? &*status : nullptr;
    const bool steps = live && pace && pace->phase == "training";
    const auto last = [](const run::Series& s) { return s.size() ? s.value.back() : std::nan(""); };
    if (steps && std::isfinite(last(series.seconds())))
      figures << tr("%1 a step").arg(plot::durationText(last(series.seconds())));
    if (const double share = series.recentWait(waitSteps); steps && std::isfinite(share))
      figures << tr("%1 % waiting for data").arg(100 * share, 0, 'f', 1);
  }
  if (shown() && shown()->series()->bestStep() >= 0) {
    const auto& series = *shown()->series();
    figures << (showsTeacher() ? tr("teacher's best validation %1 at step %2") : tr("best validation %1 at step %2"))
                   .arg(QString::number(series.bestMean(), 'f', 3) +
                        (series.bestBy().empty() ? QString() : " (" + QString::fromStdString(series.bestBy()) + ")"))
                   .arg(QLocale().toString(static_cast<qint64>(series.bestStep())));
  }
  m_bar->setSegments(course.segments);
  m_bar->setVisible(!course.segments.empty());
  m_figures->setText(figures.join(QStringLiteral("   ·   ")));
  m_figures->setVisible(!figures.isEmpty());
  m_figures->setToolTip(live ? tr("Waiting for data: share of the time of the last %1 steps in which the network stood "
                                  "still because no batch was ready. Above 5 %, more loader threads may help.")
                                   .arg(waitSteps)
                             : QString());
}

void RunMonitor::showMessage(const std::optional<run::Status>& status) {
  const State state = status ? status->state : State::Queued;
  QString message = m_complaint;
  if (message.isEmpty() && m_watcher) message = m_watcher->trouble();
  if (message.isEmpty() && status && state == State::Failed) message = QString::fromStdString(status->message);
  // A trainer that was stopped says so, and that is no fault.
  const bool stopped = message.isEmpty() && status && state == State::Interrupted && !status->message.empty();
  if (stopped) message = QString::fromStdString(status->message);
  if (message.isEmpty() && status && state == State::Interrupted)
    message =
        m_watcher->checkpoint()
            ? tr("The trainer is gone without having finished. Continue takes up the last checkpoint.")
            : tr("The trainer is gone without having finished, and has left no checkpoint: taken up again, the run "
                 "begins anew.");
  const bool fault = !message.isEmpty() && !stopped;
  if (const QString log = shown() ? shown()->logTrouble() : QString(); !log.isEmpty())
    message += (message.isEmpty() ? QString() : QStringLiteral("\n")) + log;
  m_message->setText(message);
  m_message->setVisible(!message.isEmpty());
  QPalette colours = palette();
  if (fault) colours.setColor(QPalette::WindowText, stateColor(State::Failed, palette()));
  m_message->setPalette(colours);
}

}  // namespace lorkd::watch
