// Every field for numbers, typed into as a person does, whatever language the desktop speaks.
#include <QAbstractSpinBox>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QWheelEvent>
#include <QtTest>
#include <clocale>

#include "widgets/field/Number.h"
#include "widgets/form/FieldEditor.h"
#include "widgets/form/RankTable.h"

using namespace lorkd;
using namespace lorkd::form;

namespace {

/// The paths of all fields that hold a number or a list of numbers.
void collect(const Json& value, const QString& path, QStringList& numbers, QStringList& lists) {
  if (value.is_number()) numbers << path;
  if (value.is_array()) {
    const auto schema = plan::fieldSchema(path.toStdString());
    const auto type = schema->at("items").value("type", std::string());
    if (type == "number" || type == "integer") (schema->contains("minItems") ? numbers : lists) << path;
  }
  if (value.is_object())
    for (const auto& [key, below] : value.items())
      collect(below, path.isEmpty() ? QString::fromStdString(key) : path + "." + QString::fromStdString(key), numbers,
              lists);
}

void type(QWidget* field, const QString& text) {
  field->setFocus();
  auto* box = qobject_cast<QAbstractSpinBox*>(field);
  auto* line = box ? box->findChild<QLineEdit*>() : qobject_cast<QLineEdit*>(field);
  line->selectAll();
  QTest::keyClick(field, Qt::Key_Delete);
  QTest::keyClicks(field, text);
  QTest::keyClick(field, Qt::Key_Return);
  QTest::keyClick(field, Qt::Key_Tab);
}

QString textIn(const QWidget* field) {
  const auto* box = qobject_cast<const QAbstractSpinBox*>(field);
  return box ? box->text() : qobject_cast<const QLineEdit*>(field)->text();
}

}  // namespace

class FieldsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void cleanup() { QLocale::setDefault(QLocale::c()); }
  void aCommaIsNeverGuessedAt_data();
  void aCommaIsNeverGuessedAt();
  void whatIsNoNumberStays();
  void listsAreRefusedWhereTheyStand();
  void rulesBetweenFieldsAreSaidAtThem();
  void theRankTableKeepsWhatIsTyped();
  void arrowsStepAndStop();
  void oneFormatForTheProgram();
};

void FieldsTest::aCommaIsNeverGuessedAt_data() {
  QTest::addColumn<QLocale>("locale");
  QTest::newRow("C") << QLocale::c();
  QTest::newRow("de_DE") << QLocale(QLocale::German, QLocale::Germany);
  QTest::newRow("en_US") << QLocale(QLocale::English, QLocale::UnitedStates);
  QTest::newRow("fr_FR") << QLocale(QLocale::French, QLocale::France);
}

void FieldsTest::aCommaIsNeverGuessedAt() {
  QFETCH(QLocale, locale);
  QLocale::setDefault(locale);
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}}})"));
  model.setJson(plan::toJson(*model.plan()));  // every field is written out
  QStringList numbers, lists;
  collect(model.json(), {}, numbers, lists);
  QVERIFY(numbers.contains("training.learning_rate") && numbers.contains("tasks.abdomen.rank"));
  QVERIFY2(numbers.size() > 40, qPrintable(numbers.join(' ')));
  for (const auto& path : numbers) {
    PlanForm form(&model, {path});
    form.show();
    const auto boxes = form.findChildren<QAbstractSpinBox*>();
    QVERIFY2(!boxes.isEmpty(), qPrintable(path));
    for (auto* box : boxes) {
      const auto before = model.json();
      const auto shown = box->text();
      for (const char* typed : {"0,002", "1,000", "1.000,5"}) {
        type(box, typed);
        const auto where = path + " " + typed + " -> " + box->text();
        QVERIFY2(box->text().startsWith(typed), qPrintable(where));
        QVERIFY2(model.json() == before, qPrintable(where + " is " + QString::fromStdString(model.value(path).dump())));
        QVERIFY2(!model.faults().empty(), qPrintable(where));
        const auto* fault = form.findChild<QLabel*>(path + ".fault");
        QVERIFY2(fault && fault->isVisible() && fault->text().contains(typed), qPrintable(where));
      }
      // It says what to write; of "1,000" nobody knows which number it is.
      const auto schema = plan::fieldSchema(path.toStdString());
      const auto& element = schema->contains("items") ? schema->at("items") : *schema;
      const auto* fault = form.findChild<QLabel*>(path + ".fault");
      type(box, "0,002");
      QVERIFY2(fault->text().contains(element["type"] == "integer" ? "whole number" : "0.002"),
               qPrintable(fault->text()));
      type(box, "1,000");
      QVERIFY2(element["type"] == "integer" || (fault->text().contains("1.000") && fault->text().contains("1000")),
               qPrintable(fault->text()));
      type(box, shown);
      QVERIFY2(model.json() == before && model.faults().empty(), qPrintable(path));
      QVERIFY(!form.findChild<QLabel*>(path + ".fault")->isVisible());
    }
  }
}

