// The forms in a real window: fields from the schema, counts from ranks.
#include <QComboBox>
#include <QLabel>
#include <QtTest>

#include "widgets/field/NumberField.h"
#include "widgets/form/FieldEditor.h"
#include "widgets/form/NetworkEditor.h"
#include "widgets/form/RankTable.h"

using namespace lorkd;
using namespace lorkd::form;

class FormTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void fieldsFollowSchemaAndModel();
  void smallNumbersSurvive();
  void largeNumbersSurvive();
  void countsFollowRanks();
  void networksAreThoseThereAre();
  void costlyRanksAreNamed();
  void aStudentAsLargeAsItsTeacherIsNamed();
};

void FormTest::fieldsFollowSchemaAndModel() {
  PlanModel model;
  PlanForm form(&model, {"training.steps", "training.optimiser", "data.spacing", "conflict.enabled"});
  form.show();
  auto* steps = form.findChild<field::NumberField*>("training.steps");
  QVERIFY(steps);
  const auto schema = plan::fieldSchema("training.steps");
  QVERIFY(schema);
  QCOMPARE(steps->limits().low, (*schema)["minimum"].get<double>());
  QCOMPARE(steps->limits().high, (*schema)["maximum"].get<double>());
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
  auto* z = form.findChild<field::NumberField*>("data.spacing.2");
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
  auto* rate = form.findChild<field::NumberField*>("training.learning_rate");
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
  auto* seed = form.findChild<field::NumberField*>("seed");
  auto* low = form.findChild<field::NumberField*>("data.clip.0");
  auto* high = form.findChild<field::NumberField*>("data.clip.1");
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

void FormTest::countsFollowRanks() {
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}},
                                          "head": {"rank": 4, "classes": {"brain": {}}}})"));
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
  auto* rank = qobject_cast<field::NumberField*>(table.cellWidget(0, RankTable::RankColumn));
  QVERIFY(rank);
  rank->setValue(7);
  QCOMPARE(table.factorParameters(0), 7 * perRank + 14 * perRank);
  QCOMPARE(table.item(0, RankTable::FactorsColumn)->text(), QLocale().toString(qlonglong(21 * perRank)));
  QVERIFY(table.item(0, RankTable::ShareColumn)->text().startsWith(QLocale().toString(25.0, 'f', 1)));
}

void FormTest::costlyRanksAreNamed() {
  const auto tasks = Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}},
                                     "head": {"rank": 4, "classes": {"brain": {}}}})");
  const auto warning = [&](std::int64_t abdomen, std::int64_t head, const std::vector<nn::AdaptedLayer>& layers) {
    auto plan = tasks;
    plan["abdomen"]["rank"] = abdomen;
    plan["head"]["rank"] = head;
    NetworkSizes sizes;
    sizes.layers = layers;
    return rankWarning(sizes, plan.get<plan::Named<plan::Task>>(), 2);
  };
  // 3D, 8 -> 16 channels, kernel 3: 27·8·16 = 3456 weights; a rank costs 27·8 + 9·16 = 360: 9 ranks are 3240, 10 3600.
  const nn::AdaptedLayer down{"down", 3, 8, 16, 3, false};
  QVERIFY(warning(9, 9, {down}).isEmpty());
  const auto whole = warning(10, 9, {down});
  QVERIFY2(whole.contains("abdomen") && whole.contains("3600") && whole.contains("3456"), qPrintable(whole));
  // Cheap in all, but not in one layer. 64 -> 64 channels: 110592 weights, 2304 a rank. At rank 16 the factors have
  // 5760 + 36864 parameters, 2304 of them above the 3456 weights of the narrow layer: more than a twentieth.
  const nn::AdaptedLayer wide{"wide", 3, 64, 64, 3, false};
  const auto some = warning(16, 9, {down, wide});
  QVERIFY2(some.contains("1 of 2") && some.contains("down") && some.contains("abdomen"), qPrintable(some));
  // At rank 12, 864 of 31968: not worth a word. Nor is the first layer of a network, 1 -> 16, at an ordinary rank.
  QVERIFY(warning(12, 9, {down, wide}).isEmpty());
  QVERIFY(warning(4, 4, {{"stem", 3, 1, 16, 3, false}, wide}).isEmpty());
  // The decoder has twice the rank; a layer's own rank is its own.
  const nn::AdaptedLayer up{"up", 3, 8, 16, 3, true};
  QVERIFY(!warning(5, 4, {up}).isEmpty() && warning(4, 4, {up}).isEmpty());
  auto plan = tasks;
  plan["abdomen"]["layers"]["up"]["rank"] = 10;
  NetworkSizes sizes;
  sizes.layers = {up};
  QVERIFY(!rankWarning(sizes, plan.get<plan::Named<plan::Task>>(), 2).isEmpty());
  // What costs too much in several tasks is said once.
  QVERIFY(warning(10, 12, {down}).contains("1 more"));
}

void FormTest::aStudentAsLargeAsItsTeacherIsNamed() {
  NetworkSizes sizes;
  sizes.experts = {1000, 1200};
  sizes.teacher = 1201;
  QVERIFY(studentWarning(sizes).isEmpty());
  sizes.teacher = 1200;
  QVERIFY(studentWarning(sizes).contains("no smaller"));
  sizes.teacher = 0;  // there is none
  QVERIFY(studentWarning(sizes).isEmpty());
}

QTEST_MAIN(FormTest)
#include "form.moc"
