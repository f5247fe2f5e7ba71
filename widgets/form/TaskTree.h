// Tasks and their classes as a tree that labels and classes can be dropped on.
#pragma once

#include <QTreeWidget>
#include <set>

#include "core/run/Looks.h"
#include "widgets/form/TaskEdits.h"

namespace lorkd::form {

class TaskTree : public QTreeWidget {
  Q_OBJECT
 public:
  /// Labels are dragged from `labels`.
  explicit TaskTree(const QWidget* labels, QWidget* parent = nullptr);

  /// Shows the tasks of a plan, with images counted. What was chosen, closed and in view stays so.
  void show(const Json& tasks, const DataLabels& data);
  /// The row of a task or class, or null.
  QTreeWidgetItem* itemOf(const TaskPlace& place) const;

  /// The task or class in hand; an empty task if there is none.
  TaskPlace current() const;
  QColor currentColor() const;
  /// Those chosen, from top to bottom; a chosen task without its chosen classes.
  std::vector<TaskPlace> chosen() const;
  /// Chooses it alone; nothing if it is not there.
  void choose(const TaskPlace& place);
  /// Starts to edit its name.
  void editName(const TaskPlace& place);

 Q_SIGNALS:
  // The tree is to be filled anew only after a signal, since it is still at work: connections are queued.
  /// Labels were dropped on a class, a task, or (an empty task) beside all.
  void labelsDropped(const lorkd::form::TaskPlace& onto);
  /// The chosen classes were dropped there.
  void classesDropped(const lorkd::form::TaskPlace& onto);
  void renamed(const lorkd::form::TaskPlace& place, const QString& name);
  void removeAsked();

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  static TaskPlace placeOf(const QTreeWidgetItem* item);
  void addTask(const std::string& name, const plan::Task& shown, const plan::Looks& looks, std::size_t task,
               const Json& json, const DataLabels& data);

  const QWidget* m_labels;
  bool m_filling = false;
};

}  // namespace lorkd::form
