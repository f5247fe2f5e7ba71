// The widget for one field of the plan, made from its schema: limits, choices, unit and help come from there.
#pragma once

#include <QWidget>

#include "widgets/form/PlanModel.h"

namespace lorkd::form {

/// What people call the field, and the help shown with it (description, range, unit).
QString fieldTitle(const QString& path);
QString fieldHelp(const QString& path);

/// A widget bound both ways to `path` of `model`: choice, number, switch, text, or a row of numbers.
/// Its objectName is the path, its accessibleName the title. The path must be in the schema.
QWidget* makeFieldEditor(PlanModel* model, const QString& path, QWidget* parent = nullptr);

/// A form of several fields, labels at the left.
class PlanForm : public QWidget {
  Q_OBJECT
 public:
  PlanForm(PlanModel* model, const QStringList& paths, QWidget* parent = nullptr);
};

}  // namespace lorkd::form
