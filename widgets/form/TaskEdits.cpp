#include "widgets/form/TaskEdits.h"

#include <QCoreApplication>
#include <algorithm>

#include "widgets/form/PlanNames.h"

namespace lorkd::form {
namespace {

/// The object with the key renamed and every place kept.
Json renamed(const Json& object, const std::string& from, const std::string& to) {
  Json out = Json::object();
  for (const auto& [key, value] : object.items()) out[key == from ? to : key] = value;
  return out;
}

/// The class made of this label alone, if there is one.
bool hasLabel(const Json& task, const std::string& label) {
  for (const auto& [cls, unused] : task.at("classes").items())
    if (const auto names = labelNames(task, cls); names.size() == 1 && image::sameLabel(names.front(), label))
      return true;
  return false;
}

/// What a class of this label may be called.
std::string nameFor(const std::string& label) {
  auto name = planName(QString::fromStdString(label));
  return name.empty() ? "class" : name;
}

/// A task that gave its last class away is gone.
void dropEmptied(Json& tasks, const std::string& task) {
  if (tasks[task]["classes"].empty()) tasks.erase(task);
}

void addName(Json& names, const std::string& name) {
  if (std::ranges::none_of(names, [&](const Json& known) { return image::sameLabel(known, name); }))
    names.push_back(name);
}

/// The code that all of them have.
Json common(const std::vector<Json>& classes, const char* key) {
  const auto first = classes.front().value(key, plan::Code());
  const bool all = std::ranges::all_of(classes, [&](const Json& cls) {
    const auto code = cls.value(key, plan::Code());
    return code.scheme == first.scheme && code.value == first.value;
  });
  return all ? first : plan::Code();
}

/// The class as it is, with its labels written out.
Json written(const Json& task, const std::string& cls) {
  auto out = task.at("classes").at(cls);
  out["labels"] = labelNames(task, cls);
  return out;
}

}  // namespace

Json classOf(const std::vector<Json>& classes) {
  Json out = classes.front();
  for (const auto& cls : classes)
    for (const auto& name : cls.at("labels")) addName(out["labels"], name);
  for (const char* key : {"code", "category", "modifier"}) out[key] = common(classes, key);
  // The side of one of them says nothing of another thing.
  if (!image::coded(out["code"].get<plan::Code>())) out["modifier"] = plan::Code();
  return out;
}

Json classOf(const std::vector<const LabelInfo*>& labels) {
  std::vector<Json> classes;
  for (const auto* info : labels) {
    const auto& label = info->label;
    classes.push_back(plan::Class{.labels = {label.name},
                                  .color = label.color,
                                  .code = label.code,
                                  .category = label.category,
                                  .modifier = label.modifier});
  }
  return classOf(classes);
}

void addLabels(Json& tasks, const std::string& task, const std::vector<const LabelInfo*>& labels) {
  for (const auto* info : labels) {
    auto& classes = tasks[task]["classes"];
    if (!hasLabel(tasks[task], info->label.name))
      classes[freeName(classes, nameFor(info->label.name))] = classOf(std::vector{info});
  }
}

void addMerged(Json& tasks, const std::string& task, const std::vector<const LabelInfo*>& labels) {
  if (labels.empty()) return;
  auto& classes = tasks[task]["classes"];
  classes[freeName(classes, nameFor(labels.front()->label.name))] = classOf(labels);
}

void addToClass(Json& tasks, const TaskPlace& place, const std::vector<const LabelInfo*>& labels) {
  if (labels.empty()) return;
  auto& task = tasks[place.task];
  task["classes"][place.cls] = classOf(std::vector<Json>{written(task, place.cls), classOf(labels)});
}

void mergeClasses(Json& tasks, const std::vector<TaskPlace>& places, const TaskPlace& into) {
  std::vector<Json> classes{written(tasks[into.task], into.cls)};
  std::vector<TaskPlace> others;
  for (const auto& place : places) {
    if (place.cls.empty() || place == into) continue;
    classes.push_back(written(tasks[place.task], place.cls));
    others.push_back(place);
  }
  tasks[into.task]["classes"][into.cls] = classOf(classes);
  for (const auto& place : others) {
    tasks[place.task]["classes"].erase(place.cls);
    dropEmptied(tasks, place.task);
  }
}

void splitClass(Json& tasks, const TaskPlace& place, const DataLabels& data) {
  const auto names = labelNames(tasks[place.task], place.cls);
  if (names.size() < 2) return;
  const auto old = tasks[place.task]["classes"];
  auto& classes = tasks[place.task]["classes"] = Json::object();
  for (const auto& [key, cls] : old.items()) {
    if (key != place.cls) {
      classes[freeName(classes, key)] = cls;
      continue;
    }
    for (const auto& name : names) {
      LabelInfo plain;
      plain.label.name = name;
      const auto* info = data.find(name);
      auto wanted = nameFor(name);
      while (old.contains(wanted) && wanted != place.cls) wanted = freeName(old, wanted);
      classes[freeName(classes, wanted)] = classOf(std::vector{info ? info : &plain});
    }
  }
}

void moveClasses(Json& tasks, const std::vector<TaskPlace>& places, const std::string& task) {
  for (const auto& place : places) {
    if (place.cls.empty() || place.task == task) continue;
    const auto cls = written(tasks[place.task], place.cls);
    auto& classes = tasks[task]["classes"];
    classes[freeName(classes, place.cls)] = cls;
    tasks[place.task]["classes"].erase(place.cls);
    dropEmptied(tasks, place.task);
  }
}

void addTasks(Json& tasks, const Json& more) {
  for (const auto& [name, task] : more.items()) {
    if (!tasks.contains(name)) {
      tasks[name] = task;
      continue;
    }
    for (const auto& [cls, unused] : task.at("classes").items()) {
      const auto names = labelNames(task, cls);
      if (names.size() == 1 && hasLabel(tasks[name], names.front())) continue;
      auto& classes = tasks[name]["classes"];
      classes[freeName(classes, cls)] = written(task, cls);
    }
  }
}

void removeFrom(Json& tasks, const std::vector<TaskPlace>& places) {
  for (const auto& place : places) {
    if (!tasks.contains(place.task)) continue;
    if (place.cls.empty())
      tasks.erase(place.task);
    else
      tasks[place.task]["classes"].erase(place.cls);
  }
}

QString renameFault(const Json& tasks, const TaskPlace& place, const QString& name) {
  const auto say = [](const char* words) { return QCoreApplication::translate("TaskEdits", words); };
  const auto key = planName(name);
  const bool isClass = !place.cls.empty();
  const auto old = QString::fromStdString(isClass ? place.cls : place.task);
  if (key.empty()) return say("A name needs a letter or a digit. It stays “%1”.").arg(old);
  if (isClass && !tasks.contains(place.task)) return {};
  const auto& named = isClass ? tasks.at(place.task).at("classes") : tasks;
  if (key == old.toStdString() || !named.contains(key)) return {};
  return (isClass ? say("This task has a class “%1” already. It stays “%2”.")
                  : say("There is a task “%1” already. It stays “%2”."))
      .arg(QString::fromStdString(key), old);
}

void rename(Json& tasks, const TaskPlace& place, const QString& name) {
  const auto key = planName(name);
  auto& named = place.cls.empty() ? tasks : tasks[place.task]["classes"];
  const auto& old = place.cls.empty() ? place.task : place.cls;
  if (key.empty() || named.contains(key)) return;
  if (!place.cls.empty()) named[old] = written(tasks[place.task], old);
  named = renamed(named, old, key);
}

}  // namespace lorkd::form
