#include "widgets/form/FieldEditor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <algorithm>
#include <climits>
#include <cmath>
#include <functional>

#include "widgets/form/NetworkEditor.h"

namespace lorkd::form {
namespace {

QString text(const Json& schema, const char* key) {
  const auto raw = schema.value(key, std::string());
  return raw.empty() ? QString() : QCoreApplication::translate("Schema", raw.c_str());
}

Json schemaOf(const QString& path) {
  auto field = plan::fieldSchema(path.toStdString());
  return field ? *field : Json::object();
}

/// "0.003" stays "0.003" and 1e-09 is not shown as zero.
class NumberBox : public QDoubleSpinBox {
 public:
  explicit NumberBox(QWidget* parent) : QDoubleSpinBox(parent) {
    setDecimals(10);
    setStepType(AdaptiveDecimalStepType);
    setGroupSeparatorShown(false);
    setLocale(QLocale::c());
    setKeyboardTracking(false);
  }
  /// Read back, the text is the value again.
  QString textFromValue(double value) const override {
    if (decimals() == 0) return QString::number(value, 'f', 0);
    const double size = std::abs(value);
    const bool plain = value == 0 || (size >= 1e-4 && size < 1e15);
    return QString::number(value, plain ? 'f' : 'g', QLocale::FloatingPointShortest);
  }
  QValidator::State validate(QString& input, int& position) const override {
    bool ok = false;
    QString number = input;
    number.remove(suffix());
    number.trimmed().toDouble(&ok);
    return ok ? QDoubleSpinBox::validate(input, position) == QValidator::Invalid && !input.contains('e')
                    ? QValidator::Invalid
                    : QValidator::Acceptable
              : QValidator::Intermediate;
  }
  double valueFromText(const QString& input) const override {
    QString number = input;
    return number.remove(suffix()).trimmed().toDouble();
  }
};

/// Calls `read` now and whenever the model changes at, above or below `path`.
void follow(PlanModel* model, const QString& path, QWidget* editor, const std::function<void()>& read) {
  read();
  QObject::connect(model, &PlanModel::changed, editor, [path, read](const QString& changed) {
    if (changed.isEmpty() || path.startsWith(changed) || changed.startsWith(path)) read();
  });
}

QWidget* choiceEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* box = new QComboBox(parent);
  for (const auto& choice : schema["enum"]) {
    const auto raw = QString::fromStdString(choice.get<std::string>());
    box->addItem(QCoreApplication::translate("Schema", raw.toUtf8().constData()).replace('_', ' '), raw);
  }
  follow(model, path, box, [=] {
    const QSignalBlocker quiet(box);
    const auto value = model->value(path);
    box->setCurrentIndex(value.is_string() ? box->findData(QString::fromStdString(value.get<std::string>())) : 0);
  });
  QObject::connect(box, &QComboBox::activated, box,
                   [=] { model->setValue(path, box->currentData().toString().toStdString()); });
  return box;
}

QDoubleSpinBox* numberBox(const Json& schema, const QString& unit, QWidget* parent) {
  auto* box = new NumberBox(parent);
  box->setRange(schema.value("minimum", -1e12), schema.value("maximum", 1e12));
  if (schema.value("type", "") == "integer")
    box->setDecimals(0), box->setSingleStep(1), box->setStepType(QAbstractSpinBox::DefaultStepType);
  if (!unit.isEmpty()) box->setSuffix(" " + unit);
  // The size hint knows the limits' texts only, and those may be shorter than a value between them: 0, 0.9 and 0.125.
  const int digits = box->fontMetrics().horizontalAdvance(QStringLiteral("0.00000") + box->suffix());
  box->setMinimumWidth(std::max(box->sizeHint().width(), digits + 2 * box->sizeHint().height()));
  return box;
}

Json numberJson(const QDoubleSpinBox* box, bool whole) {
  return whole ? Json(static_cast<std::int64_t>(box->value())) : Json(box->value());
}

QWidget* numberEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  const bool whole = schema["type"] == "integer";
  auto* box = numberBox(schema, text(schema, "unit"), parent);
  follow(model, path, box, [=] {
    const QSignalBlocker quiet(box);
    const auto value = model->value(path);
    if (value.is_number()) box->setValue(value.get<double>());
  });
  QObject::connect(box, &QDoubleSpinBox::valueChanged, box, [=] { model->setValue(path, numberJson(box, whole)); });
  return box;
}

