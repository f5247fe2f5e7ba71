// A project that cannot be written: what the window says, what it still shows, and what it does not offer.
#include "tests/support/ReadOnly.h"

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTreeWidget>
#include <QtTest>
#include <fstream>

#include "app/workbench/ExportDialog.h"
#include "app/workbench/MainWindow.h"
#include "core/data/CaseList.h"
#include "core/data/Catalogue.h"
#include "core/io/VolumeFile.h"
#include "tests/gui/FakeRun.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;
namespace fs = std::filesystem;

class ReadOnlyTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void aProjectThatCannotBeWrittenIsLookedAt();
  void aRunThatCannotBeWrittenIsLookedAt();
  void whatIsGoneOrBrokenOffersNothing();

 private:
  QTemporaryDir m_dir;
  QString m_project, m_run;
  std::unique_ptr<MainWindow> m_window;
  QAction* action(const QString& words) const {
    for (auto* each : m_window->findChildren<QAction*>())
      if (each->text() == words) return each;
    return nullptr;
  }
  QPushButton* button(const char* name) const { return m_window->findChild<QPushButton*>(name); }
};

void ReadOnlyTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  // Whoever gives root up must still come here.
  fs::permissions(m_dir.path().toStdString(), fs::perms(0755));
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  watch::setLorkdProgram(QString(LORKD_BIN_DIR) + "/lorkd");
  QProcess engine;
  const auto lorkd = [&](const QStringList& arguments) {
    engine.start(watch::lorkdProgram(), arguments);
    return engine.waitForFinished(120000) && engine.exitCode() == 0;
  };
  m_project = m_dir.filePath("project");
  m_run = m_dir.filePath("project/runs/one");
  const auto data = m_project + "/data", index = m_project + "/index.sqlite";
  QVERIFY2(lorkd({"phantom", data, "--patients", "6", "--resolution", "0.3"}), engine.readAllStandardError());
  QVERIFY2(lorkd({"scan", data, "--index", index, "--source", "data"}), engine.readAllStandardError());
  // A run that was trained for a while, its cases and one prediction.
  test::FakeRun run(m_run.toStdString());
  run.steps(1, 120);
  run.status(run::State::Interrupted, 120);
  QVERIFY(std::ofstream(run.directory.checkpoint("best")).put('x'));
  const auto plan = plan::fromJson(
      Json::parse(R"({"tasks": {"abdomen": {"classes": {"liver": {}}}}, "data": {"split": {"validation": 0.2}}})"));
  QVERIFY(plan.has_value());
  auto known = data::Catalogue::open(index.toStdString());
  QVERIFY(known.has_value());
  const auto cases = known->cases();
  auto list = data::assign(*plan, *cases);
  QVERIFY2(list.has_value(), list ? "" : list.error().text().c_str());
  for (auto& entry : list->cases) entry.digest = data::inputDigest(entry.item).value();
  QVERIFY(data::save(*list, run.directory.cases()).has_value());
  m_window = std::make_unique<MainWindow>();
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void ReadOnlyTest::aProjectThatCannotBeWrittenIsLookedAt() {
  const auto listed = [&] { return m_window->inspectorPage()->cases(); };
  {
    const test::ReadOnly locked(m_project.toStdString());
    QVERIFY(!std::ofstream((m_project + "/probe").toStdString()).is_open());
    m_window->openProject(m_project);
    auto* notice = m_window->findChild<QLabel*>("writeNotice");
    QVERIFY(notice && notice->isVisible());
    QVERIFY2(notice->text().contains(m_project) && notice->text().contains("looked at"), qPrintable(notice->text()));
    for (const char* words : {"New run…", "Images from a PACS…"}) {
      QVERIFY2(action(words) && !action(words)->isEnabled(), words);
      QVERIFY2(!action(words)->toolTip().isEmpty() && notice->text().contains(action(words)->toolTip()), words);
    }
    QVERIFY(!button("welcomeNew")->isEnabled());
    m_window->openRun(m_run);
    QVERIFY(notice->isVisible() && !action("New run like this one…")->isEnabled());
    // Its curves, its cases and their pictures are there.
    QTRY_VERIFY(m_window->monitor()->watcher() && m_window->monitor()->watcher()->status());
    QTRY_VERIFY(button("start")->isVisible());
    QVERIFY(!button("start")->isEnabled() && notice->text().contains(button("start")->toolTip()));
    QTRY_VERIFY(m_window->monitor()->watcher()->series()->total().size() > 0);
    m_window->pages()->setCurrentWidget(m_window->inspectorPage());
    QTRY_VERIFY(listed()->topLevelItemCount() >= 2);
    listed()->setCurrentItem(listed()->topLevelItem(0));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->inspectorPage()->inspector()->model()->volume(), 20000);
    QVERIFY(!button("predictCase")->isEnabled() && !m_window->inspectorPage()->canPredict());
    QVERIFY(!action("Predict all test cases")->isEnabled());
    // Experts can go elsewhere.
    QVERIFY(action("Export experts…")->isEnabled());
    ExportDialog dialog(*run::RunDirectory::open(m_run.toStdString()), m_window->jobs());
    QVERIFY(!dialog.findChild<QLineEdit*>("exportFolder")->text().startsWith(m_project));
    if (const QString keep = qEnvironmentVariable("LORKD_PICTURES"); !keep.isEmpty())
      m_window->grab().save(keep + "/readonly.png");
  }
  // As soon as it can be written again and someone looks.
  m_window->openProject(m_project);
  QVERIFY(!m_window->findChild<QLabel*>("writeNotice")->isVisible());
  QVERIFY(action("New run…")->isEnabled());
  QVERIFY(button("predictCase")->isEnabled() && button("start")->isEnabled());
}

