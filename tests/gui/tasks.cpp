// The task editor with the mouse and the keys of a person: labels to tasks, classes merged, split and moved.
#include <QCheckBox>
#include <QColorDialog>
#include <QLabel>
#include <QMenu>
#include <QToolButton>

#include "tests/gui/TasksWindow.h"
#include "widgets/field/NumberField.h"

using namespace lorkd;
using namespace lorkd::form;

class TasksTest : public TasksWindow {
  Q_OBJECT
 private Q_SLOTS:
  void init() { open(); }
  void cleanup() { close(); }
  void labelsBecomeClasses();
  void severalLabelsBecomeOneClass();
  void labelsOfAnyScriptStayApart();
  void codesAndColoursComeAlong();
  void imagesAreCounted();
  void theFilterFinds();
  void aFaultyExpressionIsNamed();
  void usedLabelsLookUsed();
  void enterAddsAndDeleteRemoves();
  void labelsAreDraggedToATaskAClassAndBeside();
  void classesAreDragged();
  void classesAreMergedAndSplit();
  void coloursAreChosen();
  void scoresOfClassesAreChosen();
  void stepsAreTakenBack();
  void kindHoldsForEveryTask();
  void renamingKeepsTheLabels();
};

void TasksTest::labelsBecomeClasses() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  const auto task = m_model->value("tasks.task");
  QVERIFY(task.contains("classes"));
  QCOMPARE(task["classes"]["liver"]["labels"], Json({"liver"}));
  QVERIFY(task["classes"].contains("brain"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::severalLabelsBecomeOneClass() {
  choose(labels(), {"Left Kidney", "Right Kidney"});
  press("mergeClasses");
  const auto made = m_model->value("tasks.task.classes");
  QCOMPARE(made.size(), std::size_t(1));
  QCOMPARE(made.front()["labels"], Json({"Left Kidney", "Right Kidney"}));
}

void TasksTest::labelsOfAnyScriptStayApart() {
  // Letter case tells no labels apart, as in training.
  show({{"ct", "", {label("肝脏"), label("脾脏"), label("Liver")}}, {"ct", "", {label("liver")}}});
  QCOMPARE(labels()->topLevelItemCount(), 3);
  for (int twice = 0; twice < 2; ++twice) {
    press("selectShown");
    press("addClasses");
  }
  const auto made = m_model->value("tasks.task.classes");
  QCOMPARE(made.size(), std::size_t(3));
  QCOMPARE(made["肝脏"]["labels"], Json::array({"肝脏"}));
  QCOMPARE(made["脾脏"]["labels"], Json::array({"脾脏"}));
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("2"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::codesAndColoursComeAlong() {
  choose(labels(), {"Left Kidney", "Right Kidney", "liver"});
  press("addClasses");
  const auto one = classes("task")["left kidney"];
  QCOMPARE(one["color"], Json("#b9664d"));
  QCOMPARE(one["code"]["value"], Json("64033007"));
  QCOMPARE(one["modifier"]["meaning"], Json("Left"));
  // Both are kidneys, of no one side.
  press("mergeClasses");
  const auto both = classes("task")["left kidney 2"];
  QCOMPARE(both["labels"], Json({"Left Kidney", "liver", "Right Kidney"}));
  QCOMPARE(both["code"]["value"], Json(""));
  choose(labels(), {"Left Kidney", "Right Kidney"});
  press("mergeClasses");
  const auto kidneys = classes("task")["left kidney 3"];
  QCOMPARE(kidneys["code"]["value"], Json("64033007"));
  QCOMPARE(kidneys["modifier"]["value"], Json(""));
  QVERIFY(m_model->faults().empty());
  // Where images contradict each other, nothing is said.
  show({{"ct", "", {label("x", 1, "#111111", kKidney)}}, {"ct", "", {label("x", 2, "#111111", kLeft)}}});
  QVERIFY(labels()->topLevelItem(0)->toolTip(0).contains("code"));
  QVERIFY(labels()->topLevelItem(0)->text(1).isEmpty());
  choose(labels(), {"x"});
  press("addClasses");
  QCOMPARE(classes("task")["x"]["color"], Json("#111111"));
  QCOMPARE(classes("task")["x"]["code"]["value"], Json(""));
}

void TasksTest::imagesAreCounted() {
  choose(labels(), {"Left Kidney", "Right Kidney", "brain"});
  press("mergeClasses");
  // Two images have both kidneys, one the left alone, two a brain: five images, not nine labels.
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("5"));
  QCOMPARE(row(labels(), "Right Kidney")->text(4), QString("2"));
  m_model->setValue("tasks.task.body_parts", Json({"abdomen"}));
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("3"));
  m_model->setValue("tasks.task.sources", Json({"elsewhere"}));
  QCOMPARE(tasks()->topLevelItem(0)->child(0)->text(2), QString("0"));
}

void TasksTest::theFilterFinds() {
  type("KIDNEY");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
  press("selectShown");
  QCOMPARE(labels()->selectedItems().size(), 2);
  type("10200004");  // a code
  QCOMPARE(shown(), QStringList({"liver"}));
  QCOMPARE(labels()->selectedItems().size(), 0);  // what is not seen is not chosen
  type("head");                                   // a body part
  QCOMPARE(shown(), QStringList({"brain"}));
  type("^(left|right) ");
  QVERIFY(shown().isEmpty());  // plain text
  press("labelFilterRegular");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
  QVERIFY(m_editor->findChild<QLabel*>("labelCount")->text().contains("2 of 4"));
  // Enter goes on to what was found, and no farther.
  QTest::keyClick(m_editor->findChild<QLineEdit*>("labelFilter"), Qt::Key_Return);
  QCOMPARE(labels()->selectedItems().size(), 1);
  QCOMPARE(labels()->currentItem()->text(0), QString("Left Kidney"));
  // Numbers in names stand by their value.
  show({{"ct", "", {label("rib 10"), label("Rib 2"), label("rib 1")}}});
  QCOMPARE(shown(), QStringList({"rib 1", "Rib 2", "rib 10"}));
}

void TasksTest::aFaultyExpressionIsNamed() {
  press("labelFilterRegular");
  auto* fault = m_editor->findChild<QLabel*>("labelFilterFault");
  type("^l");
  QCOMPARE(shown(), QStringList({"Left Kidney", "liver"}));
  QVERIFY(!fault->isVisible());
  type("^l(");
  QVERIFY(fault->isVisible());
  QVERIFY2(fault->text().contains("character 3"), qPrintable(fault->text()));
  QCOMPARE(shown(), QStringList({"Left Kidney", "liver"}));
  type("^l(i)");
  QVERIFY(!fault->isVisible());
  QCOMPARE(shown(), QStringList({"liver"}));
}

void TasksTest::usedLabelsLookUsed() {
  choose(labels(), {"liver"});
  press("addClasses");
  QVERIFY(row(labels(), "liver")->font(0).italic());
  QVERIFY(row(labels(), "liver")->toolTip(0).contains("task › liver"));
  QVERIFY(!row(labels(), "brain")->font(0).italic());
  // In the colour of its class, whatever the data say of it.
  const auto picture = [](const QTreeWidgetItem* item) { return item->icon(0).pixmap(16, 16).toImage(); };
  QCOMPARE(picture(row(labels(), "liver")), picture(row(tasks(), "liver")));
  QVERIFY(picture(row(labels(), "brain")) != picture(row(tasks(), "liver")));
  press("onlyUnused");
  QCOMPARE(shown(), QStringList({"brain", "Left Kidney", "Right Kidney"}));
  choose(labels(), {"brain"});
  press("addClasses");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
}

void TasksTest::enterAddsAndDeleteRemoves() {
  labels()->setFocus();
  QTest::keyClick(labels(), Qt::Key_Home);
  QTest::keyClick(labels(), Qt::Key_Down, Qt::ShiftModifier);
  QTest::keyClick(labels(), Qt::Key_Return);
  QCOMPARE(classes("task").size(), std::size_t(2));
  choose(tasks(), {"brain"});
  QTest::keyClick(tasks(), Qt::Key_Delete);
  QTRY_COMPARE(classes("task").size(), std::size_t(1));
  QVERIFY(!classes("task").contains("brain"));
  // A name is edited with F2, and Enter ends it.
  choose(tasks(), {"task"});
  QTest::keyClick(tasks(), Qt::Key_F2);
  auto* edit = tasks()->findChild<QLineEdit*>();
  QVERIFY(edit);
  edit->selectAll();
  QTest::keyClicks(edit, "Abdomen");
  QTest::keyClick(edit, Qt::Key_Return);
  QTRY_VERIFY(m_model->value("tasks").contains("abdomen"));
}

void TasksTest::labelsAreDraggedToATaskAClassAndBeside() {
  const QPoint beside(120, tasks()->viewport()->height() - 20);
  choose(labels(), {"liver"});
  DRAG(labels(), placeOf(labels(), "liver"), tasks(), beside);
  QCOMPARE(classes("task").size(), std::size_t(1));
  DRAG(labels(), placeOf(labels(), "brain"), tasks(), beside);
  QVERIFY(classes("task 2").contains("brain"));
  // Both chosen rows come along with the one that is taken.
  choose(labels(), {"Left Kidney", "Right Kidney"});
  DRAG(labels(), placeOf(labels(), "Right Kidney"), tasks(), placeOf(tasks(), "task"));
  QCOMPARE(classes("task").size(), std::size_t(3));
  // On a class: its union with them.
  m_editor->undo();
  QCOMPARE(classes("task").size(), std::size_t(1));
  choose(labels(), {"Left Kidney", "Right Kidney"});
  DRAG(labels(), placeOf(labels(), "Left Kidney"), tasks(), placeOf(tasks(), "liver"));
  QCOMPARE(classes("task").size(), std::size_t(1));
  QCOMPARE(classes("task")["liver"]["labels"], Json({"liver", "Left Kidney", "Right Kidney"}));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(2));
}

void TasksTest::classesAreDragged() {
  choose(labels(), {"liver", "Left Kidney", "Right Kidney", "brain"});
  press("addClasses");
  const QPoint beside(120, tasks()->viewport()->height() - 20);
  choose(tasks(), {"left kidney", "right kidney"});
  DRAG(tasks(), placeOf(tasks(), "left kidney"), tasks(), beside);
  QCOMPARE(classes("task").size(), std::size_t(2));
  QCOMPARE(classes("task 2").size(), std::size_t(2));
  choose(tasks(), {"liver"});
  DRAG(tasks(), placeOf(tasks(), "liver"), tasks(), placeOf(tasks(), "task 2"));
  QVERIFY(classes("task 2").contains("liver"));
  choose(tasks(), {"right kidney"});
  DRAG(tasks(), placeOf(tasks(), "right kidney"), tasks(), placeOf(tasks(), "left kidney"));
  QCOMPARE(classes("task 2")["left kidney"]["labels"], Json({"Left Kidney", "Right Kidney"}));
  QCOMPARE(classes("task 2").size(), std::size_t(2));
  // A task that gave its last class away is gone.
  choose(tasks(), {"brain"});
  DRAG(tasks(), placeOf(tasks(), "brain"), tasks(), placeOf(tasks(), "task 2"));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(1));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::classesAreMergedAndSplit() {
  choose(labels(), {"liver", "Left Kidney", "Right Kidney"});
  press("addClasses");
  choose(tasks(), {"left kidney", "right kidney"});
  press("mergeTaskClasses");
  QCOMPARE(classes("task").size(), std::size_t(2));
  QCOMPARE(classes("task")["left kidney"]["labels"], Json({"Left Kidney", "Right Kidney"}));
  QCOMPARE(classes("task")["left kidney"]["code"]["value"], Json("64033007"));
  QVERIFY(!m_editor->findChild<QPushButton*>("mergeTaskClasses")->isEnabled());
  choose(tasks(), {"left kidney"});
  press("splitClass");
  QCOMPARE(classes("task").size(), std::size_t(3));
  QCOMPARE(classes("task")["right kidney"]["labels"], Json({"Right Kidney"}));
  QCOMPARE(classes("task")["right kidney"]["modifier"]["meaning"], Json("Right"));
  QVERIFY(m_model->faults().empty());
  // Without a drag: from the menu.
  choose(tasks(), {"right kidney", "liver"});
  auto* move = m_editor->findChild<QPushButton*>("moveClasses");
  move->setFocus();
  QTimer::singleShot(300, move->menu(), [menu = move->menu()] {
    QTest::keyClick(menu, Qt::Key_Up);  // from the last
    QTest::keyClick(menu, Qt::Key_Return);
  });
  QTest::keyClick(move, Qt::Key_Space);
  QTRY_COMPARE(classes("task 2").size(), std::size_t(2));
  QCOMPARE(classes("task").size(), std::size_t(1));
}

void TasksTest::coloursAreChosen() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  choose(tasks(), {"liver", "brain"});
  press("taskColor");
  auto* dialog = m_editor->findChild<QColorDialog*>("taskColorDialog");
  QVERIFY(dialog);
  QTRY_VERIFY(dialog->isVisible());
  QLineEdit* html = nullptr;
  for (auto* edit : dialog->findChildren<QLineEdit*>())
    if (edit->text().startsWith('#')) html = edit;
  QVERIFY(html);
  html->selectAll();
  QTest::keyClicks(html, "#123456");
  QTest::keyClick(html, Qt::Key_Return);
  QTRY_COMPARE(classes("task")["liver"]["color"], Json("#123456"));
  QCOMPARE(classes("task")["brain"]["color"], Json("#123456"));
}

