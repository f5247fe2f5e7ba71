// Watching and steering runs: growing and broken logs, jobs against a small fake program, detached trainers, pages.
#include <signal.h>

#include <QAbstractButton>
#include <QApplication>
#include <QLabel>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QStyleFactory>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <fstream>

#include "core/base/File.h"
#include "tests/gui/FakeProgram.h"
#include "tests/gui/FakeRun.h"
#include "widgets/run/JobsPanel.h"
#include "widgets/run/Program.h"
#include "widgets/run/RunList.h"
#include "widgets/run/RunMonitor.h"

using namespace lorkd;
using namespace lorkd::watch;
namespace fs = std::filesystem;
using lorkd::test::FakeRun;
using lorkd::test::samplePlan;
using lorkd::test::script;

class WatchTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { setLorkdProgram(QString()); }

  void programPath() {
    QCOMPARE(lorkdProgram(), QCoreApplication::applicationDirPath() + "/lorkd");
    qputenv("LORKD_CLI", "/opt/other");
    QCOMPARE(lorkdProgram(), "/opt/other");
    setLorkdProgram("/set/by/hand");
    QCOMPARE(lorkdProgram(), "/set/by/hand");
    qunsetenv("LORKD_CLI");
  }

  void followsAGrowingRun() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    RunWatcher watcher(path, nullptr, 20);  // not there yet
    QSignalSpy opened(&watcher, &RunWatcher::opened), restarted(&watcher, &RunWatcher::restarted);
    QTest::qWait(80);
    QVERIFY(!watcher.directory() && !watcher.status() && watcher.trouble().isEmpty());
    FakeRun run(path.toStdString());
    QTRY_COMPARE(opened.count(), 1);
    run.steps(1, 20);
    run.status(run::State::Running, 20);
    QTRY_COMPARE(watcher.series()->lastStep(), 20);
    QTRY_VERIFY(watcher.status() && watcher.status()->state == run::State::Running && watcher.status()->step == 20);
    QCOMPARE(watcher.series()->conflicts().size(), 2u);
    // A torn last line is left alone until it is whole.
    std::ofstream log(run.directory.events(), std::ios::app);
    log << "{\"t\": 1, \"kind\": \"step\", \"st" << std::flush;
    QTest::qWait(80);
    QCOMPARE(watcher.series()->lastStep(), 20);
    log << "ep\": 21}\n" << std::flush;
    QTRY_COMPARE(watcher.series()->lastStep(), 21);
    // A log cut back by a resumed run starts anew.
    QVERIFY(run.writer.rewindTo(10));
    QTRY_COMPARE(restarted.count(), 1);
    QTRY_COMPARE(watcher.series()->lastStep(), 10);
    QCOMPARE(watcher.series()->total().size(), 10u);
    // The trainer dies without a word: its process id is nobody's.
    run::Status gone;
    gone.state = run::State::Running;
    gone.pid = 999999999;
    gone.host = watcher.status()->host;
    QVERIFY(run.directory.writeStatus(gone));
    QTRY_VERIFY(watcher.status()->state == run::State::Interrupted);
    // A damaged status is told, a good one later forgets it.
    QVERIFY(writeFileAtomically(path.toStdString() + "/status.json", "{"));
    QTRY_VERIFY(watcher.trouble().contains("status.json"));
    run.status(run::State::Finished, 400);
    QTRY_VERIFY(watcher.trouble().isEmpty() && watcher.status()->state == run::State::Finished);
  }

  void readsALongLogInPortions() {
    QTemporaryDir folder;
    FakeRun run(folder.filePath("r").toStdString());
    std::string line = R"({"t": 5, "kind": "step", "step": 1, "total": 1.0, "losses": {"abdomen": {"total": 1.0}}})",
                text;
    for (int i = 0; i < 20000; ++i) text += line + "\n";
    QVERIFY(writeFileAtomically(run.directory.events(), text));
    RunWatcher watcher(folder.filePath("r"), nullptr, 20);
    QSignalSpy arrived(&watcher, &RunWatcher::eventsArrived);
    QTRY_COMPARE_WITH_TIMEOUT(watcher.series()->total().size(), 20000u, 20000);
    QVERIFY(arrived.count() >= 5);
  }

  void jobs() {
    QTemporaryDir folder;
    setLorkdProgram(script(folder, "lorkd", R"sh(
[ "$1 $2" = "--progress json" ] || exit 9
case "$3" in
  good) echo '{"kind":"progress","what":"reading","done":1,"total":4}'
        echo '{"kind":"note","line":"a word"}'
        echo '{"kind":"result","series":12,"path":"'"$4"'"}';;
  bad)  echo '{"kind":"error","code":"not_found","message":"no such folder","hint":"check the path","context":"/data"}'; exit 1;;
  slow) trap 'exit 3' TERM; echo '{"kind":"progress","what":"slow","done":3,"total":0}'; while :; do sleep 0.05; done;;
  deaf) trap '' TERM; echo ready; while :; do sleep 0.05; done;;
  rubbish) printf '\377\376{{{\nnot json\n[1,2]\n{"kind":5}\n{"kind":"progress","done":-4,"total":"x"}\n{"kind":"result"'; echo 'last words' >&2; exit 1;;
  crash) kill -9 $$;;
