// The widget for one field of the plan, made from its schema: limits, choices, unit and help come from there.
#pragma once

#include <QWidget>

#include "widgets/field/Number.h"
#include "widgets/form/PlanModel.h"

namespace lorkd::form {

/// What people call the field, alone and with what it belongs to ("Data: Patch size"), and the help shown with it
/// (description, range, unit).
QString fieldTitle(const QString& path);
QString fieldName(const QString& path);
QString fieldHelp(const QString& path);
/// What a number there, or each of a list, may be.
field::NumberLimits fieldLimits(const QString& path);

/// A widget bound both ways to `path` of `model`: choice, number, switch, text, a row or a list of numbers. What the
/// plan cannot take stays in the field, marked, and is one of the model's faults.
/// Its objectName is the path, its accessibleName the title. The path must be in the schema.
QWidget* makeFieldEditor(PlanModel* model, const QString& path, QWidget* parent = nullptr);

/// A form of several fields, labels at the left; below each what is wrong with it.
class PlanForm : public QWidget {
  Q_OBJECT
 public:
  PlanForm(PlanModel* model, const QStringList& paths, QWidget* parent = nullptr);
  const QStringList& paths() const { return m_paths; }

 private:
  QStringList m_paths;
};

}  // namespace lorkd::form