void FieldsTest::whatIsNoNumberStays() {
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}}})"));
  model.setJson(plan::toJson(*model.plan()));  // every field is written out
  QStringList numbers, lists;
  collect(model.json(), {}, numbers, lists);
  for (const auto& path : numbers) {
    PlanForm form(&model, {path});
    form.show();
    for (auto* box : form.findChildren<QAbstractSpinBox*>()) {
      const auto before = model.json();
      const auto shown = box->text();
      // Beyond every limit, no number at all, nothing, and what other programs take for numbers.
      for (const char* typed : {"1e300", "-1e300", "abc", "", "inf", "nan", "0x10", "1 000", "--1", "5e"}) {
        type(box, typed);
        const auto where = path + " " + typed + " -> " + box->text();
        QVERIFY2(box->text() == typed, qPrintable(where));
        QVERIFY2(model.json() == before && !model.faults().empty(), qPrintable(where));
        const auto* fault = form.findChild<QLabel*>(path + ".fault");
        QVERIFY2(fault && fault->isVisible() && !fault->text().isEmpty(), qPrintable(where));
      }
      const auto schema = plan::fieldSchema(path.toStdString());
      const auto& element = schema->contains("items") ? schema->at("items") : *schema;
      if (element["type"] == "integer") {
        type(box, "2.5");
        QVERIFY2(box->text() == "2.5" && model.json() == before, qPrintable(path));
      }
      // The words have the schema's own limits.
      type(box, "1e300");
      const auto words = form.findChild<QLabel*>(path + ".fault")->text();
      QVERIFY2(words.contains(field::numberText(element["maximum"].get<double>())), qPrintable(path + ": " + words));
      type(box, shown);
      QVERIFY2(model.json() == before && model.faults().empty(), qPrintable(path));
    }
  }
}

void FieldsTest::listsAreRefusedWhereTheyStand() {
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}}})"));
  for (const char* path : {"backbone.widths", "teacher.backbone.widths", "study.seeds"}) {
    PlanForm form(&model, {path});
    form.show();
    auto* line = form.findChild<QLineEdit*>(path);
    QVERIFY(line);
    const auto before = model.json();
    for (const char* typed : {"abc", "16, abc", "1,5", "16,32", "16, 0.5", "-3", "1e9", "16; x"}) {
      if (QString(path) == "study.seeds" && QString(typed) == "1e9") continue;  // a seed
      type(line, typed);
      QVERIFY2(line->text() == typed && model.json() == before,
               qPrintable(QString("%1 %2 -> %3").arg(path, typed, QString::fromStdString(model.value(path).dump()))));
      const auto* fault = form.findChild<QLabel*>(QString(path) + ".fault");
      QVERIFY2(fault && fault->isVisible(), typed);
      QVERIFY2(model.faultOf(path) == fault->text(), typed);
    }
    type(line, "1,5");
    QVERIFY(form.findChild<QLabel*>(QString(path) + ".fault")->text().contains("1, 5"));  // what to write
    for (const char* typed : {"16, 32", "16 32", "16; 32", " 16 , 32, "}) {
      type(line, typed);
      QCOMPARE(model.value(path), Json({16, 32}));
      QVERIFY(model.faults().empty());
    }
    type(line, "");
    QCOMPARE(model.value(path), Json::array());
    type(line, "1");
  }
  // Beyond what the machine can hold is beyond every limit.
  QVERIFY(field::readNumber("1e400", {}).why.contains("too large"));
  QVERIFY(field::readNumber("-1e400", {0, 1, true}).why.contains("too small"));
  // A list of numbers that need not be whole can mean either.
  const auto read = field::readNumbers("1,5", {});
  QVERIFY2(read.values.empty() && read.why.contains("1.5") && read.why.contains("1, 5"), qPrintable(read.why));
}