esac
)sh"));
    JobQueue queue;
    JobsPanel panel(&queue);
    panel.resize(600, 500);
    panel.show();
    auto* good = queue.add("Scan", {"good", "a b"});
    QSignalSpy finished(good, &Job::finished);
    QCOMPARE(good->state(), Job::State::Waiting);
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(good->state(), Job::State::Done);
    QCOMPARE(good->result().at("series").get<int>(), 12);
    QCOMPARE(good->result().at("path").get<std::string>(), "a b");
    QCOMPARE(good->what(), "reading");
    QCOMPARE(good->done(), 1);
    QCOMPARE(good->total(), 4);
    QVERIFY(good->details().contains("a word"));

    auto* bad = queue.add("Scan", {"bad"});
    QTRY_COMPARE(bad->state(), Job::State::Failed);
    QCOMPARE(QString::fromStdString(bad->error().message), "no such folder");
    QCOMPARE(QString::fromStdString(bad->error().hint), "check the path");
    const QString shown = panel.row(bad)->findChild<QLabel*>("error")->text();
    QVERIFY(shown.contains("no such folder") && shown.contains("check the path") && shown.contains("/data"));

    if (const QString keep = qEnvironmentVariable("LORKD_PICTURES"); !keep.isEmpty())
      panel.grab().save(keep + "/jobs.png");
    auto* rubbish = queue.add("Rubbish", {"rubbish"});
    QTRY_COMPARE(rubbish->state(), Job::State::Failed);
    QVERIFY(rubbish->error().text().find("code 1") != std::string::npos);
    QVERIFY(rubbish->details().contains("not json") && rubbish->details().contains("last words"));
    QCOMPARE(rubbish->total(), 0);
    auto* crash = queue.add("Crash", {"crash"});
    QTRY_COMPARE(crash->state(), Job::State::Failed);

    // Cancelled by request; one that waits behind it is cancelled without ever starting.
    auto* slow = queue.add("Slow", {"slow"});
    auto* behind = queue.add("Behind", {"good", "x"});
    QTRY_COMPARE(slow->done(), 3);
    QCOMPARE(behind->state(), Job::State::Waiting);
    QCOMPARE(queue.active(), 2);
    behind->cancel();
    QCOMPARE(behind->state(), Job::State::Cancelled);
    QTest::mouseClick(panel.row(slow)->findChild<QPushButton*>("cancel"), Qt::LeftButton);
    QVERIFY(slow->cancelRequested());
    QTRY_COMPARE(slow->state(), Job::State::Cancelled);
    QVERIFY(behind->result().is_null());
    // One that does not listen is killed, and still counts as cancelled.
    auto* deaf = queue.add("Deaf", {"deaf"});
    deaf->setPatience(100);
    QTRY_VERIFY(deaf->details().contains("ready"));
    deaf->cancel();
    QTRY_COMPARE(deaf->state(), Job::State::Cancelled);

    QTest::mouseClick(panel.findChild<QPushButton*>("clearFinished"), Qt::LeftButton);
    QCOMPARE(queue.jobs().size(), 0u);
    setLorkdProgram("/nowhere/lorkd");
    auto* missing = queue.add("Missing", {"good"});
    QTRY_COMPARE(missing->state(), Job::State::Failed);
    QVERIFY(missing->error().hint.find("LORKD_CLI") != std::string::npos);
  }

  void trainerOutlivesItsStarter() {
    QTemporaryDir folder;
    FakeRun run(folder.filePath("runs/one").toStdString());
    const QString path = folder.filePath("runs/one");
    const QString note = folder.filePath("note");
    setLorkdProgram(script(folder, "lorkd", "echo \"$1 $2\" > '" + note.toUtf8() + "'\necho heard\nexec sleep 30\n"));
    qint64 pid = 0;
    {
      TrainerLauncher launcher;
      const auto started = launcher.start(path);
      QVERIFY2(started, started ? "" : started.error().text().c_str());
      pid = *started;
      const auto twice = launcher.start(path);  // before its first word
      QVERIFY(!twice && twice.error().code == ErrorCode::Mismatch);
    }
    QTRY_VERIFY(QFile::exists(note) && QFileInfo(note).size() > 0);
    QFile file(note);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()).trimmed(), "train " + path);
    QTRY_VERIFY(TrainerLauncher::lastOutput(path).contains("heard"));
    QCOMPARE(::kill(static_cast<pid_t>(pid), 0), 0);
    QVERIFY(::getsid(static_cast<pid_t>(pid)) != ::getsid(0));
    ::kill(static_cast<pid_t>(pid), SIGTERM);

    TrainerLauncher launcher;
    run.status(run::State::Running, 5);
    const auto refused = launcher.start(path);
    QVERIFY(!refused && refused.error().code == ErrorCode::Mismatch);
    run.status(run::State::Queued, 0);
    {
      const auto held = run.directory.lock();  // someone trains, but has not said so yet
      QVERIFY(held && !launcher.start(path));
    }
    // A trainer that ends at once is reported with its words.
    setLorkdProgram(script(folder, "broken", "echo cannot load libexample.so >&2\nexit 127\n"));
    launcher.setGrace(200);
    QSignalSpy failed(&launcher, &TrainerLauncher::failedToRun);
    QVERIFY(launcher.start(path));
    QTRY_COMPARE(failed.count(), 1);
    QVERIFY(failed[0][1].toString().contains("libexample.so"));
    QVERIFY(!launcher.start(folder.filePath("nothing")));
    setLorkdProgram("/nowhere/lorkd");
    QTest::qWait(250);
    const auto missing = launcher.start(path);
    QVERIFY(!missing && missing.error().code == ErrorCode::NotFound);
  }

  void monitorSteers() {
    QTemporaryDir folder;
    FakeRun run(folder.filePath("runs/one").toStdString()), other(folder.filePath("runs/two").toStdString());
    run.steps(1, 60);
    other.steps(1, 30);
    run.append("log", {{"level", "warn"}, {"message", "three cases left out"}});
    run.status(run::State::Running, 60);
    TrainerLauncher launcher;
    RunMonitor monitor(&launcher);
    monitor.resize(1000, 700);
    monitor.show();
    QVERIFY(monitor.findChild<QLabel*>("runName")->text().contains("No run"));
    monitor.setRun(folder.filePath("runs/one"));
    QTRY_COMPARE(monitor.losses()->plot()->curveCount(), 4);
    QTRY_COMPARE(monitor.losses()->plot()->data(0).size(), 60u);
    QCOMPARE(monitor.losses()->plot()->look(0).color, QColor(QString::fromStdString(plan::taskColor(samplePlan(), 0))));
    QTRY_VERIFY(monitor.findChild<PhaseBar*>("runProgress")->accessibleDescription().contains("step 60 of 400"));
    const auto* figures = monitor.findChild<QLabel*>("runFigures");
    QVERIFY2(figures->text().contains("13 min left, then evaluation"), qPrintable(figures->text()));
    QVERIFY2(figures->text().contains("3.0 % waiting for data"), qPrintable(figures->text()));
    QVERIFY(figures->toolTip().contains("loader threads"));
    QVERIFY(monitor.findChild<QPlainTextEdit*>("log")->toPlainText().contains("three cases left out"));
    QCOMPARE(monitor.conflict()->heatmap()->tasks(), 4u);
    // Growth arrives by itself.
    run.steps(61, 70);
    QTRY_COMPARE(monitor.losses()->plot()->data(0).size(), 70u);
    // Pause is sent at once, stop only after a question.
    auto* pause = monitor.findChild<QPushButton*>("pause");
    QTest::mouseClick(pause, Qt::LeftButton);
    QVERIFY(run.directory.commands(0)->back().command == run::Command::Pause);
    QVERIFY(monitor.findChild<QLabel*>("runState")->text().contains("pausing"));
    run.status(run::State::Paused, 70);
    QTRY_COMPARE(pause->text(), "Resume");
    QVERIFY(!monitor.findChild<QLabel*>("runState")->text().contains("pausing"));
    QTest::mouseClick(monitor.findChild<QPushButton*>("checkpoint"), Qt::LeftButton);
    QVERIFY(run.directory.commands(1)->back().command == run::Command::Checkpoint);
    for (const bool agree : {false, true}) {
      QTest::mouseClick(monitor.findChild<QPushButton*>("stop"), Qt::LeftButton);
      auto* box = monitor.findChild<QMessageBox*>("confirmStop");
      QVERIFY(box);
      for (auto* button : box->buttons())
        if ((box->buttonRole(button) == QMessageBox::AcceptRole) == agree) button->click();
      QTRY_VERIFY(!monitor.findChild<QMessageBox*>("confirmStop"));
      QCOMPARE(run.directory.commands(2)->size(), agree ? 1u : 0u);
    }
    QVERIFY(run.directory.commands(2)->back().command == run::Command::Stop);
    // Failure is told in words, and the run can be taken up again.
    run.status(run::State::Failed, 70, "step 70: loss of spine is not finite");
    QTRY_VERIFY(monitor.findChild<QLabel*>("runMessage")->text().contains("spine is not finite"));
    QVERIFY(monitor.findChild<QPushButton*>("start")->isVisible() && !pause->isVisible());
    // Another run beside it.
    monitor.addOverlay(folder.filePath("runs/two"));
    QTRY_COMPARE(monitor.losses()->plot()->curveCount(), 8);
    QTRY_COMPARE(monitor.losses()->plot()->data(1).size(), 30u);
    QCOMPARE(monitor.losses()->plot()->look(1).color, monitor.losses()->plot()->look(0).color);
    QVERIFY(monitor.losses()->plot()->look(1).dash != monitor.losses()->plot()->look(0).dash);
    monitor.clearOverlays();
    QCOMPARE(monitor.losses()->plot()->curveCount(), 4);
  }

  void listFollowsTheDisk() {
    QTemporaryDir folder;
    RunList list(nullptr, 40);
    list.addProject(folder.path());
    list.show();
    QSignalSpy selected(&list, &RunList::runSelected);
    list.selectRun(folder.filePath("runs/b"));  // as soon as it appears
    FakeRun b(folder.filePath("runs/b").toStdString());
    b.steps(1, 50);
    b.status(run::State::Running, 120);
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 1);
    QTRY_COMPARE(list.selectedRun(), folder.filePath("runs/b"));
    QCOMPARE(selected.count(), 1);
    auto* item = list.tree()->topLevelItem(0)->child(0);
    QTRY_COMPARE(item->text(RunList::Progress), "65 %");  // 400 steps of the teacher, then 120 of 400
    QCOMPARE(item->text(RunList::Tasks), "4");
    QTRY_COMPARE(item->text(RunList::Best), QString::number(0.88 - 0.5 * std::exp(-50 / 90.0), 'f', 3));
    // Another run before it; the choice stays where it is.
    FakeRun a(folder.filePath("runs/a").toStdString());
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 2);
    QCOMPARE(list.tree()->topLevelItem(0)->child(0)->text(RunList::Name), "a");
    QCOMPARE(list.selectedRun(), folder.filePath("runs/b"));
    QVERIFY(writeFileAtomically(folder.filePath("runs/a/plan.json").toStdString(), "{}"));
    QTRY_VERIFY(list.tree()->topLevelItem(0)->child(0)->toolTip(0).contains("plan"));
    fs::remove_all(folder.filePath("runs/b").toStdString());
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 1);
    QVERIFY(list.selectedRun() != folder.filePath("runs/b"));
    list.removeProject(folder.path());
    QCOMPARE(list.tree()->topLevelItemCount(), 0);
  }

  /// Every page in both palettes and two sizes; LORKD_PICTURES names a folder that keeps the pictures.
  void pages() {
    QTemporaryDir folder;
    FakeRun run(folder.filePath("demo/runs/organs-1").toStdString()),
        other(folder.filePath("demo/runs/organs-mtl").toStdString());
    run.steps(1, 330);
    run.append("phase", {{"phase", "training"}, {"message", "student, 4 tasks"}});
    run.append("log", {{"level", "info"}, {"message", "checkpoint written at step 300"}});
    run.status(run::State::Running, 330);
    other.steps(1, 200, 1.25);
    other.status(run::State::Failed, 200, "step 200: loss of spine is not finite");
    FakeRun done(folder.filePath("demo/runs/teacher").toStdString());
    done.status(run::State::Finished, 400);
    const QString keep = qEnvironmentVariable("LORKD_PICTURES");
    for (const bool dark : {false, true}) {
      QApplication::setPalette(dark ? test::darkPalette() : QApplication::style()->standardPalette());
      for (const QSize size : {QSize(1280, 800), QSize(2560, 1440)}) {
        TrainerLauncher launcher;
        QWidget window;
        auto* row = new QHBoxLayout(&window);
        auto* list = new RunList(&window, 50);
        auto* monitor = new RunMonitor(&launcher, &window);
        list->setMaximumWidth(330);
        list->addProject(folder.filePath("demo"));
        row->addWidget(list, 1);
        row->addWidget(monitor, 3);
        window.resize(size);
        window.show();
        monitor->setRun(folder.filePath("demo/runs/organs-1"));
        QTRY_COMPARE(monitor->losses()->plot()->curveCount(), 4);
        QTRY_COMPARE(monitor->losses()->plot()->data(0).size(), 330u);
        QTRY_VERIFY(monitor->watcher()->status() && list->tree()->topLevelItem(0)->childCount() == 3);
        for (int page = 0; page < 5; ++page) {
          monitor->pages()->setCurrentIndex(page % 4);
          if (page == 4) {
            monitor->addOverlay(folder.filePath("demo/runs/organs-mtl"));
            QTRY_COMPARE(monitor->losses()->plot()->curveCount(), 8);
            monitor->losses()->controls()->setTogether(true);
            QTRY_COMPARE(monitor->losses()->plot()->data(1).size(), 200u);
          }
          if (page == 0) {
            const auto* plot = monitor->losses()->plot();
            const auto* graph = plot->smoothGraph(0);
            const double x = graph->keyAxis()->coordToPixel(200), y = graph->valueAxis()->coordToPixel(0.5);
            QTest::mouseMove(monitor->losses()->plot(), QPointF(x, y).toPoint());
          }
          QTest::qWait(120);
          const QImage picture = window.grab().toImage();
          QSet<QRgb> colours;
          for (int y = 0; y < picture.height(); y += 3)
            for (int x = 0; x < picture.width(); x += 3) colours.insert(picture.pixel(x, y));
          QVERIFY2(colours.size() > 20, "an empty page");
          if (!keep.isEmpty())
            picture.save(QStringLiteral("%1/page%2-%3-%4.png")
                             .arg(keep)
                             .arg(page)
                             .arg(size.width())
                             .arg(dark ? "dark" : "light"));
        }
      }
    }
    QApplication::setPalette(QApplication::style()->standardPalette());
  }
};

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  WatchTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "watch.moc"
