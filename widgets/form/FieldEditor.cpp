#include "widgets/form/FieldEditor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <functional>

#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"
#include "widgets/field/NumberListField.h"
#include "widgets/field/TextField.h"
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

/// The limits of a field, or of each element of a list.
field::NumberLimits limitsOf(const Json& schema) {
  const auto& number = schema.contains("items") ? schema["items"] : schema;
  field::NumberLimits limits;
  limits.low = number.value("minimum", limits.low);
  limits.high = number.value("maximum", limits.high);
  limits.whole = number.value("type", "") == "integer";
  limits.unit = text(schema, "unit");
  return limits;
}

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

Json numberJson(double value, bool whole) { return whole ? Json(static_cast<std::int64_t>(value)) : Json(value); }

QWidget* numberEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* box = new field::NumberField(limitsOf(schema), parent);
  follow(model, path, box, [=] {
    const QSignalBlocker quiet(box);
    const auto value = model->value(path);
    if (const auto refused = model->refused(path))
      box->setTyped(*refused);
    else if (value.is_number())
      box->setValue(value.get<double>());
  });
  const auto take = [=] {
    const auto value = numberJson(box->value(), box->limits().whole);
    if (box->why().isEmpty())
      model->setValue(path, value);
    else
      model->refuse(path, box->text(), box->why(), value);
  };
  QObject::connect(box, &field::NumberField::valueChanged, box, take);
  QObject::connect(box, &field::NumberField::faultChanged, box, take);
  return box;
}

/// A fixed number of numbers side by side: spacing, patch, clip.
QWidget* rowEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* row = new QWidget(parent);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  Json element = schema["items"];
  if (schema.contains("unit")) element["unit"] = schema["unit"];
  for (int i = 0; i < schema["minItems"].get<int>(); ++i) {
    const auto place = path + "." + QString::number(i);
    auto* box = numberEditor(model, place, element, row);
    box->setObjectName(place);
    box->setAccessibleName(fieldTitle(path) + " " + QString::number(i + 1));
    layout->addWidget(box);
    if (i == 0) row->setFocusProxy(box);
  }
  return row;
}

QWidget* listEditor(PlanModel* model, const QString& path, const Json& schema, QWidget* parent) {
  auto* line = new field::NumberListField(limitsOf(schema), parent);
  line->setPlaceholderText(QCoreApplication::translate("Schema", "as the preset says"));
  follow(model, path, line, [=] {
    const QSignalBlocker quiet(line);
    const auto value = model->value(path);
    if (const auto refused = model->refused(path))
      line->setTyped(*refused);
    else if (value.is_array())
      line->setValues(value.get<std::vector<double>>());
  });
  const auto take = [=] {
    Json values = Json::array();
    for (const double value : line->values()) values.push_back(numberJson(value, line->limits().whole));
    if (line->why().isEmpty())
      model->setValue(path, values);
    else
      model->refuse(path, line->text(), line->why(), values);
  };
  QObject::connect(line, &field::NumberListField::valuesChanged, line, take);
  QObject::connect(line, &field::NumberListField::faultChanged, line, take);
  return line;
}

QWidget* textEditor(PlanModel* model, const QString& path, QWidget* parent) {
  auto* line = new field::TextField({}, parent);
  line->setRule([=](const QString&) { return model->faultOf(path); });
  QObject::connect(model, &PlanModel::faultsChanged, line, &field::TextField::judge);
  follow(model, path, line, [=] {
    const auto value = model->value(path);
    const auto shown = value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
    if (line->text() != shown) line->setText(shown);
  });
  QObject::connect(line, &QLineEdit::textEdited, line,
                   [=](const QString& typed) { model->setValue(path, typed.toStdString()); });
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

QString fieldName(const QString& path) {
  const auto parts = path.split('.');
  // An element of a list has the list's name, and says which it is.
  bool element = false;
  const int number = parts.back().toInt(&element);
  if (element && parts.size() > 1)
    return QCoreApplication::translate("Schema", "%1, value %2")
        .arg(fieldName(parts.mid(0, parts.size() - 1).join('.')))
        .arg(number + 1);
  if (parts.size() < 2) return fieldTitle(path);
  const auto above = parts.mid(0, parts.size() - 1).join('.');
  return QCoreApplication::translate("Schema", "%1: %2").arg(fieldTitle(above), fieldTitle(path));
}

QString fieldHelp(const QString& path) {
  const auto schema = schemaOf(path);
  QString help = text(schema, "description");
  const auto& limits = schema.contains("items") ? schema["items"] : schema;
  if (limits.contains("minimum") && limits.contains("maximum"))
    help += "\n" + QCoreApplication::translate("Schema", "Allowed: %1").arg(limitsOf(schema).words());
  return help;
}

field::NumberLimits fieldLimits(const QString& path) { return limitsOf(schemaOf(path)); }

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
  else if (type == "array")
    editor = listEditor(model, path, schema, parent);
  else
    editor = textEditor(model, path, parent);
  editor->setObjectName(path);
  editor->setAccessibleName(fieldTitle(path));
  editor->setToolTip(fieldHelp(path));
  return editor;
}

PlanForm::PlanForm(PlanModel* model, const QStringList& paths, QWidget* parent) : QWidget(parent), m_paths(paths) {
  auto* layout = new QFormLayout(this);
  layout->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
  layout->setContentsMargins(0, 0, 0, 0);
  for (const auto& path : paths) {
    auto* label = new QLabel(fieldTitle(path), this);
    label->setToolTip(fieldHelp(path));
    auto* editor = makeFieldEditor(model, path, this);
    label->setBuddy(editor);
    auto* fault = new field::FaultLine(this);
    fault->setObjectName(path + ".fault");
    const auto say = [=] { fault->say(model->faultOf(path)); };
    connect(model, &PlanModel::faultsChanged, fault, say);
    say();
    layout->addRow(label, field::stacked(editor, fault, this));
  }
}

}  // namespace lorkd::form