void FieldsTest::rulesBetweenFieldsAreSaidAtThem() {
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}}})"));
  PlanForm form(&model, {"data.split.validation", "data.split.test", "data.clip", "training.steps"});
  form.show();
  type(form.findChild<QAbstractSpinBox*>("data.split.test"), "0.9");
  for (const char* path : {"data.split.validation", "data.split.test"}) {
    const auto* fault = form.findChild<QLabel*>(QString(path) + ".fault");
    QVERIFY2(fault->isVisible() && fault->text().contains("below 1"), qPrintable(fault->text()));
  }
  QVERIFY(!form.findChild<QLabel*>("training.steps.fault")->isVisible());
  type(form.findChild<QAbstractSpinBox*>("data.clip.0"), "2000");
  QVERIFY(form.findChild<QLabel*>("data.clip.fault")->text().contains("below the upper"));
  // One box of a row being wrong does not hold back the other.
  type(form.findChild<QAbstractSpinBox*>("data.clip.0"), "x");
  type(form.findChild<QAbstractSpinBox*>("data.clip.1"), "3000");
  QCOMPARE(model.value("data.clip"), Json({2000.0, 3000.0}));
  QCOMPARE(textIn(form.findChild<QAbstractSpinBox*>("data.clip.0")), QString("x"));
}

void FieldsTest::theRankTableKeepsWhatIsTyped() {
  PlanModel model;
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}}})"));
  RankTable table(&model);
  table.show();
  auto* rank = qobject_cast<QAbstractSpinBox*>(table.cellWidget(0, RankTable::RankColumn));
  QVERIFY(rank);
  type(rank, "0,5");
  QCOMPARE(rank->text(), QString("0,5"));
  QCOMPARE(model.value("tasks.abdomen.rank"), Json(4));
  QVERIFY(!model.faults().empty());
  // A new plan is shown as it is.
  model.setValue("tasks", Json::parse(R"({"abdomen": {"rank": 7, "classes": {"liver": {}}}})"));
  QCOMPARE(textIn(table.cellWidget(0, RankTable::RankColumn)), QString("7"));
  QVERIFY(model.faults().empty());
}

void FieldsTest::arrowsStepAndStop() {
  PlanModel model;
  PlanForm form(&model, {"training.steps", "training.learning_rate", "data.foreground"});
  form.show();
  const auto press = [&](const char* path, Qt::Key key) {
    QTest::keyClick(form.findChild<QAbstractSpinBox*>(path), key);
    return model.value(path).get<double>();
  };
  QCOMPARE(press("training.steps", Qt::Key_Up), 401.0);
  QCOMPARE(press("training.steps", Qt::Key_PageDown), 391.0);
  QCOMPARE(press("training.learning_rate", Qt::Key_Up), 0.0011);
  QCOMPARE(press("training.learning_rate", Qt::Key_Down), 0.001);
  QCOMPARE(press("training.learning_rate", Qt::Key_Down), 0.00099);
  QCOMPARE(press("data.foreground", Qt::Key_Up), 0.51);
  model.setValue("data.foreground", 0.999);
  QCOMPARE(press("data.foreground", Qt::Key_PageUp), 1.0);
  // A text that is no number does not step.
  auto* steps = form.findChild<QAbstractSpinBox*>("training.steps");
  type(steps, "4,0");
  QTest::keyClick(steps, Qt::Key_Up);
  QCOMPARE(steps->text(), QString("4,0"));
  // The wheel belongs to what scrolls, unless someone is in the field.
  form.findChild<QAbstractSpinBox*>("data.foreground")->setFocus();
  auto* rate = form.findChild<QAbstractSpinBox*>("training.learning_rate");
  QWheelEvent wheel(QPointF(5, 5), rate->mapToGlobal(QPointF(5, 5)), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                    Qt::NoScrollPhase, false);
  QApplication::sendEvent(rate, &wheel);
  QCOMPARE(model.value("training.learning_rate").get<double>(), 0.00099);
}

void FieldsTest::oneFormatForTheProgram() {
  QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
  QCOMPARE(QLocale().toString(12345.5, 'f', 1), QString("12.345,5"));
  field::useNumberFormat();
  QCOMPARE(QLocale().toString(12345.5, 'f', 1), QString("12345.5"));
  QCOMPARE(QString("%L1").arg(1234567), QString("1234567"));
  QCOMPARE(std::string(std::setlocale(LC_NUMERIC, nullptr)), std::string("C"));
}

QTEST_MAIN(FieldsTest)
#include "fields.moc"
