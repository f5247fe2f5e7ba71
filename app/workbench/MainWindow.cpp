#include "app/workbench/MainWindow.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDesktopServices>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabWidget>
#include <QTimer>
#include <QToolBar>
#include <QUrl>
#include <QVBoxLayout>

#include "app/workbench/ExportDialog.h"
#include "app/workbench/PlainText.h"
#include "app/workbench/Text.h"
#include "app/workbench/Theme.h"
#include "app/workbench/pacs/PacsDialog.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/base/File.h"
#include "widgets/run/JobsPanel.h"

namespace lorkd::workbench {
namespace {

/// Asks for a folder, and makes the one that is named if it is not there; the desktop's own dialog takes none such.
class FolderDialog : public QFileDialog {
 public:
  FolderDialog(QWidget* parent, const QString& title, const QString& begin) : QFileDialog(parent, title, begin) {
    setOption(DontUseNativeDialog);
    setFileMode(Directory);
    setOption(ShowDirsOnly);
  }
  void accept() override {
    for (const auto& folder : selectedFiles()) QDir().mkpath(folder);
    QFileDialog::accept();
  }
};

}  // namespace

MainWindow::MainWindow() {
  showNamesAsWritten();
  setObjectName("mainWindow");
  setWindowTitle(tr("LoRKD Workbench"));
  resize(1280, 800);
  m_monitor = new watch::RunMonitor(&m_launcher, this);
  m_inspector = new InspectorPage(&m_jobs, this);
  m_ranks = new RankAdvicePage(&m_jobs, this);
  m_monitor->pages()->insertTab(m_monitor->pages()->count() - 1, m_ranks, tr("Ranks"));
  connect(m_ranks, &RankAdvicePage::planWanted, this, [this](const Json& plan) { newRun(plan); });
  m_pages = new QTabWidget(this);
  m_pages->setObjectName("runPages");
  m_pages->setDocumentMode(true);
  m_pages->addTab(m_monitor, tr("Training"));
  m_pages->addTab(m_inspector, tr("Predictions"));
  m_middle = new QStackedWidget(this);
  m_middle->addWidget(makeWelcome());
  m_middle->addWidget(m_pages);
  m_notice = new QLabel(this);
  m_notice->setObjectName("writeNotice");
  m_notice->setAccessibleName(tr("What cannot be written"));
  m_notice->setWordWrap(true);
  m_notice->setTextFormat(Qt::PlainText);
  m_notice->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_notice->setContentsMargins(10, 6, 10, 6);
  m_notice->setAutoFillBackground(true);
  m_notice->setBackgroundRole(QPalette::ToolTipBase);
  m_notice->setForegroundRole(QPalette::ToolTipText);
  m_notice->hide();
  auto* centre = new QWidget(this);
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_notice);
  column->addWidget(m_middle, 1);
  setCentralWidget(centre);
  makeDocks();
  makeMenus();
  connect(m_runs, &watch::RunList::runSelected, this, [this](const QString& path) {
    if (path != m_run) openRun(path);
  });
  connect(m_runs, &watch::RunList::runActivated, this, [this](const QString& path) {
    m_runs->selectRun(path);
    if (path != m_run) openRun(path);
    m_pages->setCurrentWidget(m_monitor);
  });
  connect(m_runs, &watch::RunList::projectSelected, this, [this](const QString& path) {
    if (QDir(path).exists()) useProject(path);
  });
  connect(m_runs, &watch::RunList::projectsChanged, this, [this] {
    QSettings settings;
    const bool listed = settings.value("projects").toStringList().contains(m_project);
    settings.setValue("projects", m_runs->projects());
    if (listed && !m_runs->projects().contains(m_project)) m_project.clear();
  });
  connect(m_runs, &watch::RunList::missingChanged, this, &MainWindow::checkWriting);
  m_comingBack = new QTimer(this);
  m_comingBack->setSingleShot(true);
  m_comingBack->setInterval(1000);
  connect(m_comingBack, &QTimer::timeout, this, &MainWindow::checkWriting);
  connect(m_runs, &watch::RunList::compareRequested, this, [this](const QString& path) {
    m_monitor->addOverlay(path);
    m_pages->setCurrentWidget(m_monitor);
  });
  // New cases or a first checkpoint may have come.
  connect(m_monitor, &watch::RunMonitor::stateChanged, this, &MainWindow::lookAgain);
  connect(m_monitor, &watch::RunMonitor::progressed, this, &MainWindow::lookAgain);
  QSettings settings;
  restoreGeometry(settings.value("window/geometry").toByteArray());
  restoreState(settings.value("window/state").toByteArray());
  m_inspector->inspector()->restoreSettings(settings);
  refreshActions();
}

