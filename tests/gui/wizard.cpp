// The wizard where it says no, where it warns, and where there is much to show. The engine's answers are those of a
// script where the test is about the window, and the engine's own where it is about both.
#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTreeView>
#include <QtTest>
#include <fstream>

#include "app/workbench/MainWindow.h"
#include "app/workbench/Theme.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/data/AuditJson.h"
#include "tests/gui/FakeProgram.h"
#include "tests/gui/LargeData.h"
#include "widgets/field/NumberField.h"
#include "widgets/run/JobsPanel.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;
using test::largeAudit;
using test::Pulse;

namespace {

enum { Data, Tasks, Look, Teacher, Ranks, Training, Review };

}  // namespace

class WizardTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void cleanup();
  void nextSaysWhyItIsGrey();
  void namesOfRunsAreJudgedWhereTheyStand();
  void errorsShowNoFileOfTheMoment();
  void largeStudentsAndCostlyRanksAreNamed();
  void gridsFarFromTheAdviceAreNamed();
  void everyNumberFieldRefusesAComma();
  void thousandsOfFindingsDoNotHoldTheWindow();
  void thousandsOfAuditedImagesDoNotHoldTheWindow();

 private:
  /// A wizard that begins at the page, on a plan of two tasks.
  RunWizard* open(int page);
  /// The engine's place is taken by a script: `plan` and `audit` answer these lines, all else is the engine's.
  void answer(const Json& plan, const Json& audit = {});
  void fake(const QByteArray& body) { watch::setLorkdProgram(test::script(m_dir, "lorkd", body)); }
  QString why(RunWizard* wizard) const { return wizard->findChild<QAbstractButton*>("whyNot")->text(); }
  QAbstractButton* next(RunWizard* wizard) const { return wizard->button(QWizard::NextButton); }
  void type(QWidget* field, const QString& text) const;
  /// Leaves a picture for who wants to look: LORKD_PICTURES names the folder, LORKD_THEME light or dark.
  void keep(QWidget* window, const QString& name) const {
    const auto folder = qEnvironmentVariable("LORKD_PICTURES");
    if (folder.isEmpty()) return;
    QTest::qWait(200);
    window->grab().save(QDir(folder).filePath(name + "-" + qEnvironmentVariable("LORKD_THEME", "light") + ".png"));
  }
  QTemporaryDir m_dir;
  QString m_engine;
  std::unique_ptr<MainWindow> m_window;
};

void WizardTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  m_engine = QString(LORKD_BIN_DIR) + "/lorkd";
  watch::setLorkdProgram(m_engine);
  applyTheme(qEnvironmentVariable("LORKD_THEME", "light"));
  m_window = std::make_unique<MainWindow>();
  m_window->resize(qEnvironmentVariable("LORKD_WIDTH", "1280").toInt(),
                   qEnvironmentVariable("LORKD_HEIGHT", "800").toInt());
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  QDir().mkpath(m_dir.filePath("project"));
  m_window->openProject(m_dir.filePath("project"));
}

void WizardTest::cleanup() {
  for (auto* wizard : m_window->findChildren<RunWizard*>()) delete wizard;
  watch::setLorkdProgram(m_engine);
}

void WizardTest::answer(const Json& plan, const Json& audit) {
  const auto write = [&](const char* name, Json json) {
    json["kind"] = "result";
    std::ofstream(m_dir.filePath(name).toStdString()) << json.dump() << "\n";
  };
  write("plan.answer", plan);
  write("audit.answer", audit.is_null() ? Json::object() : audit);
  fake("case \" $* \" in\n*' plan '*) cat '" + m_dir.filePath("plan.answer").toUtf8() + "' ;;\n*' audit '*) cat '" +
       m_dir.filePath("audit.answer").toUtf8() + "' ;;\n*) exec '" + m_engine.toUtf8() + "' \"$@\" ;;\nesac\n");
}

RunWizard* WizardTest::open(int page) {
  auto plan = plan::toJson({});
  plan["tasks"] = Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}},
                                  "head": {"rank": 4, "classes": {"brain": {}}}})");
  auto* wizard = m_window->newRun(plan);
  wizard->setStartId(page);
  wizard->restart();
  return wizard;
}

