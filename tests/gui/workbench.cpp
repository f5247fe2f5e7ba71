// The whole path through the real main window: project, wizard, training, predictions, export.
#include <QAbstractButton>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTreeWidget>
#include <QtTest>

#include "app/workbench/ExportDialog.h"
#include "app/workbench/MainWindow.h"
#include "app/workbench/Theme.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
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
  void predictionsAreShown();
  void expertsAreExported();
  void aBrokenFolderSaysWhy();

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
  QCOMPARE(wizard->model()->value("tasks").size(), std::size_t(3));
  QVERIFY(next->isEnabled());

  QTest::mouseClick(next, Qt::LeftButton);  // teacher: none, to keep the test short
  auto* source = wizard->findChild<QComboBox*>("teacher.source");
  QVERIFY(source);
  source->setCurrentIndex(source->findData("none"));
  Q_EMIT source->activated(source->currentIndex());
  QCOMPARE(wizard->model()->value("teacher.source"), Json("none"));

  QTest::mouseClick(next, Qt::LeftButton);  // ranks, with counts from the engine
  wizard->model()->setValue("backbone.widths", {4, 8});
  auto* table = wizard->findChild<form::RankTable*>("rankTable");
  QVERIFY(table);
  QTRY_VERIFY_WITH_TIMEOUT(table->factorParameters(0) > 0, 30000);
  const auto before = table->factorParameters(0);
  auto* rank = qobject_cast<QDoubleSpinBox*>(table->cellWidget(0, form::RankTable::RankColumn));
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
  QVERIFY(finish->isEnabled());
  QTest::mouseClick(finish, Qt::LeftButton);
  QTRY_COMPARE(m_window->run(), QDir(m_dir.filePath("project/runs/first")).absolutePath());
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
  QVERIFY(!m_window->jobs()->jobs().empty());
  const auto* job = m_window->jobs()->jobs().back();
  QTRY_VERIFY_WITH_TIMEOUT(job->over(), 120000);
  QVERIFY2(job->state() == watch::Job::State::Done, job->error().text().c_str());
  QTRY_VERIFY_WITH_TIMEOUT(inspector->model()->overlay("expert:head") != nullptr, 60000);
  QCOMPARE(cases->topLevelItem(0)->text(2), QString("yes"));
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
}

void WorkbenchTest::aBrokenFolderSaysWhy() {
  QDir().mkpath(m_dir.filePath("empty"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  QVERIFY(page);
  page->addFolder(m_dir.filePath("empty"));
  auto* status = wizard->findChild<QLabel*>("scanStatus");
  QTRY_VERIFY_WITH_TIMEOUT(status->text().contains("empty"), 20000);
  QVERIFY(!wizard->button(QWizard::NextButton)->isEnabled());
  wizard->reject();
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
