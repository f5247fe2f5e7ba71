// One run on one page: what it does, its curves, its gradient conflict, its log, and the buttons that steer it.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "widgets/plot/ConflictPanel.h"
#include "widgets/plot/LossPlot.h"
#include "widgets/run/PhaseBar.h"
#include "widgets/run/RunWatcher.h"
#include "widgets/run/TrainerLauncher.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QTabWidget;

namespace lorkd::watch {

/// Names and colours of a plan's tasks and their classes.
std::vector<plot::TaskLook> taskLooks(const plan::Plan& plan);

/// While a run trains its teacher, the teacher's curves, log and pace are shown, and named so; when the experts begin,
/// theirs. Buttons lead back and forth.
class RunMonitor : public QWidget {
  Q_OBJECT
 public:
  /// The launcher must outlive the monitor.
  explicit RunMonitor(TrainerLauncher* launcher, QWidget* parent = nullptr);

  /// Shows the run at `path`; an empty path shows none. Overlays are removed.
  void setRun(const QString& path);
  QString run() const;
  RunWatcher* watcher() const { return m_watcher.get(); }
  /// Whose curves are on screen: the run's own or those of its teacher.
  bool showsTeacher() const { return m_teacherWanted && m_teacher && m_teacher->directory(); }
  /// Draws another run's curves beside this one's, or no longer.
  void addOverlay(const QString& path);
  void clearOverlays();
  QStringList overlays() const;
  /// Why nothing can be written into the run; training can then neither be started nor steered. Empty: it can.
  void setUnwritable(const QString& why);

  plot::LossPlot* losses() const { return m_losses; }
  plot::LossPlot* metrics() const { return m_metrics; }
  plot::ConflictPanel* conflict() const { return m_conflict; }
  QTabWidget* pages() const { return m_pages; }

 Q_SIGNALS:
  /// The run's state changed (also when another run is shown).
  void stateChanged(lorkd::run::State state);
  /// A new phase began, a better checkpoint was written, or the run went or came back: its files may be others.
  void progressed();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void build();
  void takeOpened();
  void restartCurves();
  void showEvents();
  void showStatus();
  void showCourse(bool live);
  void showMessage(const std::optional<lorkd::run::Status>& status);
  void nameCurves();
  void chooseTeacher(bool teacher);
  RunWatcher* shown() const { return showsTeacher() ? m_teacher.get() : m_watcher.get(); }
  void showLog();
  void showTrainerOutput();
  void takeStatus();
  void act(lorkd::run::Command command, const QString& pending);
  void startOrContinue();
  void askStop();
  void complain(const QString& text);

  TrainerLauncher* m_launcher;
  std::unique_ptr<RunWatcher> m_watcher, m_teacher;  ///< the second: RUN/teacher, if the run trains it
  std::vector<std::unique_ptr<RunWatcher>> m_overlays;
  QLabel *m_icon, *m_name, *m_state, *m_figures, *m_message;
  PhaseBar* m_bar;
  QPushButton *m_start, *m_pause, *m_checkpoint, *m_stop, *m_alone, *m_showTeacher, *m_showOwn;
  QTabWidget* m_pages;
  plot::LossPlot *m_losses, *m_metrics;
  plot::ConflictPanel* m_conflict;
  QPlainTextEdit* m_log;
  std::size_t m_logShown = 0;
  QString m_pending, m_complaint, m_lastPhase, m_unwritable;
  double m_started = 0;          ///< when the trainer was started from here, until it says something
  std::int64_t m_lastBest = -1;  ///< step of the best validation that was told
  bool m_teacherWanted = false;
  bool m_outputShown = false;  ///< the trainer's last words stand in the log
  std::optional<lorkd::run::State> m_lastState;
};

}  // namespace lorkd::watch