void WizardTest::type(QWidget* field, const QString& text) const {
  auto* box = qobject_cast<QAbstractSpinBox*>(field);
  auto* line = box ? box->findChild<QLineEdit*>() : qobject_cast<QLineEdit*>(field);
  field->setFocus();
  line->selectAll();
  QTest::keyClick(field, Qt::Key_Delete);
  QTest::keyClicks(field, text);
  QTest::keyClick(field, Qt::Key_Tab);
}

void WizardTest::nextSaysWhyItIsGrey() {
  auto* wizard = m_window->newRun();
  QVERIFY(wizard->findChild<QAbstractButton*>("whyNot"));
  QVERIFY(!next(wizard)->isEnabled());
  QTRY_VERIFY2(why(wizard).contains("Add a folder"), qPrintable(why(wizard)));
  QVERIFY(wizard->findChild<QAbstractButton*>("whyNot")->isVisible());
  keep(wizard, "data-empty");
  wizard->setStartId(Tasks);
  wizard->restart();
  QVERIFY(!next(wizard)->isEnabled() && why(wizard).contains("at least one task"));
  wizard->model()->setValue("tasks", Json::parse(R"({"spine": {"classes": {}}})"));
  QVERIFY(!next(wizard)->isEnabled() && why(wizard).contains("spine"));
  delete wizard;

  wizard = open(Teacher);
  QVERIFY(next(wizard)->isEnabled() && why(wizard).isEmpty());
  auto* source = wizard->findChild<QComboBox*>("teacher.source");
  type(wizard->findChild<QAbstractSpinBox*>("teacher.steps"), "0,5");
  QVERIFY(!next(wizard)->isEnabled() && why(wizard).contains("steps"));
  // A field that is no longer asked for holds nobody up.
  source->setCurrentIndex(source->findData("checkpoint"));
  Q_EMIT source->activated(source->currentIndex());
  QVERIFY2(!next(wizard)->isEnabled() && why(wizard).contains("teacher"), qPrintable(why(wizard)));
  source->setCurrentIndex(source->findData("none"));
  Q_EMIT source->activated(source->currentIndex());
  QVERIFY(next(wizard)->isEnabled() && why(wizard).isEmpty());
  delete wizard;

  wizard = open(Ranks);
  auto* widths = wizard->findChild<QLineEdit*>("backbone.widths");
  for (const char* typed : {"abc", "1,5"}) {
    type(widths, typed);
    QCOMPARE(widths->text(), QString(typed));
    QVERIFY2(!next(wizard)->isEnabled() && why(wizard).contains(typed), qPrintable(why(wizard)));
    QVERIFY(wizard->findChild<QLabel*>("backbone.widths.fault")->isVisible());
    QVERIFY(wizard->model()->value("backbone.widths").empty());
  }
  type(widths, "");
  QVERIFY(next(wizard)->isEnabled());
  auto* rank = wizard->findChild<QAbstractSpinBox*>("tasks.head.rank");
  type(rank, "0,5");
  QVERIFY(!next(wizard)->isEnabled() && why(wizard).contains("head"));
  QVERIFY(wizard->findChild<QLabel*>("rankFaults")->isVisible());
  type(widths, "1,5");
  keep(wizard, "ranks-fault");
  delete wizard;

  wizard = open(Training);
  auto* rate = wizard->findChild<QAbstractSpinBox*>("training.learning_rate");
  type(rate, "0,002");
  QCOMPARE(rate->text(), QString("0,002"));
  QVERIFY(!next(wizard)->isEnabled());
  QVERIFY2(why(wizard).contains("Learning rate") && why(wizard).contains("0.002"), qPrintable(why(wizard)));
  keep(wizard, "training-fault");
  // The line leads to the field, also from another tab.
  auto* tabs = wizard->findChild<QTabWidget*>("trainingTabs");
  tabs->setCurrentIndex(2);
  QVERIFY(!rate->isVisible() && !next(wizard)->isEnabled());
  QTest::mouseClick(wizard->findChild<QAbstractButton*>("whyNot"), Qt::LeftButton);
  QVERIFY(rate->isVisible());
  // The mouse does not get past it either.
  QTest::mouseClick(next(wizard), Qt::LeftButton);
  QCOMPARE(wizard->currentId(), int(Training));
  type(rate, "0.002");
  QVERIFY(next(wizard)->isEnabled() && why(wizard).isEmpty());
  QCOMPARE(wizard->model()->value("training.learning_rate"), Json(0.002));
}