void MainWindow::lookAgain() {
  if (m_inspector->cases()->topLevelItemCount() == 0) m_inspector->setRun(m_run);
  m_inspector->refreshButtons();
  m_ranks->refresh();
  if (m_projectSeen == m_project && !QFileInfo(m_project).isDir()) return checkWriting();
  refreshActions();
}

QWidget* MainWindow::makeWelcome() {
  auto* page = new QWidget(this);
  auto* text = new QLabel(tr("<h2>LoRKD Workbench</h2><p>Decomposes a medical foundation model into small, specialised "
                             "experts.</p><p>Choose a run at the left, or:</p>"),
                          page);
  text->setTextFormat(Qt::RichText);
  text->setAlignment(Qt::AlignCenter);
  auto* open = new QPushButton(tr("Open project folder…"), page);
  open->setObjectName("welcomeOpen");
  m_welcomeNew = new QPushButton(tr("New run…"), page);
  m_welcomeNew->setObjectName("welcomeNew");
  auto* layout = new QVBoxLayout(page);
  layout->addStretch();
  layout->addWidget(text);
  for (auto* button : {open, m_welcomeNew}) {
    button->setMinimumSize(220, 36);
    layout->addWidget(button, 0, Qt::AlignHCenter);
  }
  layout->addStretch();
  connect(open, &QPushButton::clicked, this, &MainWindow::makeProject);
  connect(m_welcomeNew, &QPushButton::clicked, this, [this] { newRun(); });
  return page;
}

void MainWindow::makeDocks() {
  m_runs = new watch::RunList(this);
  auto* left = new QDockWidget(tr("Projects and runs"), this);
  left->setObjectName("runsDock");
  left->setWidget(m_runs);
  addDockWidget(Qt::LeftDockWidgetArea, left);
  auto* bottom = new QDockWidget(tr("Jobs"), this);
  bottom->setObjectName("jobsDock");
  bottom->setWidget(new watch::JobsPanel(&m_jobs, bottom));
  addDockWidget(Qt::LeftDockWidgetArea, bottom);
  resizeDocks({left}, {270}, Qt::Horizontal);
  resizeDocks({left, bottom}, {520, 200}, Qt::Vertical);
  connect(&m_jobs, &watch::JobQueue::activeChanged, this, [this](int active) {
    statusBar()->showMessage(active > 0 ? tr("Jobs at work: %1").arg(active) : QString());
  });
}

void MainWindow::makeMenus() {
  auto* file = menuBar()->addMenu(tr("&File"));
  file->addAction(tr("Open project folder…"), QKeySequence::Open, this, &MainWindow::makeProject);
  m_askPacs = file->addAction(tr("Images from a PACS…"), this, &MainWindow::askPacs);
  m_askPacs->setObjectName("askPacs");
  file->addSeparator();
  file->addAction(tr("Quit"), QKeySequence::Quit, this, &QWidget::close);
  auto* run = menuBar()->addMenu(tr("&Run"));
  m_newRun = run->addAction(tr("New run…"), QKeySequence::New, this, [this] { newRun(); });
  m_likeThis = run->addAction(tr("New run like this one…"), this, [this] {
    if (auto opened = run::RunDirectory::open(m_run.toStdString())) newRun(plan::toJson(opened->plan()));
  });
  run->addSeparator();
  m_predict = run->addAction(tr("Predict all test cases"), this, &MainWindow::predictAll);
  m_export = run->addAction(tr("Export experts…"), QKeySequence(tr("Ctrl+E")), this, &MainWindow::exportRun);
  m_report = run->addAction(tr("Open report"), QKeySequence(tr("Ctrl+R")), this, &MainWindow::openReport);
  for (auto* menu : {file, run}) menu->setToolTipsVisible(true);
  auto* look = menuBar()->addMenu(tr("&View"));
  auto* themes = new QActionGroup(this);
  const std::vector<std::pair<QString, QString>> looks{
      {"system", tr("Theme of the desktop")}, {"light", tr("Light theme")}, {"dark", tr("Dark theme")}};
  for (const auto& [name, text] : looks) {
    auto* action = look->addAction(text, this, [name] { applyTheme(name); });
    action->setCheckable(true);
    action->setChecked(currentTheme() == name);
    themes->addAction(action);
  }
  look->addSeparator();
  for (auto* dock : findChildren<QDockWidget*>()) look->addAction(dock->toggleViewAction());
  auto* help = menuBar()->addMenu(tr("&Help"));
  help->addAction(tr("About LoRKD Workbench"), this, &MainWindow::about);
}

