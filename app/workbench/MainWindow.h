// The main window: projects and runs at the left, the chosen run in the middle, jobs below. Only wiring.
#pragma once

#include <QMainWindow>

#include "app/workbench/InspectorPage.h"
#include "app/workbench/RankAdvicePage.h"
#include "widgets/run/JobQueue.h"
#include "widgets/run/RunList.h"
#include "widgets/run/RunMonitor.h"
#include "widgets/run/TrainerLauncher.h"

class QLabel;
class QTimer;
class QPushButton;
class QStackedWidget;
class QTabWidget;

namespace lorkd::workbench {

class RunWizard;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  MainWindow();
  /// Shows a project folder in the list, remembers it, and makes it the one that new runs go to.
  void openProject(const QString& folder);
  /// Lists the projects of the last time, missing ones too, and takes up the one that was last used.
  void reopenProjects();
  /// Shows a run's monitor and cases.
  void openRun(const QString& path);
  QString project() const { return m_project; }
  QString run() const { return m_run; }
  /// Opens the wizard for a new run in the project; with a plan to begin from if given.
  RunWizard* newRun(const Json& plan = {});

  QTabWidget* pages() const { return m_pages; }
  InspectorPage* inspectorPage() const { return m_inspector; }
  watch::RunMonitor* monitor() const { return m_monitor; }
  RankAdvicePage* ranks() const { return m_ranks; }
  watch::RunList* runs() const { return m_runs; }
  watch::JobQueue* jobs() { return &m_jobs; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void makeDocks();
  void makeMenus();
  QWidget* makeWelcome();
  void makeProject();
  void askPacs();
  void exportRun();
  void predictAll();
  void openReport();
  void about();
  void refreshActions();
  void useProject(const QString& folder);
  void lookAgain();
  /// Whether project and run can be written: says in one place if not, and switches off what would write.
  void checkWriting();

  watch::JobQueue m_jobs;
  watch::TrainerLauncher m_launcher;
  watch::RunList* m_runs;
  watch::RunMonitor* m_monitor;
  InspectorPage* m_inspector;
  RankAdvicePage* m_ranks;
  QStackedWidget* m_middle;
  QTabWidget* m_pages;
  QString m_project, m_run;
  QString m_projectLocked, m_runLocked;  ///< why nothing can be written there
  QString m_projectSeen;                 ///< the project, once its folder was there
  QTimer* m_comingBack;                  ///< looks whether a project that is gone is there again
  QLabel* m_notice;
  QPushButton* m_welcomeNew;
  QAction *m_newRun, *m_export, *m_predict, *m_report, *m_likeThis, *m_askPacs;
};

}  // namespace lorkd::workbench