void TasksTest::scoresOfClassesAreChosen() {
  choose(labels(), {"liver", "Left Kidney", "brain"});
  press("addClasses");
  auto* tolerance = m_editor->findChild<field::NumberField*>("classTolerance");
  auto* lesions = m_editor->findChild<QCheckBox*>("classLesions");
  QVERIFY(tolerance && lesions);
  m_editor->tasks()->clearSelection();
  QVERIFY(!tolerance->isEnabled() && !lesions->isEnabled());
  choose(tasks(), {"liver", "brain"});
  QVERIFY(tolerance->isEnabled());
  QCOMPARE(tolerance->value(), 2.0);
  tolerance->setFocus();
  tolerance->selectAll();
  QTest::keyClicks(tolerance, "1.5");
  QVERIFY2(m_editor->focusWidget() == tolerance, "each key fills the tree anew");
  QCOMPARE(classes("task")["liver"]["tolerance"], Json(1.5));
  QCOMPARE(classes("task")["brain"]["tolerance"], Json(1.5));
  QVERIFY(!classes("task")["Left Kidney"].contains("tolerance") ||
          classes("task")["Left Kidney"]["tolerance"] == Json(2.0));
  // What the plan cannot take stays in the field, and is told.
  m_editor->tasks()->setFocus();
  tolerance->setFocus();
  tolerance->selectAll();
  QTest::keyClicks(tolerance, "1500");
  QVERIFY(!m_editor->findChild<QLabel*>("classToleranceFault")->text().isEmpty());
  QVERIFY2(classes("task")["liver"]["tolerance"] < Json(1000), "the last number that could be taken");
  choose(tasks(), {"liver"});
  press("classLesions");
  QCOMPARE(classes("task")["liver"]["lesions"], Json(true));
  // Of classes that differ it is neither; of a task, all classes are meant.
  choose(tasks(), {"task"});
  QCOMPARE(lesions->checkState(), Qt::PartiallyChecked);
  press("classLesions");
  const auto all = classes("task");
  for (const auto& [name, cls] : all.items()) QCOMPARE(cls["lesions"], Json(true));
  press("undoTasks");
  QCOMPARE(lesions->checkState(), Qt::PartiallyChecked);
  QVERIFY(m_model->faults().empty());
  // Nothing in pictures is measured in mm.
  m_editor->setKind(plan::TaskKind::Segmentation2d);
  QVERIFY(!tolerance->isVisible() && lesions->isVisible());
  m_editor->setKind(plan::TaskKind::Classification);
  QVERIFY(!lesions->isVisible());
}