void MainWindow::openProject(const QString& folder) {
  useProject(QDir(folder).absolutePath());
  m_runs->addProject(m_project);
  statusBar()->showMessage(tr("Project %1").arg(m_project), 5000);
}

void MainWindow::useProject(const QString& folder) {
  m_project = folder;
  QSettings().setValue("project", m_project);
  checkWriting();
}

void MainWindow::checkWriting() {
  if (QFileInfo(m_project).isDir()) m_projectSeen = m_project;
  const bool gone = !m_project.isEmpty() && m_projectSeen == m_project && !QFileInfo(m_project).isDir();
  const auto reason = [](const QString& folder) {
    // A folder that is still to be made is made when it is needed.
    if (folder.isEmpty() || !QFileInfo(folder).isDir()) return QString();
    const auto probe = makeWritableFolder(folder.toStdString());
    return probe ? QString() : text(probe.error().message);
  };
  // Whoever goes and comes back between two looks at the runs is not told of by them.
  if (gone) m_comingBack->start();
  m_projectLocked = gone ? tr("the folder of the project is gone") : reason(m_project);
  m_runLocked = reason(m_run);
  if (gone)
    m_notice->setText(tr("The folder of the project is gone: %1. It was moved, renamed or deleted, or its disk is not "
                         "there. If it comes back, it is taken up again by itself; if it was moved, open it where it "
                         "is now.")
                          .arg(QDir::toNativeSeparators(m_project)));
  else if (!m_projectLocked.isEmpty())
    m_notice->setText(tr("The project %1 cannot be changed: %2. Its runs, curves and predictions can be looked at, and "
                         "experts exported into another folder. New runs, training and predicting wait until the "
                         "folder can be written.")
                          .arg(QDir::toNativeSeparators(m_project), m_projectLocked));
  else if (!m_runLocked.isEmpty())
    m_notice->setText(tr("This run cannot be changed: %1. Its curves and predictions can be looked at, and experts "
                         "exported into another folder. Training and predicting wait until its folder can be written.")
                          .arg(m_runLocked));
  m_notice->setVisible(!m_projectLocked.isEmpty() || !m_runLocked.isEmpty());
  m_monitor->setUnwritable(m_runLocked);
  m_inspector->setUnwritable(m_runLocked);
  m_ranks->setUnwritable(m_projectLocked);
  refreshActions();
}

void MainWindow::reopenProjects() {
  const QSettings settings;
  const auto last = settings.value("project").toString();
  for (const auto& project : settings.value("projects").toStringList()) m_runs->addProject(project);
  if (m_runs->projects().contains(last) && QDir(last).exists()) openProject(last);
}

void MainWindow::makeProject() {
  FolderDialog dialog(this, tr("Project folder (new or existing)"), m_project);
  if (dialog.exec() == QDialog::Accepted && !dialog.selectedFiles().isEmpty())
    openProject(dialog.selectedFiles().first());
}

void MainWindow::askPacs() {
  // Images belong to a project, as runs do.
  if (m_project.isEmpty()) makeProject();
  if (m_project.isEmpty()) return;
  auto* dialog = new PacsDialog(&m_jobs, QDir(m_project).filePath("pacs"), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &PacsDialog::folderWanted, this, [this](const QString& folder) {
    if (auto* wizard = newRun())
      if (auto* page = qobject_cast<DataPage*>(wizard->currentPage())) page->addFolder(folder);
  });
  dialog->show();
}

void MainWindow::openRun(const QString& path) {
  m_run = path;
  m_middle->setCurrentIndex(path.isEmpty() ? 0 : 1);
  m_monitor->setRun(path);
  m_ranks->setRun(path);
  m_inspector->setRun(path);
  m_runs->setShownRun(path);
  if (!path.isEmpty()) return useProject(QDir::cleanPath(path + "/../.."));
  checkWriting();
}