void WizardTest::namesOfRunsAreJudgedWhereTheyStand() {
  auto* wizard = open(Review);
  auto* name = wizard->findChild<QLineEdit*>("runName");
  const auto* fault = wizard->findChild<QLabel*>("runNameFault");
  auto* finish = wizard->button(QWizard::FinishButton);
  QVERIFY(fault);
  QTRY_VERIFY_WITH_TIMEOUT(finish->isEnabled(), 30000);
  for (const char* typed : {"a&b", "../../x", "/tmp/x", "", " "}) {
    type(name, typed);
    QVERIFY2(name->text() == typed && fault->isVisible() && !finish->isEnabled(), typed);
    QCOMPARE(why(wizard), fault->text());
  }
  type(name, "good one-2");
  QVERIFY(!fault->isVisible() && finish->isEnabled() && why(wizard).isEmpty());
}

void WizardTest::errorsShowNoFileOfTheMoment() {
  // As the engine complains of a plan: with the name of the file that it was given.
  fake(
      "for last; do :; done\ncase \" $* \" in *' networks '*) exit 1 ;; esac\n"
      "printf '{\"kind\":\"error\",\"code\":\"invalid argument\",\"message\":\"not good: %s\",\"hint\":\"mend %s\","
      "\"context\":\"%s: plan\"}\\n' \"$last\" \"$last\" \"$last\"\necho \"see $last\" >&2\nexit 1\n");
  auto* wizard = open(Ranks);
  auto* status = wizard->findChild<QLabel*>("rankStatus");
  QTRY_VERIFY(status->text().contains("not good"));
  QVERIFY2(!status->text().contains(QDir::tempPath() + "/lorkd-"), qPrintable(status->text()));
  wizard->setStartId(Review);
  wizard->restart();
  auto* faults = wizard->findChild<QLabel*>("faults");
  QTRY_VERIFY(faults->text().contains("not good"));
  QVERIFY2(!faults->text().contains(QDir::tempPath() + "/lorkd-"), qPrintable(faults->text()));
  const auto* job = m_window->jobs()->jobs().back();
  const auto said = QString::fromStdString(job->error().text()) + job->details().join(' ');
  QVERIFY2(said.contains("see the plan") && !said.contains(QDir::tempPath() + "/lorkd-"), qPrintable(said));
}

void WizardTest::largeStudentsAndCostlyRanksAreNamed() {
  Json plan{
      {"layers", {{{"name", "encoder.0"}, {"dims", 3}, {"in", 8}, {"out", 16}, {"kernel", 3}, {"decoder", false}}}},
      {"tasks", {{{"name", "abdomen"}, {"expert", 5000}}, {{"name", "head"}, {"expert", 5000}}}},
      {"teacher", 5000}};
  answer(plan);
  auto* wizard = open(Ranks);
  auto* warning = wizard->findChild<QLabel*>("sizeWarning");
  QVERIFY(warning);
  QTRY_VERIFY2(warning->isVisible() && warning->text().contains("no smaller than its teacher"),
               qPrintable(warning->text()));
  QVERIFY(!warning->text().contains("cost more"));
  // It is a warning: nobody is kept from going on.
  QVERIFY(next(wizard)->isEnabled());
  type(wizard->findChild<QAbstractSpinBox*>("tasks.head.rank"), "10");
  QVERIFY2(warning->text().contains("head cost more than they save"), qPrintable(warning->text()));
  keep(wizard, "ranks-warning");
  type(wizard->findChild<QAbstractSpinBox*>("tasks.head.rank"), "9");
  QVERIFY(!warning->text().contains("cost more"));
  plan["teacher"] = 50000;
  answer(plan);
  wizard->restart();
  QTRY_VERIFY(!warning->isVisible());
}

void WizardTest::gridsFarFromTheAdviceAreNamed() {
  answer(Json::object(), data::auditToJson(largeAudit(3)));
  auto* wizard = open(Look);
  auto* use = wizard->findChild<QPushButton*>("auditUse");
  QTRY_VERIFY(use->isEnabled());
  wizard->setStartId(Training);
  wizard->restart();
  auto* warning = wizard->findChild<QLabel*>("gridWarning");
  QVERIFY(warning && warning->isVisible());
  QVERIFY2(warning->text().contains("0.8 × 0.8 × 2.5 mm") && warning->text().contains("96 × 96 × 48"),
           qPrintable(warning->text()));
  QVERIFY(next(wizard)->isEnabled());
  keep(wizard, "training-warning");
  wizard->model()->setValue("data.spacing", {1.0, 1.0, 3.0});
  QVERIFY(!warning->text().contains("mm") && warning->text().contains("96 × 96 × 48"));
  wizard->model()->setValue("data.patch", {64, 64, 48});
  QVERIFY(!warning->isVisible());
}

