// Changes of a plan's "tasks", as the task editor makes them. A class of several labels is their union.
#pragma once

#include <string>
#include <vector>

#include "widgets/form/DataLabels.h"

namespace lorkd::form {

/// A class of a task or, with an empty `cls`, the task itself.
struct TaskPlace {
  std::string task, cls;
  bool operator==(const TaskPlace&) const = default;
};

/// A class made of these labels, one at the least: with their colour, and with the code and modifier on which they
/// agree.
Json classOf(const std::vector<const LabelInfo*>& labels);
/// The same of classes that become one; the first has its colour.
Json classOf(const std::vector<Json>& classes);

/// Adds the labels to a task, a class each; labels that have a class of their own there are left.
void addLabels(Json& tasks, const std::string& task, const std::vector<const LabelInfo*>& labels);
/// Adds one class made of all of them.
void addMerged(Json& tasks, const std::string& task, const std::vector<const LabelInfo*>& labels);
/// Adds the labels to those of a class.
void addToClass(Json& tasks, const TaskPlace& place, const std::vector<const LabelInfo*>& labels);

/// Makes one class of several, in the place and by the name of `into`.
void mergeClasses(Json& tasks, const std::vector<TaskPlace>& places, const TaskPlace& into);
/// Makes a class of each label of a class.
void splitClass(Json& tasks, const TaskPlace& place, const DataLabels& data);
/// Moves classes to another task; those whose names stand there already get a free one. Here and where classes are
/// merged, a task that gave its last class away is removed.
void moveClasses(Json& tasks, const std::vector<TaskPlace>& places, const std::string& task);
/// Adds tasks; classes of those that are there already are added to theirs, but no label a second time.
void addTasks(Json& tasks, const Json& more);
/// Removes classes and tasks.
void removeFrom(Json& tasks, const std::vector<TaskPlace>& places);
/// Why a name is not taken: it has no letter or digit, or stands for another one there. Empty: it is.
QString renameFault(const Json& tasks, const TaskPlace& place, const QString& name);
/// Renames in place, unless there is a renameFault().
void rename(Json& tasks, const TaskPlace& place, const QString& name);

}  // namespace lorkd::form
