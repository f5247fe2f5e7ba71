// The whole path through the real main window: project, wizard, training, predictions, export.
#include <QAbstractButton>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPointer>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTextBrowser>
#include <QTreeView>
#include <QTreeWidget>
#include <QtTest>
#include <fstream>

#include "app/workbench/ExportDialog.h"
#include "app/workbench/MainWindow.h"
#include "app/workbench/Theme.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "tests/support/Discard.h"
#include "widgets/field/NumberField.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;

class WorkbenchTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void wizardMakesARun();
  void trainingIsWatched();
  void ranksAreAdvised();
  void predictionsAreShown();
  void noPictureUnderAnotherName();
  void expertsAreExported();
  void picturesAreClassified();
  void aFaultyPlanIsNamed();
  void teachersAreFound();
  void projectsAreTakenUpAgain();

 private:
  QTemporaryDir m_dir;
  std::unique_ptr<MainWindow> m_window;
  QString data() const { return m_dir.filePath("data"); }
};

void WorkbenchTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  // Settings of the person who runs the tests stay untouched.
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  watch::setLorkdProgram(QString(LORKD_BIN_DIR) + "/lorkd");
  QProcess phantom;
  phantom.start(watch::lorkdProgram(), {"phantom", data(), "--patients", "9", "--resolution", "0.5"});
  QVERIFY2(phantom.waitForFinished(120000) && phantom.exitCode() == 0, phantom.readAllStandardError());
  m_window = std::make_unique<MainWindow>();
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  m_window->openProject(m_dir.filePath("project"));
}

void WorkbenchTest::wizardMakesARun() {
  QDir().mkpath(m_dir.filePath("project"));
  auto* wizard = m_window->newRun();
  QVERIFY(wizard);
  auto* next = wizard->button(QWizard::NextButton);
  QTRY_VERIFY(wizard->isVisible());
  QVERIFY(!next->isEnabled());
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  QVERIFY(page);
  page->addFolder(data());
  QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), 60000);
  QCOMPARE(page->cases().size(), std::size_t(9));

  QTest::mouseClick(next, Qt::LeftButton);
  QVERIFY(!next->isEnabled());
  QTest::mouseClick(wizard->findChild<QPushButton*>("suggestTasks"), Qt::LeftButton);
  auto* basis = wizard->findChild<QComboBox*>("proposalBasis");
  QVERIFY(basis && wizard->model()->value("tasks").empty());
  basis->setCurrentIndex(1);  // body parts
  QTest::mouseClick(wizard->findChild<QPushButton*>("proposalUse"), Qt::LeftButton);
  QCOMPARE(wizard->model()->value("tasks").size(), std::size_t(3));
  // What the SEG says of a structure is in the plan.
  const auto liver = wizard->model()->value("tasks.abdomen.classes.liver");
  QCOMPARE(liver["code"], Json({{"scheme", "SCT"}, {"value", "10200004"}, {"meaning", "Liver"}}));
  QVERIFY(QColor(QString::fromStdString(liver["color"])).isValid());
  QVERIFY(next->isEnabled());

  QTest::mouseClick(next, Qt::LeftButton);  // the data: headers at once, voxels when they are asked for
  auto* images = wizard->findChild<QTreeView*>("auditImages");
  const auto pictured = [&] { return images->model()->index(0, 0).data(Qt::DecorationRole).isValid(); };
  auto* read = wizard->findChild<QPushButton*>("auditRead");
  auto* use = wizard->findChild<QPushButton*>("auditUse");
  QTRY_VERIFY_WITH_TIMEOUT(images->model()->rowCount() == 9 && use->isEnabled(), 60000);
  QVERIFY(!pictured());
  QTest::mouseClick(read, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(pictured() && use->isEnabled(), 120000);
  QVERIFY(wizard->findChild<QLabel*>("auditStatus")->text().contains("9 images of 9 patients"));
  QVERIFY(wizard->findChild<QTextBrowser*>("auditSummary")->toPlainText().contains("liver"));
  QTest::mouseClick(use, Qt::LeftButton);
  const auto spacing = wizard->model()->value("data.spacing").get<std::vector<double>>();
  QVERIFY(spacing != (std::vector<double>{4, 4, 4}) && spacing[0] > 1);

  QTest::mouseClick(next, Qt::LeftButton);  // teacher: none, to keep the test short
  auto* source = wizard->findChild<QComboBox*>("teacher.source");
  source->setCurrentIndex(source->findData("none"));
  Q_EMIT source->activated(source->currentIndex());
  QCOMPARE(wizard->model()->value("teacher.source"), Json("none"));

  QTest::mouseClick(next, Qt::LeftButton);  // ranks, with counts from the engine
  // The engine said which networks and presets there are.
  QTRY_VERIFY(wizard->findChild<QComboBox*>("backbone.name")->findData("shufflenetv2") >= 0);
  QVERIFY(wizard->findChild<QComboBox*>("backbone.preset")->findData("nano") >= 0);
  wizard->model()->setValue("backbone.widths", {4, 8});
  auto* table = wizard->findChild<form::RankTable*>("rankTable");
  QVERIFY(table);
  QTRY_VERIFY_WITH_TIMEOUT(table->factorParameters(0) > 0, 30000);
  const auto before = table->factorParameters(0);
  auto* rank = qobject_cast<field::NumberField*>(table->cellWidget(0, form::RankTable::RankColumn));
  QVERIFY(rank);
  rank->setValue(2 * rank->value());
  QCOMPARE(table->factorParameters(0), 2 * before);

  QTest::mouseClick(next, Qt::LeftButton);  // training
  for (const auto& [path, value] : std::vector<std::pair<QString, Json>>{{"training.steps", 12},
                                                                         {"training.batch", 3},
                                                                         {"training.validate_every", 6},
                                                                         {"conflict.every", 3},
                                                                         {"data.patch", {16, 16, 16}},
                                                                         {"data.spacing", {10.0, 10.0, 10.0}}})
    wizard->model()->setValue(path, value);
  QTest::mouseClick(next, Qt::LeftButton);  // review
  auto* name = wizard->findChild<QLineEdit*>("runName");
  QVERIFY(name && !name->text().isEmpty());
  name->setText("first");
  auto* finish = wizard->button(QWizard::FinishButton);
  // Only what the engine accepts can be made a run.
  QVERIFY(!finish->isEnabled());
  QTRY_VERIFY_WITH_TIMEOUT(finish->isEnabled(), 30000);
  QTest::mouseClick(finish, Qt::LeftButton);
  QTRY_COMPARE(m_window->run(), QDir(m_dir.filePath("project/runs/first")).absolutePath());
  // Opening a run from the list shows its training.
  m_window->pages()->setCurrentWidget(m_window->inspectorPage());
  Q_EMIT m_window->runs()->runActivated(m_window->run());
  QCOMPARE(m_window->pages()->currentWidget(), m_window->monitor());
}

