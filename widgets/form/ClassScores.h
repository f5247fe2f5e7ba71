// What the scores of classes count: fields for those that are chosen in the task editor.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/form/TaskEdits.h"

class QCheckBox;
class QLabel;

namespace lorkd::field {
class FaultLine;
class NumberField;
}  // namespace lorkd::field

namespace lorkd::form {

/// Shows the surface tolerance of classes and whether they are lesions, and says what was entered for all of them.
/// Where chosen classes differ, the tolerance is that of the first and the tick is neither on nor off.
class ClassScores : public QWidget {
  Q_OBJECT
 public:
  explicit ClassScores(QWidget* parent = nullptr);
  /// `places` of `tasks`; a task stands for all of its classes. Without any, nothing can be entered. Pictures have no
  /// tolerance, since nothing in them is measured in mm, and where nothing is marked there are neither.
  void show(const Json& tasks, const std::vector<TaskPlace>& places, plan::TaskKind kind);

 Q_SIGNALS:
  /// The fields of the classes that were shown are to have these values.
  void entered(const lorkd::Json& values);

 private:
  QLabel* m_title;
  field::NumberField* m_tolerance;
  field::FaultLine* m_fault;
  QCheckBox* m_lesions;
};

/// The classes that are chosen; of a chosen task, all of its own.
std::vector<TaskPlace> classesOf(const Json& tasks, const std::vector<TaskPlace>& places);

}  // namespace lorkd::form
