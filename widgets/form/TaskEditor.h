// Which labels of the data make up which task: available labels at the left, tasks and their classes at the right.
#pragma once

#include <QWidget>
#include <functional>

#include "widgets/form/LabelTable.h"
#include "widgets/form/PlanModel.h"
#include "widgets/form/Proposal.h"
#include "widgets/form/TaskTree.h"

class QLabel;
class QPushButton;

namespace lorkd::field {
class FaultLine;
}

namespace lorkd::form {

class ClassScores;

/// Edits "tasks" of the plan. Labels go to a task, or into a class, by drag, button, double click or Enter; every step
/// can be undone until the tasks are changed elsewhere.
class TaskEditor : public QWidget {
  Q_OBJECT
 public:
  explicit TaskEditor(PlanModel* model, QWidget* parent = nullptr);
  void setImages(std::vector<ImageInfo> images);
  const DataLabels& data() const { return m_data; }

  /// What the experts do; holds for the tasks there are and for new ones.
  void setKind(plan::TaskKind kind);

  /// Adds an empty task and starts editing its name.
  void addTask();
  /// Adds the chosen labels to the task in hand (made if there is none): a class each, or one class of all.
  void addSelected(bool asOneClass);
  /// Makes one class of the chosen ones.
  void mergeSelected();
  /// Makes a class of each label of the chosen classes.
  void splitSelected();
  /// Removes the chosen tasks and classes.
  void removeSelected();
  void undo();
  void redo();
  /// Shows tasks that the program proposes, and takes them once they are accepted.
  void propose();
  /// The same with the tasks of a file. Errors: those of readTemplate().
  Result<void> loadTemplate(const QString& file);
  /// Errors: those of writeTemplate().
  Result<void> saveTemplate(const QString& file) const;

  LabelTable* labels() const { return m_labels; }
  TaskTree* tasks() const { return m_tasks; }

 private:
  Json value() const { return m_model->value("tasks"); }
  /// A step of the user: changes the tasks, and keeps what they were.
  void change(const std::function<void(Json&)>& edit);
  void setTasks(const Json& tasks);
  void dropLabels(const TaskPlace& onto);
  void dropClasses(const TaskPlace& onto);
  void refresh();
  void showWhatCanBeDone();
  void chooseColor();
  void askAbout(std::vector<Proposal> proposals);
  void askForTemplate(bool save);
  /// The task in hand, or a new one where there is none.
  std::string taskInHand(Json& tasks) const;
  std::string newTask(Json& tasks) const;

  PlanModel* m_model;
  DataLabels m_data;
  LabelTable* m_labels;
  TaskTree* m_tasks;
  QPushButton *m_add, *m_mergeLabels, *m_merge, *m_split, *m_move, *m_color, *m_remove, *m_undo, *m_redo, *m_save;
  ClassScores* m_scores;  ///< of the chosen classes
  QLabel* m_hint;
  field::FaultLine* m_fault;  ///< why the last step was not taken
  plan::TaskKind m_kind = plan::TaskKind::Segmentation;
  std::vector<Json> m_past, m_future;
  bool m_changing = false;
};

}  // namespace lorkd::form