void WorkbenchTest::trainingIsWatched() {
  QTRY_VERIFY_WITH_TIMEOUT(m_window->monitor()->watcher() && m_window->monitor()->watcher()->status() &&
                               m_window->monitor()->watcher()->status()->state == run::State::Finished,
                           180000);
  const auto run = run::RunDirectory::open(m_window->run().toStdString());
  QVERIFY(run);
  QVERIFY(std::filesystem::exists(run->checkpoint("best")));
  QVERIFY(std::filesystem::exists(run->path() / "report.html"));
}

void WorkbenchTest::ranksAreAdvised() {
  auto* page = m_window->ranks();
  m_window->monitor()->pages()->setCurrentWidget(page);
  auto* use = page->findChild<QPushButton*>("useRanks");
  QVERIFY(!use->isEnabled());
  QTest::mouseClick(page->findChild<QPushButton*>("adviseRanks"), Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(page->job() && page->job()->over(), 60000);
  QVERIFY2(page->job()->state() == watch::Job::State::Done, page->job()->error().text().c_str());
  QCOMPARE(page->table()->topLevelItemCount(), 3);
  QCOMPARE(page->chart()->curves(), 3);
  const int advised = page->table()->topLevelItem(0)->text(2).toInt();
  QVERIFY(advised > 0 && advised == page->chart()->marked(0));
  QTest::mouseClick(use, Qt::LeftButton);
  const auto wizards = m_window->findChildren<RunWizard*>();
  QVERIFY(!wizards.isEmpty());
  auto* wizard = wizards.back();  // an accepted one may wait for its deletion
  const auto task = "tasks." + page->table()->topLevelItem(0)->text(0).toStdString() + ".rank";
  QCOMPARE(QString::fromStdString(wizard->model()->value(QString::fromStdString(task)).dump()),
           QString::number(advised));
  delete wizard;
}

void WorkbenchTest::predictionsAreShown() {
  m_window->openRun(m_window->run());
  m_window->pages()->setCurrentWidget(m_window->inspectorPage());
  auto* cases = m_window->inspectorPage()->cases();
  QTRY_COMPARE(cases->topLevelItemCount(), 9);
  cases->setCurrentItem(cases->topLevelItem(0));
  auto* inspector = m_window->inspectorPage()->inspector();
  QTRY_VERIFY_WITH_TIMEOUT(inspector->model()->volume() != nullptr, 20000);
  QTRY_VERIFY_WITH_TIMEOUT(inspector->model()->overlay("truth") != nullptr, 20000);
  auto* predict = m_window->findChild<QPushButton*>("predictCase");
  QVERIFY(predict->isEnabled());
  QTest::mouseClick(predict, Qt::LeftButton);
  QVERIFY(!m_window->jobs()->jobs().empty() && !predict->isEnabled());
  const auto* job = m_window->jobs()->jobs().back();
  QTRY_VERIFY_WITH_TIMEOUT(job->over(), 120000);
  QVERIFY2(job->state() == watch::Job::State::Done, job->error().text().c_str());
  QTRY_VERIFY_WITH_TIMEOUT(inspector->model()->overlay("expert:head") != nullptr, 60000);
  QCOMPARE(cases->topLevelItem(0)->text(2), QString("yes"));
}

void WorkbenchTest::noPictureUnderAnotherName() {
  auto* page = m_window->inspectorPage();
  auto* cases = page->cases();
  auto* inspector = page->inspector();
  const auto* title = m_window->findChild<QLabel*>("caseTitle");
  const auto* hint = inspector->findChild<QLabel*>("emptyHint");
  const auto id = [&](int row) { return cases->topLevelItem(row)->data(0, Qt::UserRole).toString(); };
  QVERIFY(inspector->model()->volume() && title->isVisible() && title->text().contains(id(0)));
  cases->setCurrentItem(cases->topLevelItem(1));
  QVERIFY(!inspector->model()->volume() && hint->text().contains(id(1)) && title->text().contains(id(1)));
  QTRY_VERIFY_WITH_TIMEOUT(inspector->model()->volume(), 20000);
  // What cannot be read says why where the picture would be.
  QVERIFY(QDir().rename(data(), data() + "-away"));
  cases->setCurrentItem(cases->topLevelItem(2));
  QTRY_VERIFY_WITH_TIMEOUT(!hint->text().contains("Reading"), 20000);
  QVERIFY(!inspector->model()->volume() && title->text().contains(id(2)));
  QVERIFY(QDir().rename(data() + "-away", data()));
  // Another run is chosen while a case is being read.
  cases->setCurrentItem(cases->topLevelItem(0));
  page->setRun(m_window->run());
  QTest::qWait(1500);
  QVERIFY(!inspector->model()->volume() && !title->isVisible());
}

void WorkbenchTest::expertsAreExported() {
  auto run = run::RunDirectory::open(m_window->run().toStdString());
  QVERIFY(run);
  ExportDialog dialog(*run, m_window->jobs());
  dialog.show();
  dialog.tasks()->topLevelItem(1)->setCheckState(0, Qt::Unchecked);
  auto* button = dialog.findChild<QPushButton*>("exportButton");
  QTest::mouseClick(button, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(dialog.job() && dialog.job()->over(), 60000);
  QVERIFY2(dialog.job()->state() == watch::Job::State::Done, dialog.job()->error().text().c_str());
  const auto first = run->expert(dialog.tasks()->topLevelItem(0)->text(0).toStdString());
  QVERIFY(std::filesystem::exists(first / "expert.ts") && std::filesystem::exists(first / "manifest.json"));
  QVERIFY(!std::filesystem::exists(run->expert(dialog.tasks()->topLevelItem(1)->text(0).toStdString())));
  QVERIFY(!dialog.tasks()->topLevelItem(0)->text(2).isEmpty());
  // Without a folder they go to the run's own, and it says so; what is not ticked is not spoken of.
  const auto* status = dialog.findChild<QLabel*>("exportStatus");
  dialog.findChild<QLineEdit*>("exportFolder")->clear();
  QTest::mouseClick(button, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(dialog.job()->over(), 60000);
  QVERIFY2(status->text().contains(QString::fromStdString((run->path() / "experts").string())),
           qPrintable(status->text()));
  for (int n = 0; n < dialog.tasks()->topLevelItemCount(); ++n)
    dialog.tasks()->topLevelItem(n)->setCheckState(0, Qt::Unchecked);
  QVERIFY2(!button->isEnabled() && status->text().contains("tick at least one expert"), qPrintable(status->text()));
  QCOMPARE(button->toolTip(), status->text());
}

void WorkbenchTest::picturesAreClassified() {
  QProcess phantom;
  phantom.start(watch::lorkdProgram(), {"phantom", m_dir.filePath("flat"), "--patients", "0", "--pictures", "12"});
  QVERIFY2(phantom.waitForFinished(60000) && phantom.exitCode() == 0, phantom.readAllStandardError());
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  page->addFolder(m_dir.filePath("flat/pictures"));
  auto* next = wizard->button(QWizard::NextButton);
  QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), 20000);
  QTest::mouseClick(next, Qt::LeftButton);
  QTest::mouseClick(wizard->findChild<QPushButton*>("suggestTasks"), Qt::LeftButton);
  // The classes of pictures are no regions of a body: they make one task.
  QTest::mouseClick(wizard->findChild<QPushButton*>("proposalUse"), Qt::LeftButton);
  QCOMPARE(wizard->model()->value("tasks.all.kind"), Json("classification"));
  for (const char* backbone : {"backbone.name", "teacher.backbone.name"})
    QCOMPARE(wizard->model()->value(backbone), Json("shufflenetv2"));
  while (next->isVisible()) QTest::mouseClick(next, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(wizard->button(QWizard::FinishButton)->isEnabled(), 30000);
  // Predictions are pictures in space; there are none of a class.
  const auto made = run::RunDirectory::create(m_dir.filePath("flat/runs/one").toStdString(), *wizard->model()->plan());
  QVERIFY(made && std::ofstream(made->checkpoint("best")).put('x'));
  m_window->openRun(QString::fromStdString(made->path().string()));
  QVERIFY(m_window->inspectorPage()->run() && !m_window->inspectorPage()->canPredict());
  // What the schema allows and the engine does not is refused here.
  wizard->back();
  wizard->model()->setValue("backbone.name", "no_such_network");
  wizard->next();
  const auto* faults = wizard->findChild<QLabel*>("faults");
  QTRY_VERIFY_WITH_TIMEOUT(faults->text().contains("no_such_network"), 30000);
  QVERIFY(!wizard->button(QWizard::FinishButton)->isEnabled());
  discard(wizard);
}

void WorkbenchTest::aFaultyPlanIsNamed() {
  QDir().mkpath(m_dir.filePath("faulty"));
  QFile file(m_dir.filePath("faulty/plan.json"));
  QVERIFY(file.open(QIODevice::WriteOnly) && file.write(R"({"name": "x", "tasks": {"a": {"classes": 3}}})") > 0);
  file.close();
  m_window->openProject(m_dir.filePath("faulty"));
  const QPointer wizard = m_window->newRun();
  auto* box = wizard->findChild<QMessageBox*>("planFault");
  QVERIFY(box && box->text().contains("tasks.a.classes"));
  QTRY_VERIFY(box->isVisible());
  QVERIFY(wizard->model()->value("tasks").empty());
  box->close();
  wizard->reject();  // nothing was changed, so nothing is asked
  QTRY_VERIFY(!wizard);
}

void WorkbenchTest::teachersAreFound() {
  const auto run = run::RunDirectory::open(m_dir.filePath("project/runs/first").toStdString());
  QVERIFY(run);
  QVERIFY(!predictArguments(*run).contains("--teacher"));
  auto plan = run->plan();
  plan.teacher.source = plan::TeacherSource::Train;
  const auto taught = run::RunDirectory::create(m_dir.filePath("taught/runs/one").toStdString(), plan);
  QVERIFY(taught && !predictArguments(*taught, "c").contains("--teacher"));  // not trained yet
  auto joint = plan;
  joint.method = plan::PlanMethod::Teacher;
  const auto teacher = run::RunDirectory::create(taught->teacher(), joint);
  run::Status finished;
  finished.state = run::State::Finished;
  QVERIFY(teacher && teacher->writeStatus(finished));
  QVERIFY(std::filesystem::copy_file(run->checkpoint("best"), teacher->checkpoint("best")));
  QCOMPARE(predictArguments(*taught, "c").mid(2), QStringList({"--case", "c", "--teacher"}));
  QCOMPARE(predictArguments(*taught).mid(2), QStringList{"--teacher"});
  // The wizard offers it, and shows the plan's choice.
  m_window->openProject(m_dir.filePath("taught"));
  plan.teacher.source = plan::TeacherSource::Checkpoint;
  plan.teacher.checkpoint = teacher->path().string();
  auto* wizard = m_window->newRun(plan::toJson(plan));
  for (const int id : wizard->pageIds())
    if (auto* page = qobject_cast<TeacherPage*>(wizard->page(id))) page->initializePage();
  auto* runs = wizard->findChild<QComboBox*>("teacherRuns");
  QVERIFY(runs && runs->count() == 1);
  QCOMPARE(runs->currentData().toString(), m_dir.filePath("taught/runs/one/teacher"));
  wizard->reject();
}

void WorkbenchTest::projectsAreTakenUpAgain() {
  QDir().mkpath(m_dir.filePath("lost"));
  m_window->openProject(m_dir.filePath("lost"));
  m_window->openProject(m_dir.filePath("project"));
  QVERIFY(QDir().rmdir(m_dir.filePath("lost")));
  MainWindow later;
  later.reopenProjects();
  QCOMPARE(later.project(), m_window->project());
  QVERIFY(later.runs()->projects().contains(QDir(m_dir.filePath("lost")).absolutePath()));
  later.openProject(m_dir.filePath("names"));
  QVERIFY(QSettings().value("projects").toStringList().contains(QDir(m_dir.filePath("lost")).absolutePath()));
}

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName("workbench-test");
  WorkbenchTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "workbench.moc"
