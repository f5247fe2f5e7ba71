// The forms in a real window: fields from the schema, tasks from labels, counts from ranks.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QTreeWidget>
#include <QtTest>

#include "widgets/form/FieldEditor.h"
#include "widgets/form/NetworkEditor.h"
#include "widgets/form/RankTable.h"
#include "widgets/form/TaskEditor.h"

using namespace lorkd;
using namespace lorkd::form;

class FormTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void fieldsFollowSchemaAndModel();
  void smallNumbersSurvive();
  void largeNumbersSurvive();
  void labelsBecomeClasses();
  void severalLabelsBecomeOneClass();
  void labelsOfAnyScriptStayApart();
  void bodyPartsBecomeTasks();
  void replacingTasksIsAsked();
  void kindHoldsForEveryTask();
  void renamingKeepsTheLabels();
  void countsFollowRanks();
  void networksAreThoseThereAre();
};

void FormTest::fieldsFollowSchemaAndModel() {
  PlanModel model;
  PlanForm form(&model, {"training.steps", "training.optimiser", "data.spacing", "conflict.enabled"});
  form.show();
  auto* steps = form.findChild<QDoubleSpinBox*>("training.steps");
  QVERIFY(steps);
  const auto schema = plan::fieldSchema("training.steps");
  QVERIFY(schema);
  QCOMPARE(steps->minimum(), (*schema)["minimum"].get<double>());
  QCOMPARE(steps->maximum(), (*schema)["maximum"].get<double>());
  QCOMPARE(steps->value(), (*schema)["default"].get<double>());
  QVERIFY(steps->toolTip().contains("Allowed"));
  steps->setFocus();
  steps->selectAll();
  QTest::keyClicks(steps, "77");
  QTest::keyClick(steps, Qt::Key_Return);
  QCOMPARE(model.value("training.steps"), Json(77));
  auto* optimiser = form.findChild<QComboBox*>("training.optimiser");
  QVERIFY(optimiser);
  QCOMPARE(optimiser->count(), 2);
  model.setValue("training.optimiser", "sgd");
  QCOMPARE(optimiser->currentData().toString(), QString("sgd"));
  auto* z = form.findChild<QDoubleSpinBox*>("data.spacing.2");
  QVERIFY(z);
  z->setValue(3);
  QCOMPARE(model.value("data.spacing"), Json({4.0, 4.0, 3.0}));
}

void FormTest::networksAreThoseThereAre() {
  PlanModel model;
  model.setValue("backbone.name", "from_a_plugin");
  model.setValue("backbone.preset", "huge");
  PlanForm form(&model, {"backbone.name", "backbone.preset"});
  form.show();
  auto* name = form.findChild<QComboBox*>("backbone.name");
  auto* preset = form.findChild<QComboBox*>("backbone.preset");
  QVERIFY(name && preset);
  // Until the engine has answered, nothing is known to be wrong.
  QCOMPARE(name->currentText(), QString("from_a_plugin"));
  QCOMPARE(preset->currentText(), QString("huge"));
  model.setNetworks(networksFromJson(
      Json::parse(R"({"networks": [{"name": "unet3d", "title": "U-Net, 3D", "dims": 3, "presets": ["tiny", "small"]},
                                   {"name": "resnet", "title": "ResNet", "dims": 2, "presets": ["18", "34"]}]})")));
  // What the plan says stays, with a warning.
  QCOMPARE(name->count(), 3);
  QCOMPARE(name->currentData().toString(), QString("from_a_plugin"));
  QVERIFY(name->currentText().contains("not a network") && !name->itemIcon(name->currentIndex()).isNull());
  QCOMPARE(model.value("backbone.name"), Json("from_a_plugin"));
  model.setValue("backbone.widths", {4, 8});
  const auto choose = [](QComboBox* box, const char* value) {
    box->setFocus();
    while (box->currentData().toString() != value && box->currentIndex() > 0) QTest::keyClick(box, Qt::Key_Up);
    while (box->currentData().toString() != value && box->currentIndex() + 1 < box->count())
      QTest::keyClick(box, Qt::Key_Down);
  };
  choose(name, "resnet");
  QCOMPARE(model.value("backbone.name"), Json("resnet"));
  QCOMPARE(name->count(), 2);
  QCOMPARE(preset->count(), 2);
  QCOMPARE(model.value("backbone.preset"), Json("18"));
  QVERIFY(model.value("backbone.widths").empty());
  choose(preset, "34");
  QCOMPARE(model.value("backbone.preset"), Json("34"));
  // The network's own preset where it has one of the usual name.
  choose(name, "unet3d");
  QCOMPARE(model.value("backbone.preset"), Json("small"));
  // A plan with a preset of another network.
  model.setValue("backbone.preset", "34");
  QCOMPARE(preset->currentData().toString(), QString("34"));
  QVERIFY(preset->currentText().contains("not a preset") && preset->count() == 3);
}