void TasksTest::stepsAreTakenBack() {
  const auto begun = m_model->value("tasks");
  choose(labels(), {"liver"});
  press("addClasses");
  const auto first = m_model->value("tasks");
  choose(labels(), {"brain"});
  press("addClasses");
  const auto second = m_model->value("tasks");
  press("undoTasks");
  QCOMPARE(m_model->value("tasks"), first);
  press("undoTasks");
  QCOMPARE(m_model->value("tasks"), begun);
  QVERIFY(!m_editor->findChild<QPushButton*>("undoTasks")->isEnabled());
  press("redoTasks");
  press("redoTasks");
  QCOMPARE(m_model->value("tasks"), second);
  m_editor->activateWindow();
  QVERIFY(QTest::qWaitForWindowActive(m_editor.get()));
  tasks()->setFocus();
  QTest::keySequence(tasks(), QKeySequence::Undo);
  QCOMPARE(m_model->value("tasks"), first);
  // What was changed elsewhere is not taken back.
  m_model->setValue("tasks.task.rank", 9);
  QVERIFY(!m_editor->findChild<QPushButton*>("undoTasks")->isEnabled());
  m_editor->undo();
  QCOMPARE(m_model->value("tasks.task.rank"), Json(9));
}

void TasksTest::kindHoldsForEveryTask() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  m_editor->setKind(plan::TaskKind::Classification);
  QCOMPARE(m_model->value("tasks.task.kind"), Json("classification"));
  press("suggestTasks");
  acceptProposal();
  QCOMPARE(m_model->value("tasks.abdomen.kind"), Json("classification"));
  press("newTask");
  QCOMPARE(m_model->value("tasks.task.kind"), Json("classification"));
}

