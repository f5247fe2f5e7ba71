// The wizard where it says no, and where it warns.
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTextBrowser>

#include "tests/gui/FakeRun.h"
#include "tests/gui/WizardWindow.h"
#include "widgets/field/NumberField.h"

using namespace lorkd;
using namespace lorkd::workbench;

class WizardTest : public WizardWindow {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { begin(); }
  void cleanup() { end(); }
  void nextSaysWhyItIsGrey();
  void namesOfRunsAreJudgedWhereTheyStand();
  void errorsShowNoFileOfTheMoment();
  void largeStudentsAndCostlyRanksAreNamed();
  void gridsFarFromTheAdviceAreNamed();
  void everyNumberFieldRefusesAComma();
  void teachersThatAreNotThereAreNamed();
  void namesThatWereTypedStay();
  void whatWasNotReadIsNotCounted();
  void sizesThatCannotBeCountedAreNotShown();
  void faultsSayWhichBox();
};

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
  auto* status = wizard->findChild<QLabel*>("sizeFault");
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

void WizardTest::teachersThatAreNotThereAreNamed() {
  auto* wizard = open(Teacher);
  wizard->model()->setValue("teacher.source", "checkpoint");
  auto* path = wizard->findChild<QLineEdit*>("teacher.checkpoint");
  const auto* fault = wizard->findChild<QLabel*>("teacher.checkpoint.fault");
  const test::FakeRun run(m_dir.filePath("taught").toStdString());
  const auto best = run.directory.checkpoint("best");
  const std::vector<std::pair<QString, QString>> wrong{
      {"/nowhere/teacher", "no folder"}, {m_dir.path(), "is no run"}, {m_dir.filePath("taught"), "no trained network"}};
  for (const auto& [typed, words] : wrong) {
    type(path, typed);
    QVERIFY2(fault->isVisible() && fault->text().contains(words), qPrintable(fault->text()));
    QVERIFY2(!next(wizard)->isEnabled() && why(wizard).contains(words), qPrintable(why(wizard)));
    QCOMPARE(wizard->model()->value("teacher.checkpoint"), Json(typed.toStdString()));
  }
  QVERIFY(std::ofstream(best).put('x'));
  type(path, "");
  type(path, m_dir.filePath("taught"));
  QVERIFY2(!fault->isVisible() && next(wizard)->isEnabled(), qPrintable(why(wizard)));
  // It may be gone when the plan is reviewed.
  QVERIFY(std::filesystem::remove(best));
  wizard->setStartId(Review);
  wizard->restart();
  const auto* faults = wizard->findChild<QLabel*>("faults");
  QVERIFY2(faults->text().contains("no trained network"), qPrintable(faults->text()));
  QVERIFY(!wizard->button(QWizard::FinishButton)->isEnabled());
}

void WizardTest::namesThatWereTypedStay() {
  auto* wizard = open(Training);
  QTest::mouseClick(next(wizard), Qt::LeftButton);
  auto* name = wizard->findChild<QLineEdit*>("runName");
  const auto* plan = wizard->findChild<QPlainTextEdit*>("planText");
  const auto* summary = wizard->findChild<QLabel*>("planSummary");
  QCOMPARE(name->text(), QString("run-1"));
  type(name, "mine");
  // What is shown is what will be frozen.
  QVERIFY(plan->toPlainText().contains("\"name\": \"mine\""));
  wizard->back();
  wizard->model()->setValue("backbone.widths", {4, 8});
  wizard->model()->setValue("losses.transfer", 0);
  QTest::mouseClick(next(wizard), Qt::LeftButton);
  QCOMPARE(name->text(), QString("mine"));
  QVERIFY2(summary->text().contains("widths 4, 8"), qPrintable(summary->text()));
  QVERIFY2(summary->text().contains("teacher: none"), qPrintable(summary->text()));
}