void FormTest::smallNumbersSurvive() {
  PlanModel model;
  PlanForm form(&model, {"training.learning_rate"});
  form.show();
  auto* rate = form.findChild<QDoubleSpinBox*>("training.learning_rate");
  QVERIFY(rate);
  QCOMPARE(rate->text(), QString("0.001"));
  rate->setFocus();
  rate->selectAll();
  QTest::keyClicks(rate, "2.5e-5");
  QTest::keyClick(rate, Qt::Key_Return);
  QVERIFY(std::abs(model.value("training.learning_rate").get<double>() - 2.5e-5) < 1e-12);
}

void FormTest::largeNumbersSurvive() {
  PlanModel model;
  model.setValue("seed", 20240917);
  model.setValue("data.clip", {-1234.5678, 100000.0});
  PlanForm form(&model, {"seed", "data.clip"});
  form.show();
  auto* seed = form.findChild<QDoubleSpinBox*>("seed");
  auto* low = form.findChild<QDoubleSpinBox*>("data.clip.0");
  auto* high = form.findChild<QDoubleSpinBox*>("data.clip.1");
  QVERIFY(seed && low && high);
  QCOMPARE(seed->text(), QString("20240917"));
  QVERIFY2(low->text().startsWith("-1234.5678"), qPrintable(low->text()));
  QVERIFY2(high->text().startsWith("100000"), qPrintable(high->text()));
  for (auto* box : {seed, low, high}) {
    box->setFocus();
    QTest::keyClick(box, Qt::Key_Return);
  }
  QCOMPARE(model.value("seed"), Json(20240917));
  QCOMPARE(model.value("data.clip"), Json({-1234.5678, 100000.0}));
}

namespace {
std::vector<LabelInfo> labels() {
  return {{"liver", 3, {"abdomen"}},
          {"Left Kidney", 3, {"abdomen"}},
          {"Right Kidney", 3, {"abdomen"}},
          {"brain", 2, {"head"}}};
}

void choose(TaskEditor& editor, const QStringList& names) {
  editor.available()->clearSelection();
  for (const auto& name : names)
    for (auto* item : editor.available()->findItems(name, Qt::MatchExactly)) item->setSelected(true);
}

void press(QWidget& parent, const char* name) {
  auto* button = parent.findChild<QPushButton*>(name);
  QVERIFY2(button, name);
  QTest::mouseClick(button, Qt::LeftButton);
}
}  // namespace

void FormTest::labelsBecomeClasses() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.show();
  choose(editor, {"liver", "brain"});
  press(editor, "addClasses");
  const auto task = model.value("tasks.task");
  QVERIFY(task.contains("classes"));
  QCOMPARE(task["classes"]["liver"]["labels"], Json({"liver"}));
  QVERIFY(task["classes"].contains("brain"));
  QVERIFY(model.faults().empty());
}

void FormTest::severalLabelsBecomeOneClass() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.show();
  choose(editor, {"Left Kidney", "Right Kidney"});
  press(editor, "mergeClasses");
  const auto classes = model.value("tasks.task.classes");
  QCOMPARE(classes.size(), std::size_t(1));
  QCOMPARE(classes.front()["labels"].size(), std::size_t(2));
}