void WizardTest::everyNumberFieldRefusesAComma() {
  auto* wizard = open(Training);
  QVERIFY(wizard->findChildren<QAbstractSpinBox*>().size() > 30);
  for (auto* box : m_window->findChildren<QAbstractSpinBox*>()) {
    const auto name = box->objectName() + " " + box->accessibleName();
    auto* field = qobject_cast<field::NumberField*>(box);
    QVERIFY2(field, qPrintable(name));
    const auto before = field->value();
    field->setTyped("0,002");
    QVERIFY2(field->text() == "0,002" && field->value() == before && !field->why().isEmpty(), qPrintable(name));
    field->setTyped(field::numberText(before));
    QVERIFY2(field->why().isEmpty(), qPrintable(name));
  }
}

void WizardTest::thousandsOfFindingsDoNotHoldTheWindow() {
  constexpr int images = 2000, others = 20000;
  const QDir data(m_dir.filePath("many"));
  QVERIFY(QDir().mkpath(data.path()));
  for (int n = 0; n < images; ++n)
    std::ofstream(data.filePath(QString("image%1.nii").arg(n)).toStdString(), std::ios::binary)
        << test::volume(n).toStdString();
  for (int n = 0; n < others; ++n)
    std::ofstream(data.filePath(QString("other%1.dcm").arg(n)).toStdString()) << "no image, " << n;
  m_window->openProject(m_dir.filePath("large"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  auto* list = wizard->findChild<QTreeView*>("foundImages");
  QTRY_VERIFY(why(wizard).contains("Add a folder"));
  QTest::qWait(300);
  Pulse pulse;
  page->addFolder(data.path());
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(images), 120000);
  QTest::qWait(300);
  // Each volume is a patient of its own, and each other file a finding.
  QCOMPARE(list->model()->rowCount(), images + others);
  QVERIFY(list->isExpanded(list->model()->index(0, 0)));
  keep(wizard, "data");
  list->scrollToBottom();
  QTest::qWait(300);
  qInfo("data page: the window did not answer for %.0f ms at most, %.0f ms of its own", pulse.longestWall,
        pulse.longestCpu);
  QVERIFY2(pulse.longestCpu <= 100, qPrintable(QString::number(pulse.longestCpu)));
  QVERIFY2(pulse.longestWall <= 3000, qPrintable(QString::number(pulse.longestWall)));
  m_window->openProject(m_dir.filePath("project"));
}

void WizardTest::thousandsOfAuditedImagesDoNotHoldTheWindow() {
  constexpr int images = 2000;
  answer(Json::object(), data::auditToJson(largeAudit(images)));
  auto* wizard = open(Look);
  auto* list = wizard->findChild<QTreeView*>("auditImages");
  auto* use = wizard->findChild<QPushButton*>("auditUse");
  Pulse pulse;
  QTRY_COMPARE_WITH_TIMEOUT(list->model()->rowCount(), images, 60000);
  QTRY_VERIFY(use->isEnabled());
  const auto first = list->model()->index(0, 0);
  QCOMPARE(list->model()->rowCount(first), 10);
  QVERIFY(list->isExpanded(first) && list->isFirstColumnSpanned(0, first));
  QVERIFY(!first.data(Qt::DecorationRole).value<QImage>().isNull());
  keep(wizard, "audit");
  list->scrollToBottom();
  QTest::qWait(500);
  qInfo("audit page: the window did not answer for %.0f ms at most, %.0f ms of its own", pulse.longestWall,
        pulse.longestCpu);
  QVERIFY2(pulse.longestCpu <= 100, qPrintable(QString::number(pulse.longestCpu)));
  QVERIFY2(pulse.longestWall <= 3000, qPrintable(QString::number(pulse.longestWall)));
}

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName("wizard-test");
  WizardTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "wizard.moc"