RunWizard* MainWindow::newRun(const Json& plan) {
  if (m_project.isEmpty()) makeProject();
  if (m_project.isEmpty()) return nullptr;
  auto* wizard = new RunWizard(m_project, &m_jobs, this);
  wizard->setAttribute(Qt::WA_DeleteOnClose);
  // A project may carry a plan to begin from, as the demo does. It may be written by hand and hold faults.
  const auto own = QDir(m_project).filePath("plan.json");
  if (!plan.is_null() || QFileInfo::exists(own)) {
    const auto begin = plan.is_null() ? plan::load(own.toStdString()) : plan::fromJson(plan);
    if (begin) {
      wizard->setPlan(*begin);
    } else {
      auto* box = new QMessageBox(QMessageBox::Warning, tr("The plan to begin from cannot be used"),
                                  QString::fromStdString(begin.error().text()), QMessageBox::Ok, wizard);
      box->setObjectName("planFault");
      box->setAttribute(Qt::WA_DeleteOnClose);
      QMetaObject::invokeMethod(
          box, [box] { box->open(); }, Qt::QueuedConnection);
    }
  }
  connect(wizard, &QDialog::accepted, this, [this, wizard] {
    m_runs->refresh();
    m_runs->selectRun(wizard->runPath());
    openRun(wizard->runPath());
    if (!wizard->startAtOnce()) return;
    if (auto started = m_launcher.start(wizard->runPath()); !started)
      QMessageBox::warning(this, tr("Training does not start"), QString::fromStdString(started.error().text()));
  });
  wizard->open();
  return wizard;
}

void MainWindow::exportRun() {
  auto opened = run::RunDirectory::open(m_run.toStdString());
  if (!opened) return;
  auto* dialog = new ExportDialog(*opened, &m_jobs, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->open();
}

void MainWindow::predictAll() {
  if (!m_inspector->run()) return;
  auto* job = m_jobs.add(tr("Predict test cases"), predictArguments(*m_inspector->run()));
  connect(job, &watch::Job::finished, this, [this, run = m_run] {
    if (run == m_run) m_inspector->reload();
  });
}

void MainWindow::openReport() { QDesktopServices::openUrl(QUrl::fromLocalFile(QDir(m_run).filePath("report.html"))); }

void MainWindow::refreshActions() {
  const QDir run(m_run);
  const bool trained = !m_run.isEmpty() && run.exists("checkpoints/best.safetensors");
  m_export->setEnabled(trained);
  m_predict->setEnabled(m_inspector->canPredict());
  m_predict->setStatusTip(trained && !m_inspector->canPredict()
                              ? tr("These experts classify whole images; “lorkd evaluate” scores them, “lorkd predict” "
                                   "writes probabilities.")
                              : QString());
  m_likeThis->setEnabled(m_inspector->run() && QFileInfo::exists(m_run) && m_projectLocked.isEmpty());
  for (auto* action : {m_newRun, m_askPacs}) action->setEnabled(m_projectLocked.isEmpty());
  for (auto* action : {m_newRun, m_askPacs, m_likeThis}) action->setToolTip(m_projectLocked);
  m_welcomeNew->setEnabled(m_projectLocked.isEmpty());
  m_welcomeNew->setToolTip(m_projectLocked);
  m_predict->setToolTip(m_runLocked);
  m_report->setEnabled(!m_run.isEmpty() && run.exists("report.html"));
  setWindowTitle(m_run.isEmpty() ? tr("LoRKD Workbench") : tr("%1 – LoRKD Workbench").arg(run.dirName()));
}

void MainWindow::about() {
  auto* box = new QMessageBox(
      QMessageBox::NoIcon, tr("About LoRKD Workbench"),
      tr("<h3>LoRKD Workbench %1</h3><p>Low-rank knowledge decomposition of medical foundation models "
         "(arXiv 2404.17184, 2409.19540).</p><p>Qt %2. Apache License 2.0.</p><p>For research; not a medical "
         "device.</p>")
          .arg(LORKD_VERSION, qVersion()),
      QMessageBox::Ok, this);
  box->setTextFormat(Qt::RichText);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();
}

void MainWindow::changeEvent(QEvent* event) {
  QMainWindow::changeEvent(event);
  // A disk may have been mounted anew, or permissions given, while another window had the focus.
  if (event->type() == QEvent::ActivationChange && isActiveWindow()) checkWriting();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (m_jobs.active() > 0 && QMessageBox::question(this, tr("Jobs are at work"),
                                                   tr("Closing cancels the running jobs (scans, predictions, exports). "
                                                      "Training goes on by itself. Close anyway?")) != QMessageBox::Yes)
    return event->ignore();
  QSettings settings;
  settings.setValue("window/geometry", saveGeometry());
  settings.setValue("window/state", saveState());
  m_inspector->inspector()->saveSettings(settings);
  QMainWindow::closeEvent(event);
}

}  // namespace lorkd::workbench