void FormTest::labelsOfAnyScriptStayApart() {
  PlanModel model;
  TaskEditor editor(&model);
  const QStringList names{"肝脏", "脾脏", "Liver", "liver"};
  editor.setLabels({{names[0], 1, {}}, {names[1], 1, {}}, {names[2], 1, {}}, {names[3], 1, {}}});
  editor.show();
  choose(editor, names);
  press(editor, "addClasses");
  choose(editor, names);
  press(editor, "addClasses");  // nothing twice
  const auto check = [&](const Json& classes) {
    QCOMPARE(classes.size(), std::size_t(4));
    QCOMPARE(classes["肝脏"]["labels"], Json::array({"肝脏"}));
    QCOMPARE(classes["脾脏"]["labels"], Json::array({"脾脏"}));
    QVERIFY(classes["liver"]["labels"] != classes["liver 2"]["labels"]);
  };
  check(model.value("tasks.task.classes"));
  editor.suggestByBodyPart();
  check(model.value("tasks.all.classes"));
  QVERIFY(model.faults().empty());
}

void FormTest::replacingTasksIsAsked() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.show();
  choose(editor, {"liver"});
  press(editor, "addClasses");
  const auto own = model.value("tasks");
  for (const bool agree : {false, true}) {
    press(editor, "suggestTasks");
    auto* box = editor.findChild<QMessageBox*>("confirmSuggest");
    QVERIFY(box);
    QCOMPARE(model.value("tasks"), own);
    for (auto* button : box->buttons())
      if ((box->buttonRole(button) == QMessageBox::AcceptRole) == agree) button->click();
    QTRY_VERIFY(!editor.findChild<QMessageBox*>("confirmSuggest"));
    QCOMPARE(model.value("tasks") == own, !agree);
  }
}

void FormTest::kindHoldsForEveryTask() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  choose(editor, {"liver", "brain"});
  editor.addSelected(false);
  editor.setKind(plan::TaskKind::Classification);
  QCOMPARE(model.value("tasks.task.kind"), Json("classification"));
  editor.suggestByBodyPart();
  QCOMPARE(model.value("tasks.head.kind"), Json("classification"));
}

void FormTest::bodyPartsBecomeTasks() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.show();
  press(editor, "suggestTasks");
  const auto tasks = model.value("tasks");
  QCOMPARE(tasks.size(), std::size_t(2));
  QCOMPARE(tasks["abdomen"]["classes"].size(), std::size_t(3));
  QVERIFY(tasks["head"]["classes"].contains("brain"));
  QVERIFY(model.faults().empty());
}

void FormTest::renamingKeepsTheLabels() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.show();
  press(editor, "suggestTasks");
  auto* head = editor.tasks()->findItems("head", Qt::MatchExactly).front();
  head->setText(0, "Neuro");
  QTRY_VERIFY(model.value("tasks").contains("neuro"));
  auto* brain = editor.tasks()->findItems("brain", Qt::MatchExactly | Qt::MatchRecursive).front();
  brain->setText(0, "cerebrum");
  QTRY_VERIFY(model.value("tasks.neuro.classes").contains("cerebrum"));
  QCOMPARE(model.value("tasks.neuro.classes")["cerebrum"]["labels"], Json({"brain"}));
}

void FormTest::countsFollowRanks() {
  PlanModel model;
  TaskEditor editor(&model);
  editor.setLabels(labels());
  editor.suggestByBodyPart();
  RankTable table(&model);
  table.show();
  // One 3D layer 8 -> 16, kernel 3, encoder; one in the decoder: r(k³·Cin + k²·Cout), decoder rank twice.
  NetworkSizes sizes;
  sizes.layers = {{"down", 3, 8, 16, 3, false}, {"up", 3, 8, 16, 3, true}};
  sizes.experts = {1000, 1000};
  sizes.teacher = 4000;
  table.setSizes(sizes);
  const std::int64_t perRank = 27 * 8 + 9 * 16;
  QCOMPARE(table.factorParameters(0), 4 * perRank + 8 * perRank);
  auto* rank = qobject_cast<QDoubleSpinBox*>(table.cellWidget(0, RankTable::RankColumn));
  QVERIFY(rank);
  rank->setValue(7);
  QCOMPARE(table.factorParameters(0), 7 * perRank + 14 * perRank);
  QCOMPARE(table.item(0, RankTable::FactorsColumn)->text(), QLocale().toString(qlonglong(21 * perRank)));
  QVERIFY(table.item(0, RankTable::ShareColumn)->text().startsWith(QLocale().toString(25.0, 'f', 1)));
}

QTEST_MAIN(FormTest)
#include "form.moc"