void ReadOnlyTest::aRunThatCannotBeWrittenIsLookedAt() {
  // The project is anybody's, the run nobody's.
  fs::permissions(m_project.toStdString(), fs::perms(0777));
  const test::ReadOnly locked(m_run.toStdString());
  m_window->openRun(m_run);
  auto* notice = m_window->findChild<QLabel*>("writeNotice");
  QVERIFY(notice && notice->isVisible() && notice->text().contains("This run"));
  QVERIFY(!button("start")->isEnabled() && !m_window->inspectorPage()->canPredict());
}

void ReadOnlyTest::whatIsGoneOrBrokenOffersNothing() {
  m_window->openProject(m_project);
  m_window->openRun(m_run);
  auto* notice = m_window->findChild<QLabel*>("writeNotice");
  QVERIFY(!notice->isVisible());
  for (const char* words : {"New run…", "New run like this one…", "Predict all test cases", "Export experts…"})
    QVERIFY2(action(words)->isEnabled(), words);
  QVERIFY(QDir().rename(m_project, m_project + "-away"));
  for (const char* words :
       {"New run…", "New run like this one…", "Predict all test cases", "Export experts…", "Open report"})
    QTRY_VERIFY2(!action(words)->isEnabled(), words);
  QTRY_VERIFY2(notice->isVisible() && notice->text().contains("is gone"), qPrintable(notice->text()));
  QVERIFY(QDir().rename(m_project + "-away", m_project));
  QTRY_VERIFY(!notice->isVisible() && action("New run…")->isEnabled());
  // A plan that cannot be read is nothing to begin from, and every page says so.
  QVERIFY(std::ofstream((m_run + "/plan.json").toStdString()) << "{");
  m_window->openRun({});
  m_window->openRun(m_run);
  QVERIFY(!action("New run like this one…")->isEnabled());
  const auto* note = m_window->findChild<QLabel*>("caseNote");
  QVERIFY2(note->text().contains("plan"), qPrintable(note->text()));
}

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName("readonly-test");
  ReadOnlyTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "readonly.moc"