/// A fixed number of numbers side by side: spacing, patch, clip.
QWidget* rowEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* row = new QWidget(parent);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  const bool whole = schema["items"]["type"] == "integer";
  std::vector<QDoubleSpinBox*> boxes;
  for (int i = 0; i < schema["minItems"].get<int>(); ++i) {
    boxes.push_back(numberBox(schema["items"], text(schema, "unit"), row));
    boxes.back()->setObjectName(path + "." + QString::number(i));
    boxes.back()->setAccessibleName(fieldTitle(path) + " " + QString::number(i + 1));
    layout->addWidget(boxes.back());
  }
  follow(model, path, row, [=] {
    const auto value = model->value(path);
    for (std::size_t i = 0; i < boxes.size() && value.is_array() && i < value.size(); ++i) {
      const QSignalBlocker quiet(boxes[i]);
      boxes[i]->setValue(value[i].get<double>());
    }
  });
  for (auto* box : boxes)
    QObject::connect(box, &QDoubleSpinBox::valueChanged, row, [=] {
      Json values = Json::array();
      for (const auto* b : boxes) values.push_back(numberJson(b, whole));
      model->setValue(path, values);
    });
  return row;
}

/// Text, or a list written with commas.
QWidget* textEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* line = new QLineEdit(parent);
  const bool list = schema.value("type", "") == "array";
  const bool whole = list && schema["items"]["type"] == "integer";
  if (list) line->setPlaceholderText(QCoreApplication::translate("Schema", "as the preset says"));
  follow(model, path, line, [=] {
    const QSignalBlocker quiet(line);
    const auto value = model->value(path);
    QStringList parts;
    if (value.is_array())
      for (const auto& v : value) parts << QString::fromStdString(v.is_string() ? v.get<std::string>() : v.dump());
    const auto shown = value.is_string() ? QString::fromStdString(value.get<std::string>()) : parts.join(", ");
    if (!line->hasFocus() || !line->isModified()) line->setText(shown);
  });
  QObject::connect(line, &QLineEdit::editingFinished, line, [=] {
    if (!list) return model->setValue(path, line->text().toStdString());
    Json values = Json::array();
    for (const auto& part : line->text().split(',', Qt::SkipEmptyParts)) {
      if (whole)
        values.push_back(part.trimmed().toLongLong());
      else
        values.push_back(part.trimmed().toStdString());
    }
    model->setValue(path, values);
  });
  return line;
}

QWidget* switchEditor(PlanModel* model, const QString& path, QWidget* parent) {
  auto* box = new QCheckBox(parent);
  follow(model, path, box, [=] {
    const QSignalBlocker quiet(box);
    const auto value = model->value(path);
    box->setChecked(value.is_boolean() && value.get<bool>());
  });
  QObject::connect(box, &QCheckBox::toggled, box, [=](bool on) { model->setValue(path, on); });
  return box;
}

}  // namespace

QString fieldTitle(const QString& path) {
  const auto title = text(schemaOf(path), "title");
  return title.isEmpty() ? path.section('.', -1) : title;
}

QString fieldHelp(const QString& path) {
  const auto schema = schemaOf(path);
  QString help = text(schema, "description");
  const auto number = [](const Json& v) { return QString::number(v.get<double>(), 'g', 10); };
  const auto& limits = schema.contains("items") ? schema["items"] : schema;
  if (limits.contains("minimum") && limits.contains("maximum"))
    help += "\n" +
            QCoreApplication::translate("Schema", "Allowed: %1 to %2")
                .arg(number(limits["minimum"]), number(limits["maximum"])) +
            (schema.contains("unit") ? " " + text(schema, "unit") : QString());
  return help;
}

QWidget* makeFieldEditor(PlanModel* model, const QString& path, QWidget* parent) {
  const auto schema = schemaOf(path);
  const auto type = schema.value("type", std::string("string"));
  QWidget* editor = nullptr;
  if (namesNetwork(path))
    editor = makeNetworkEditor(model, path, parent);
  else if (schema.contains("enum"))
    editor = choiceEditor(model, path, schema, parent);
  else if (type == "boolean")
    editor = switchEditor(model, path, parent);
  else if (type == "integer" || type == "number")
    editor = numberEditor(model, path, schema, parent);
  else if (type == "array" && schema.contains("minItems"))
    editor = rowEditor(model, path, schema, parent);
  else
    editor = textEditor(model, path, schema, parent);
  editor->setObjectName(path);
  editor->setAccessibleName(fieldTitle(path));
  editor->setToolTip(fieldHelp(path));
  return editor;
}

PlanForm::PlanForm(PlanModel* model, const QStringList& paths, QWidget* parent) : QWidget(parent) {
  auto* layout = new QFormLayout(this);
  layout->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
  layout->setContentsMargins(0, 0, 0, 0);
  for (const auto& path : paths) {
    auto* label = new QLabel(fieldTitle(path), this);
    label->setToolTip(fieldHelp(path));
    auto* editor = makeFieldEditor(model, path, this);
    label->setBuddy(editor);
    layout->addRow(label, editor);
  }
}

}  // namespace lorkd::form
