// The course of a run: the teacher's phase under its own name, segments, a time left that never jumps, and what is said
// when a run cannot be seen as it is.
#include <QApplication>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStyleFactory>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <fstream>

#include "core/base/File.h"
#include "tests/gui/FakeProgram.h"
#include "tests/gui/FakeRun.h"
#include "widgets/run/Program.h"
#include "widgets/run/RunList.h"
#include "widgets/run/RunMonitor.h"

using namespace lorkd;
using namespace lorkd::watch;
namespace fs = std::filesystem;
using lorkd::test::FakeRun;
using lorkd::test::samplePlan;
using lorkd::test::script;

namespace {

run::Status statusOf(const std::string& phase, std::int64_t step, std::int64_t steps, double left,
                     run::State state = run::State::Running) {
  run::Status status;
  status.state = state;
  status.phase = phase;
  status.step = step;
  status.steps = steps;
  status.secondsLeft = left;
  return status;
}

/// "Prepare done, Teacher current 0.25, ..."
QString inWords(const std::vector<Segment>& segments) {
  QStringList out;
  for (const auto& s : segments) {
    const char* state = s.state == Segment::State::Done      ? "done"
                        : s.state == Segment::State::Current ? "current"
                        : s.state == Segment::State::Broken  ? "broken"
                                                             : "to come";
    out << s.name + ' ' + state + (s.share >= 0 ? QString(" %1").arg(s.share) : QString());
  }
  return out.join(", ");
}

void keep(QWidget& widget, const QString& name) {
  const QString folder = qEnvironmentVariable("LORKD_PICTURES");
  if (folder.isEmpty()) return;
  QTest::qWait(150);
  widget.grab().save(folder + "/" + name + ".png");
}

/// A monitor in a window, and what it says.
struct Window {
  explicit Window(const QString& path) : monitor(&launcher) {
    monitor.resize(1100, 640);
    monitor.show();
    monitor.setRun(path);
  }
  QString text(const char* label) const { return monitor.findChild<QLabel*>(label)->text(); }
  QPushButton* button(const char* name) const { return monitor.findChild<QPushButton*>(name); }
  QString segments() const { return inWords(monitor.findChild<PhaseBar*>("runProgress")->segments()); }
  TrainerLauncher launcher;
  RunMonitor monitor;
};

}  // namespace

class CourseTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void segmentsByHand() {
    const auto plan = samplePlan();
    QVERIFY(trainsTeacher(plan));
    CourseFacts facts;
    facts.status = run::Status();
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare to come, Teacher to come, Experts to come, Evaluate to come, Export to come");
    facts.status = statusOf("preparing", 0, 400, -1);
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare current, Teacher to come, Experts to come, Evaluate to come, Export to come");
    // The teacher's own status counts: the run's still tells of 400 steps of experts.
    facts.status = statusOf("teacher", 0, 400, -1);
    facts.teacher = statusOf("training", 50, 200, 180);
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare done, Teacher current 0.25, Experts to come, Evaluate to come, Export to come");
    facts.status = statusOf("training", 100, 400, 7500);
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare done, Teacher done, Experts current 0.25, Evaluate to come, Export to come");
    facts.status = statusOf("evaluating", 400, 400, 0);
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare done, Teacher done, Experts done, Evaluate current, Export to come");
    facts.status = statusOf("evaluating", 400, 400, 0, run::State::Finished);
    facts.exported = 1;
    QCOMPARE(inWords(courseOf(plan, facts).segments),
             "Prepare done, Teacher done, Experts done, Evaluate done, Export to come 0.25");
    facts.exported = 4;
    QCOMPARE(inWords(courseOf(plan, facts).segments).section(", ", -1), "Export done 1");
    facts.status = statusOf("training", 100, 400, 0, run::State::Failed);
    QCOMPARE(inWords(courseOf(plan, facts).segments).section(", ", 1, 3),
             "Teacher done, Experts broken 0.25, Evaluate to come");
    // A run that has no teacher of its own to train has no such segment.
    auto plain = plan;
    plain.method = plan::PlanMethod::Mtl;
    QVERIFY(!inWords(courseOf(plain, facts).segments).contains("Teacher"));
    auto given = plan;
    given.teacher.source = plan::TeacherSource::Checkpoint;
    facts.status = statusOf("teacher", 0, 400, -1);
    QVERIFY(inWords(courseOf(given, facts).segments).startsWith("Prepare current, Experts to come"));
  }

  void timeLeftIsOfWhatIsKnown() {
    const auto plan = samplePlan();
    CourseFacts facts;
    const auto left = [&] { return courseOf(plan, facts).left; };
    facts.status = statusOf("preparing", 0, 400, -1);
    QCOMPARE(left(), "preparing: time left not known, then teacher");
    facts.status = statusOf("teacher", 0, 400, -1);
    QCOMPARE(left(), "teacher: time left not known yet, then experts");
    facts.teacher = statusOf("preparing", 0, 0, -1);
    QCOMPARE(left(), "teacher: time left not known yet, then experts");
    facts.teacher = statusOf("training", 1, 200, 180);
    QCOMPARE(left(), "teacher: at least 3 min left, then experts");  // no validation is in that pace yet
    facts.validated = true;
    QCOMPARE(left(), "teacher: 3 min left, then experts");
    facts.teacher = statusOf("training", 199, 200, 1);
    QCOMPARE(left(), "teacher: less than a minute left, then experts");
    // No bare "1 s" that becomes hours: what comes next is always named, and its time only once it is known.
    facts.validated = false;
    facts.status = statusOf("training", 0, 400, -1);
    QCOMPARE(left(), "experts: time left not known yet, then evaluation");
    facts.status = statusOf("training", 100, 400, 7500);
    facts.validated = true;
    QCOMPARE(left(), "experts: 2 h 5 min left, then evaluation");
    facts.validated = false;
    facts.status = statusOf("training", 399, 400, 40);
    QCOMPARE(left(), "experts: less than a minute of steps left, then evaluation");
    facts.status = statusOf("evaluating", 400, 400, 0);
    QCOMPARE(left(), "evaluating: time left not known");
    for (const auto state : {run::State::Finished, run::State::Failed, run::State::Interrupted}) {
      facts.status = statusOf("training", 100, 400, 7500, state);
      QCOMPARE(left(), QString());
    }
    facts.status = statusOf("training", 100, 400, 7500);
    facts.live = false;  // the numbers are old
    QCOMPARE(left(), QString());
    QCOMPARE(spokenDuration(59.9), "less than a minute");
    QCOMPARE(spokenDuration(3599), "1 h");
    QCOMPARE(spokenDuration(100 * 3600), "4 d 4 h");
  }

  void oneProgressOverAllParts() {
    auto plan = samplePlan();
    plan.teacher.steps = 100;
    plan.training.steps = 300;
    // At first the teacher's phase holds the run's own steps.
    const std::vector<std::pair<run::Status, double>> course{
        {statusOf("preparing", 0, 300, -1), 0},      {statusOf("teacher", 0, 300, -1), 0},
        {statusOf("teacher", 50, 100, 9), 0.125},    {statusOf("teacher", 100, 100, 0), 0.25},
        {statusOf("training", 0, 300, -1), 0.25},    {statusOf("training", 150, 300, 9), 0.625},
        {statusOf("evaluating", 300, 300, 0), 0.99}, {statusOf("evaluating", 300, 300, 0, run::State::Finished), 1}};
    for (const auto& [status, share] : course) QCOMPARE(shareOf(plan, status), share);
    plan.method = plan::PlanMethod::Mtl;
    QCOMPARE(shareOf(plan, statusOf("training", 150, 300, 9)), 0.5);
  }

  void theTeachersPhaseIsItsOwn() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun own(path.toStdString());
    own.append("phase", {{"phase", "teacher"}, {"message", "getting the teacher ready"}});
    QVERIFY(own.directory.writeStatus(statusOf("teacher", 120, 200, 55)));
    FakeRun teacher(path.toStdString() + "/teacher");
    teacher.steps(1, 120, 3);
    teacher.append("log", {{"level", "info"}, {"message", "said by the teacher"}});
    QVERIFY(teacher.directory.writeStatus(statusOf("training", 120, 200, 190)));
    Window window(path);
    auto* losses = window.monitor.losses();
    QTRY_VERIFY(window.monitor.showsTeacher());
    QTRY_COMPARE(losses->plot()->data(0).size(), 120u);
    QCOMPARE(losses->plot()->look(0).run, "teacher");
    QTRY_COMPARE(window.segments(),
                 "Prepare done, Teacher current 0.6, Experts to come, Evaluate to come, Export to come");
    const QString figures = window.text("runFigures");
    QVERIFY2(figures.contains("teacher: 3 min left, then experts"), qPrintable(figures));
    QVERIFY(figures.contains("0.9 s a step") && figures.contains("teacher's best validation"));
    auto* pages = window.monitor.pages();
    QVERIFY(pages->tabText(0).contains("Teacher") && pages->tabText(1).contains("Teacher"));
    QVERIFY(losses->findChild<QLabel*>("note")->text().startsWith("teacher"));
    QVERIFY(window.monitor.findChild<QPlainTextEdit*>("log")->toPlainText().contains("said by the teacher"));
    keep(window.monitor, "teacher-phase");
    // The experts' page says why it is still empty.
    QVERIFY(window.button("showTeacher")->isChecked());
    QTest::mouseClick(window.button("showOwn"), Qt::LeftButton);
    QVERIFY(!window.monitor.showsTeacher() && !pages->tabText(0).contains("Teacher"));
    QVERIFY(losses->plot()->sentence().contains("teacher is trained first"));
    keep(window.monitor, "teacher-phase-experts");
    QTest::mouseClick(window.button("showTeacher"), Qt::LeftButton);
    QCOMPARE(losses->plot()->data(0).size(), 120u);
    // The experts begin: theirs are shown, and the teacher's stay within reach.
    QVERIFY(teacher.directory.writeStatus(statusOf("training", 200, 200, 0, run::State::Finished)));
    own.steps(1, 30);
    QVERIFY(own.directory.writeStatus(statusOf("training", 30, 400, 7300)));
    QTRY_VERIFY(!window.monitor.showsTeacher());
    QTRY_COMPARE(losses->plot()->data(0).size(), 30u);
    QCOMPARE(losses->plot()->look(0).run, "one");
    QTRY_VERIFY2(window.text("runFigures").contains("experts: at least 2 h 2 min left, then evaluation"),
                 qPrintable(window.text("runFigures")));
    QCOMPARE(window.segments(), "Prepare done, Teacher done, Experts current 0.075, Evaluate to come, Export to come");
    keep(window.monitor, "experts-phase");
    QTest::mouseClick(window.button("showTeacher"), Qt::LeftButton);
    QVERIFY(window.monitor.showsTeacher());
    QCOMPARE(losses->plot()->data(0).size(), 120u);
    // A run without a teacher of its own offers no such choice.
    auto plain = samplePlan("plain");
    plain.method = plan::PlanMethod::Mtl;
    QVERIFY(run::RunDirectory::create(folder.filePath("runs/mtl").toStdString(), plain));
    window.monitor.setRun(folder.filePath("runs/mtl"));
    QTRY_VERIFY(window.monitor.watcher()->status());
    QVERIFY(!window.button("showTeacher")->isVisible() && !window.button("showOwn")->isVisible());
  }

  void exportedExpertsFillTheirSegment() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun run(path.toStdString());
    QVERIFY(run.directory.writeStatus(statusOf("evaluating", 400, 400, 0, run::State::Finished)));
    Window window(path);
    QTRY_COMPARE(window.segments().section(", ", 3), "Evaluate done, Export to come");
    for (const char* task : {"abdomen", "spine"}) {
      fs::create_directories(run.directory.expert(task));
      QVERIFY(writeFileAtomically(run.directory.expert(task) / "manifest.json", "{}"));
    }
    QTRY_COMPARE(window.segments().section(", ", 4), "Export to come 0.5");
  }

  void aRunThatVanishes() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun run(path.toStdString());
    run.steps(1, 60);
    run.status(run::State::Running, 60);
    Window window(path);
    QTRY_VERIFY(window.text("runFigures").contains("left"));
    QTRY_COMPARE(window.monitor.losses()->plot()->data(0).size(), 60u);
    QCOMPARE(window.text("runState"), "Running");
    fs::rename(path.toStdString(), path.toStdString() + "-away");
    QTRY_COMPARE(window.text("runState"), "Gone");
    QVERIFY(window.text("runMessage").contains(path) && window.text("runMessage").contains("not live"));
    QVERIFY(!window.text("runFigures").contains("left") && !window.text("runFigures").contains("a step"));
    for (const char* name : {"pause", "stop", "checkpoint", "start"}) QVERIFY2(!window.button(name)->isVisible(), name);
    QVERIFY(!window.monitor.watcher()->status());
    QCOMPARE(window.segments(), QString());
    QCOMPARE(window.monitor.losses()->plot()->data(0).size(), 60u);  // what was read stays to be looked at
    keep(window.monitor, "gone");
    fs::rename(path.toStdString() + "-away", path.toStdString());
    QTRY_COMPARE(window.text("runState"), "Running");
    QVERIFY(window.text("runMessage").isEmpty() && window.button("pause")->isVisible());
    // The folder alone is no run.
    fs::remove(path.toStdString() + "/plan.json");
    QTRY_COMPARE(window.text("runState"), "Gone");
    QVERIFY(window.text("runMessage").contains("plan.json"));
  }

  void aTornLog() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun run(path.toStdString());
    run.steps(1, 20);
    run.status(run::State::Running, 20);
    Window window(path);
    QTRY_COMPARE(window.monitor.losses()->plot()->curveCount(), 4);
    QTRY_COMPARE(window.monitor.losses()->plot()->data(0).size(), 20u);
    QTest::qWait(700);
    QVERIFY(window.text("runMessage").isEmpty());
    // A torn line with the next event glued to it, and one that is JSON but no event.
    std::ofstream log(run.directory.events(), std::ios::app);
    log << "{\"t\": 1, \"kind\": \"st{\"t\": 2, \"kind\": \"log\"}\n[1, 2]\n" << std::flush;
    QTRY_VERIFY2(window.text("runMessage").contains("2 lines of the event log"), qPrintable(window.text("runMessage")));
    run.steps(21, 25);  // what comes after them is read
    QTRY_COMPARE(window.monitor.losses()->plot()->data(0).size(), 25u);
    QCOMPARE(window.text("runState"), "Running");
    // A line that nobody ends.
    log << "{\"t\": 3, \"ki" << std::flush;
    QTRY_VERIFY(window.text("runMessage").contains("in the middle of a line"));
    keep(window.monitor, "torn");
    // Mended, it is spoken of no more.
    QVERIFY(run.writer.rewindTo(25));
    QTRY_VERIFY(window.text("runMessage").isEmpty());
    fs::remove(run.directory.events());
    QTRY_VERIFY(window.text("runMessage").contains("is gone"));
  }

  void signsOfLifeThatCannotBe() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun run(path.toStdString());
    run.steps(1, 60);
    auto status = statusOf("training", 60, 400, 754);
    status.heartbeat = run::now() - 600;
    QVERIFY(run.directory.writeStatus(status));
    Window window(path);
    QTRY_COMPARE(window.text("runState"), "Silent, last known as running");
    QVERIFY2(window.text("runMessage").contains("no sign of life for 10 min"), qPrintable(window.text("runMessage")));
    QVERIFY(!window.text("runFigures").contains("left") && !window.text("runFigures").contains("a step"));
    QVERIFY(window.button("stop")->isVisible());
    QVERIFY(window.segments().contains("Experts broken"));
    keep(window.monitor, "silent");
    RunList list(nullptr, 40);
    list.addProject(folder.path());
    list.show();
    QTRY_COMPARE(list.tree()->topLevelItem(0)->childCount(), 1);
    QTRY_VERIFY(list.tree()->topLevelItem(0)->child(0)->toolTip(0).startsWith("Silent"));
    status.heartbeat = run::now() + 7200;
    QVERIFY(run.directory.writeStatus(status));
    QTRY_COMPARE(window.text("runState"), "Not known whether it runs");
    QVERIFY2(window.text("runMessage").contains("2 h in the future"), qPrintable(window.text("runMessage")));
    QVERIFY(!window.text("runFigures").contains("left"));
    QTRY_VERIFY(list.tree()->topLevelItem(0)->child(0)->toolTip(0).startsWith("Not known"));
    status.heartbeat = 0;  // now
    QVERIFY(run.directory.writeStatus(status));
    QTRY_COMPARE(window.text("runState"), "Running");
    QVERIFY(window.text("runMessage").isEmpty());
  }

  void aStatusThatCannotBeRead() {
    QTemporaryDir folder;
    const QString path = folder.filePath("runs/one");
    FakeRun run(path.toStdString());
    run.steps(1, 60);
    run.status(run::State::Running, 60);
    Window window(path);
    QTRY_COMPARE(window.text("runState"), "Running");
    for (const char* damage : {"{", "[]", R"({"state": "dancing"})", R"({"state": "running", "step": "many"})"}) {
      QVERIFY(writeFileAtomically(path.toStdString() + "/status.json", damage));
      QTRY_COMPARE(window.text("runState"), "Not readable");
      QVERIFY(window.text("runMessage").contains("status.json") && window.text("runMessage").contains("Continue"));
      QVERIFY(!window.button("pause")->isVisible() && !window.text("runFigures").contains("left"));
      run.status(run::State::Running, 60);
      QTRY_COMPARE(window.text("runState"), "Running");
    }
    // What the words promise works: Continue starts a trainer.
    QVERIFY(writeFileAtomically(path.toStdString() + "/status.json", "{"));
    QTRY_VERIFY(window.button("start")->isVisible());
    QCOMPARE(window.button("start")->text(), "Continue");
    setLorkdProgram(script(folder, "lorkd", "echo taken up\nexec sleep 1\n"));
    QTest::mouseClick(window.button("start"), Qt::LeftButton);
    QTRY_VERIFY(TrainerLauncher::lastOutput(path).contains("taken up"));
    // But not where someone holds the run.
    const auto held = run.directory.lock();
    TrainerLauncher other;
    QVERIFY(held && !other.start(path));
  }
};

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  CourseTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "course.moc"
