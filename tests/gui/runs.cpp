// The list of runs, the monitor and the queue of jobs, where they must not stand in each other's way.
#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QStyleFactory>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <fstream>
#include <memory>

#include "tests/gui/FakeProgram.h"
#include "tests/gui/FakeRun.h"
#include "widgets/run/JobsPanel.h"
#include "widgets/run/Program.h"
#include "widgets/run/RunList.h"
#include "widgets/run/RunMonitor.h"

using namespace lorkd;
using namespace lorkd::watch;
using lorkd::test::FakeRun;
using lorkd::test::script;

class RunsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void lightJobsDoNotWait() {
    QTemporaryDir folder;
    setLorkdProgram(script(folder, "lorkd", "test \"$3\" = plan || exec sleep 30\n"));
    JobQueue queue;
    JobsPanel panel(&queue);
    panel.resize(230, 300);
    panel.show();
    auto* heavy = queue.add("Predict a case with a name that is far longer than the panel is wide", {"predict", "x"});
    auto* next = queue.add("Export", {"export", "x"});
    auto* light = queue.add("Count", {"plan", "x"});
    QTRY_COMPARE(light->state(), Job::State::Done);
    QCOMPARE(heavy->state(), Job::State::Running);
    QCOMPARE(next->state(), Job::State::Waiting);
    // However long the title, the button can be reached.
    auto* cancel = panel.row(heavy)->findChild<QPushButton*>("cancel");
    QTRY_VERIFY(cancel->isVisible() && cancel->mapTo(&panel, cancel->rect().bottomRight()).x() < panel.width());
    queue.cancelAll();
    QTRY_COMPARE(queue.active(), 0);
  }

  void monitorTellsWhatIsNew() {
    QTemporaryDir folder;
    FakeRun run(folder.filePath("runs/one").toStdString());
    const QString path = folder.filePath("runs/one");
    TrainerLauncher launcher;
    RunMonitor monitor(&launcher);
    monitor.show();
    monitor.setRun(path);
    QSignalSpy progressed(&monitor, &RunMonitor::progressed);
    run.status(run::State::Running, 1);  // its first phase
    QTRY_VERIFY(progressed.count() > 0);
    const auto before = progressed.count();
    run.steps(1, 50);  // a best validation
    QTRY_VERIFY(progressed.count() > before);
    // A stop is no fault, and its own words are shown.
    auto* message = monitor.findChild<QLabel*>("runMessage");
    const QColor plain = monitor.palette().color(QPalette::WindowText);
    run.status(run::State::Interrupted, 50, "stopped as asked; a checkpoint was written");
    QTRY_VERIFY(message->text().contains("stopped as asked"));
    QCOMPARE(message->palette().color(QPalette::WindowText), plain);
    // A second start that fails before anyone looks: the button comes back, and the trainer's words are in the log.
    setLorkdProgram(script(folder, "lorkd", "echo word of this trainer\nexec sleep 5\n"));
    auto* start = monitor.findChild<QPushButton*>("start");
    run.status(run::State::Failed, 50, "out of disk");
    QTRY_VERIFY(message->text().contains("out of disk"));
    QVERIFY(message->palette().color(QPalette::WindowText) != plain);
    for (int time = 0; time < 2; ++time) {
      QTRY_VERIFY(start->isEnabled());
      QTest::mouseClick(start, Qt::LeftButton);
      QVERIFY(!start->isEnabled());
      QTRY_COMPARE(TrainerLauncher::lastOutput(path).count("word of this trainer"), time + 1);
      QTest::qWait(20);
      run.status(run::State::Failed, 50, "out of disk again");
      QTRY_VERIFY(start->isEnabled());
      QTRY_VERIFY(monitor.findChild<QPlainTextEdit*>("log")->toPlainText().contains("word of this trainer"));
      QTest::qWait(3100);  // the launcher's own patience
    }
  }

  void aVanishedRunIsNotReplaced() {
    QTemporaryDir folder;
    FakeRun a(folder.filePath("p/runs/a").toStdString()), b(folder.filePath("p/runs/b").toStdString()),
        c(folder.filePath("p/runs/c").toStdString());
    RunList list(nullptr, 40);
    list.addProject(folder.filePath("p"));
    list.show();
    list.selectRun(folder.filePath("p/runs/b"));
    QTRY_COMPARE(list.selectedRun(), folder.filePath("p/runs/b"));
    QSignalSpy runs(&list, &RunList::runSelected), projects(&list, &RunList::projectSelected);
    QVERIFY(QDir().rename(folder.filePath("p/runs/b"), folder.filePath("away")));
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 2);
    QTest::qWait(100);
    QCOMPARE(list.selectedRun() + list.selectedProject(), QString());
    QCOMPARE(runs.count() + projects.count(), 0);
    // It comes back, and is the chosen one as before; unless someone has chosen another.
    QVERIFY(QDir().rename(folder.filePath("away"), folder.filePath("p/runs/b")));
    QTRY_COMPARE(list.selectedRun(), folder.filePath("p/runs/b"));
    QVERIFY(QDir().rename(folder.filePath("p/runs/b"), folder.filePath("away")));
    QTRY_COMPARE(list.selectedRun(), QString());
    list.selectRun(folder.filePath("p/runs/c"));
    QVERIFY(QDir().rename(folder.filePath("away"), folder.filePath("p/runs/b")));
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 3);
    QTest::qWait(100);
    QCOMPARE(list.selectedRun(), folder.filePath("p/runs/c"));
  }

  void monitorSaysWhatIs() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    auto plan = test::samplePlan();
    plan.teacher.source = plan::TeacherSource::Checkpoint;
    plan.teacher.checkpoint = "/elsewhere";
    const auto run = run::RunDirectory::create(path.toStdString(), plan);
    QVERIFY(run.has_value());
    setLorkdProgram(script(folder, "lorkd", "exec sleep 3\n"));
    TrainerLauncher launcher;
    RunMonitor monitor(&launcher);
    monitor.show();
    monitor.setRun(path);
    const auto* start = monitor.findChild<QPushButton*>("start");
    const auto* state = monitor.findChild<QLabel*>("runState");
    const auto* figures = monitor.findChild<QLabel*>("runFigures");
    const auto* message = monitor.findChild<QLabel*>("runMessage");
    // Whoever starts it, it is starting.
    QTRY_VERIFY(start->isVisible());
    QVERIFY(launcher.start(path));
    QVERIFY2(state->text().contains("starting") && !start->isVisible(), qPrintable(state->text()));
    // A teacher from elsewhere is not trained first.
    run::Status status;
    status.state = run::State::Running;
    status.phase = "teacher";
    QVERIFY(run->writeStatus(status));
    QTRY_COMPARE(state->text(), "Running");
    QTRY_COMPARE(monitor.losses()->plot()->sentence(), "No training step has been logged yet.");
    // The pace is that of the steps.
    run::EventWriter events(run->events());
    QVERIFY(events.append("step", {{"step", 1}, {"seconds", 0.87}, {"wait", 0.03}, {"total", 1.0}}));
    for (const char* phase : {"training", "evaluating"}) {
      status.phase = phase;
      QVERIFY(run->writeStatus(status));
      QTRY_COMPARE(figures->text().contains("a step"), status.phase == "training");
    }
    // A checkpoint is spoken of where there is one.
    status.state = run::State::Interrupted;
    status.phase = "training";
    QVERIFY(run->writeStatus(status));
    QTRY_VERIFY2(message->text().contains("no checkpoint"), qPrintable(message->text()));
    QVERIFY(std::ofstream(run->checkpoint("last")).put('x'));
    QTRY_VERIFY2(message->text().contains("takes up the last checkpoint"), qPrintable(message->text()));
    // The page says what the head says.
    const QString broken = folder.filePath("runs/broken");
    const FakeRun other(broken.toStdString());
    QVERIFY(std::ofstream(broken.toStdString() + "/plan.json") << "{");
    monitor.setRun(broken);
    QTRY_COMPARE(state->text(), "Not readable");
    QTRY_VERIFY2(monitor.losses()->plot()->sentence().contains("cannot be read"),
                 qPrintable(monitor.losses()->plot()->sentence()));
  }

  void listMenu() {
    QTemporaryDir folder;
    FakeRun a(folder.filePath("p/runs/a").toStdString()), b(folder.filePath("p/runs/b").toStdString());
    RunList list(nullptr, 40);
    list.resize(400, 300);
    list.addProject(folder.filePath("p"));
    list.addProject(folder.filePath("gone"));
    list.show();
    list.selectRun(folder.filePath("p/runs/a"));
    QTRY_COMPARE(list.selectedRun(), folder.filePath("p/runs/a"));
    auto* tree = list.tree();
    const auto place = [&](int run) { return tree->visualItemRect(tree->topLevelItem(0)->child(run)).center(); };
    // The right button leaves the shown run alone.
    QSignalSpy selected(&list, &RunList::runSelected);
    QTest::mouseClick(tree->viewport(), Qt::RightButton, Qt::NoModifier, place(1));
    for (auto* menu : list.findChildren<QMenu*>()) menu->close();
    QCOMPARE(list.selectedRun(), folder.filePath("p/runs/a"));
    QCOMPARE(selected.count(), 0);
    QSignalSpy compare(&list, &RunList::compareRequested);
    const auto action = [&](const QPoint& at, const char* name) {
      return std::unique_ptr<QMenu>(list.menuAt(at))->findChild<QAction*>(name) != nullptr;
    };
    {
      const std::unique_ptr<QMenu> own(list.menuAt(place(0))), other(list.menuAt(place(1)));
      QVERIFY(!own->findChild<QAction*>("compareRun")->isEnabled());
      QVERIFY(other->findChild<QAction*>("compareRun")->isEnabled());
      other->findChild<QAction*>("compareRun")->trigger();
    }
    QCOMPARE(compare.count(), 1);
    QCOMPARE(compare[0][0].toString(), folder.filePath("p/runs/b"));
    // A folder that is not there stays in the list, grey, until it is removed.
    auto* gone = tree->topLevelItem(1);
    QTRY_VERIFY(gone->toolTip(0).contains("missing"));
    QCOMPARE(gone->foreground(0).color(), list.palette().color(QPalette::Disabled, QPalette::Text));
    const QPoint there = tree->visualItemRect(gone).center();
    QVERIFY(!action(place(0), "removeProject") && action(there, "removeProject"));
    QSignalSpy changed(&list, &RunList::projectsChanged);
    std::unique_ptr<QMenu>(list.menuAt(there))->findChild<QAction*>("removeProject")->trigger();
    QCOMPARE(changed.count(), 1);
    QCOMPARE(list.projects(), QStringList{folder.filePath("p")});
  }
};

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  RunsTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "runs.moc"
