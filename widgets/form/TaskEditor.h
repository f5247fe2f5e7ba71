// Which labels of the data make up which task: available labels at the left, tasks and their classes at the right.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/form/PlanModel.h"

class QLineEdit;
class QLabel;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace lorkd::form {

/// A label that the data holds.
struct LabelInfo {
  QString name;
  int cases = 0;
  QStringList bodyParts;  ///< of the images that carry it
};

/// Edits "tasks" of the plan. Labels go to a task by double click, drag or button.
class TaskEditor : public QWidget {
  Q_OBJECT
 public:
  explicit TaskEditor(PlanModel* model, QWidget* parent = nullptr);
  void setLabels(std::vector<LabelInfo> labels);
  const std::vector<LabelInfo>& labels() const { return m_labels; }

  /// What the experts do; holds for the tasks there are and for new ones.
  void setKind(plan::TaskKind kind);

  /// One task for each body part, with its labels as classes; replaces the tasks there are.
  void suggestByBodyPart();
  /// Adds an empty task and starts editing its name.
  void addTask();
  /// Adds the chosen labels to the chosen task (made if there is none): a class each, or one class of all.
  void addSelected(bool asOneClass);
  /// Removes the chosen task or class.
  void removeSelected();

  QTreeWidget* available() const { return m_available; }
  QTreeWidget* tasks() const { return m_tasks; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void showLabels();
  void showTasks();
  void rename(QTreeWidgetItem* item, int column);
  void chooseColor(QTreeWidgetItem* item);
  QString currentTask() const;
  void askToSuggest();
  Json newTask() const;

  PlanModel* m_model;
  std::vector<LabelInfo> m_labels;
  QTreeWidget *m_available, *m_tasks;
  QLineEdit* m_filter;
  QLabel* m_hint;
  plan::TaskKind m_kind = plan::TaskKind::Segmentation;
  bool m_filling = false;
};

}  // namespace lorkd::form