void WizardTest::whatWasNotReadIsNotCounted() {
  auto audit = largeAudit(2);
  auto& task = audit.tasks.emplace_back();
  task.name = "abdomen";
  task.classes.push_back({"liver", 2, 2, 0, 1, 0});
  answer(Json::object(), data::auditToJson(audit));
  auto* wizard = open(Look);
  const auto* summary = wizard->findChild<QTextBrowser*>("auditSummary");
  auto* read = wizard->findChild<QPushButton*>("auditRead");
  QTRY_VERIFY(read->isEnabled() && summary->toPlainText().contains("liver"));
  QVERIFY2(summary->toPlainText().contains("–"), qPrintable(summary->toPlainText()));
  QTest::mouseClick(read, Qt::LeftButton);
  QTRY_VERIFY(read->isEnabled());
  QTRY_VERIFY2(!summary->toPlainText().contains("–"), qPrintable(summary->toPlainText()));
  // The button was grey meanwhile; the next one leads off the page.
  QVERIFY(wizard->focusWidget() == wizard->findChild<QWidget*>("auditImages"));
}

void WizardTest::sizesThatCannotBeCountedAreNotShown() {
  const Json plan{
      {"layers", {{{"name", "encoder.0"}, {"dims", 3}, {"in", 8}, {"out", 16}, {"kernel", 3}, {"decoder", false}}}},
      {"tasks", {{{"name", "abdomen"}, {"expert", 5000}}, {{"name", "head"}, {"expert", 5000}}}},
      {"teacher", 50000}};
  answer(plan);
  auto* wizard = open(Ranks);
  auto* table = wizard->findChild<form::RankTable*>("rankTable");
  const auto* fault = wizard->findChild<QLabel*>("sizeFault");
  QTRY_VERIFY(table->factorParameters(0) > 0);
  fake(
      "printf '{\"kind\":\"error\",\"code\":\"invalid argument\",\"message\":\"too "
      "narrow\",\"hint\":\"\",\"context\":\"\"}\\n'\nexit 1\n");
  wizard->model()->setValue("backbone.widths", {1, 2});
  QTRY_VERIFY2(fault->isVisible() && fault->text().contains("too narrow"), qPrintable(fault->text()));
  QVERIFY(table->factorParameters(0) == 0);
  QCOMPARE(table->item(0, form::RankTable::FactorsColumn)->text(), QString("–"));
  QCOMPARE(table->item(0, form::RankTable::ExpertColumn)->text(), QString());
  QVERIFY(!next(wizard)->isEnabled());
  QCOMPARE(why(wizard), fault->text());
  answer(plan);
  wizard->model()->setValue("backbone.widths", {4, 8});
  QTRY_VERIFY(table->factorParameters(0) > 0);
  QVERIFY(!fault->isVisible() && next(wizard)->isEnabled());
}

void WizardTest::faultsSayWhichBox() {
  auto* wizard = open(Training);
  auto* box = wizard->findChild<QAbstractSpinBox*>("data.spacing.1");
  type(box, "x");
  QVERIFY(wizard->findChild<QLabel*>("data.spacing.fault")->text().contains("Value 2"));
  QVERIFY2(why(wizard).contains("value 2"), qPrintable(why(wizard)));
  QTest::mouseClick(wizard->findChild<QAbstractButton*>("whyNot"), Qt::LeftButton);
  QVERIFY(wizard->focusWidget() == box);
  type(box, "1");
  // A rule between values is said in the form in which they are typed.
  wizard->model()->setValue("data.clip", {400.0, 300.0});
  QVERIFY2(why(wizard).contains("400, 300 is not allowed"), qPrintable(why(wizard)));
  delete wizard;

  // Several lines come in the order of the table.
  wizard = open(Ranks);
  wizard->model()->setValue("tasks", Json::parse(R"({"zeta": {"rank": 4, "classes": {"liver": {}}},
                                                     "alpha": {"rank": 4, "classes": {"brain": {}}}})"));
  for (const char* task : {"tasks.alpha.rank", "tasks.zeta.rank"})
    type(wizard->findChild<QAbstractSpinBox*>(task), "x");
  const auto lines = wizard->findChild<QLabel*>("rankFaults")->text().split('\n');
  QVERIFY2(lines.size() == 2 && lines.front().contains("zeta"), qPrintable(lines.join(" | ")));
  QTest::mouseClick(wizard->findChild<QAbstractButton*>("whyNot"), Qt::LeftButton);
  QCOMPARE(wizard->focusWidget()->objectName(), QString("tasks.zeta.rank"));
}

int main(int argc, char** argv) { return runWizardTest<WizardTest>(argc, argv, "wizard-test"); }

#include "wizard.moc"