void TasksTest::renamingKeepsTheLabels() {
  press("suggestTasks");
  acceptProposal();
  row(tasks(), "head and neck")->setText(0, "Neuro");
  QTRY_VERIFY(m_model->value("tasks").contains("neuro"));
  row(tasks(), "brain")->setText(0, "cerebrum");
  QTRY_VERIFY(m_model->value("tasks.neuro.classes").contains("cerebrum"));
  QCOMPARE(m_model->value("tasks.neuro.classes")["cerebrum"]["labels"], Json({"brain"}));
  // A name that is taken is refused.
  row(tasks(), "cerebrum")->parent()->setText(0, "abdomen");
  QTRY_VERIFY(row(tasks(), "neuro"));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(2));
  // It says why, until the next step.
  const auto* fault = m_editor->findChild<QLabel*>("taskFault");
  QTRY_VERIFY2(fault->isVisible() && fault->text().contains("abdomen"), qPrintable(fault->text()));
  row(tasks(), "cerebrum")->setText(0, " ");
  QTRY_VERIFY2(fault->text().contains("needs a letter") && fault->text().contains("cerebrum"),
               qPrintable(fault->text()));
  row(tasks(), "cerebrum")->setText(0, "brain");
  QTRY_VERIFY(m_model->value("tasks.neuro.classes").contains("brain"));
  QTRY_VERIFY(!fault->isVisible());
}

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  TasksTest test;
  return runTasksTest(test, argc, argv);
}

#include "tasks.moc"
