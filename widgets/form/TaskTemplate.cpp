#include "widgets/form/TaskTemplate.h"

#include <QCoreApplication>
#include <QStandardPaths>
#include <set>

#include "widgets/form/Regions.h"

namespace lorkd::form {
namespace {

/// The words of a name, whatever their order.
std::set<QString> wordSet(const std::string& name) {
  std::set<QString> out;
  for (const auto& word : wordsOf(QString::fromStdString(name)).split(' ', Qt::SkipEmptyParts))
    out.insert(word == "l" ? QStringLiteral("left") : word == "r" ? QStringLiteral("right") : word);
  return out;
}

/// The object without the fields that are as in `defaults`.
Json withoutDefaults(const Json& object, const Json& defaults) {
  Json out = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (defaults.contains(key) && defaults[key] == value) continue;
    const bool deeper = value.is_object() && defaults.contains(key);
    out[key] = deeper ? withoutDefaults(value, defaults[key]) : value;
  }
  return out;
}

/// The names in the data of one label of a class.
std::vector<std::string> namesInData(const std::string& label, const Json& cls, bool alone, const DataLabels& data) {
  if (const auto* same = data.find(label)) return {same->label.name};
  for (const auto& info : data.labels())
    if (const auto words = wordSet(label); !words.empty() && words == wordSet(info.label.name))
      return {info.label.name};
  std::vector<std::string> out;
  const auto code = cls.value("code", plan::Code()), modifier = cls.value("modifier", plan::Code());
  const auto same = [](const plan::Code& a, const plan::Code& b) { return a.scheme == b.scheme && a.value == b.value; };
  if (alone && image::coded(code))
    for (const auto& info : data.labels())
      if (same(info.label.code, code) && same(info.label.modifier, modifier)) out.push_back(info.label.name);
  return out;
}

}  // namespace

QString templateFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + QStringLiteral("/templates");
}

Result<void> writeTemplate(const std::filesystem::path& file, const Json& tasks) {
  if (tasks.empty()) return fail(ErrorCode::InvalidArgument, "there is no task to save", "make one first");
  Json out = Json::object();
  for (const auto& [name, task] : tasks.items()) {
    auto& kept = out[name] = withoutDefaults(task, plan::Task());
    kept.erase("sources");
    kept["classes"] = Json::object();
    for (const auto& [cls, options] : task.at("classes").items())
      kept["classes"][cls] = withoutDefaults(options, plan::Class());
  }
  return writeJson(file, {{"tasks", out}});
}

Result<Json> readTemplate(const std::filesystem::path& file) {
  LORKD_TRY(json, readJson(file));
  if (!json.is_object() || !json.contains("tasks"))
    return fail(ErrorCode::Format, "there are no \"tasks\" in it", "choose a template or a plan", file.string());
  // The rest of a plan, such as its sources, is not asked for here.
  for (auto& [name, task] : json["tasks"].items())
    if (task.is_object()) task.erase("sources");
  LORKD_TRY(plan, plan::fromJson({{"tasks", json["tasks"]}}, file.string()));
  return Json(plan.tasks);
}

Proposal fitTemplate(const Json& tasks, const DataLabels& data, plan::TaskKind kind) {
  Proposal out{QCoreApplication::translate("lorkd::form", "Template")};
  Json complete = tasks;
  std::set<std::string> used;
  for (auto& [name, task] : complete.items()) {
    task["kind"] = kind;
    Json served = task;
    served["classes"] = Json::object();
    for (auto& [key, cls] : task["classes"].items()) {
      const auto labels = labelNames(task, key);
      Json found = Json::array();
      for (const auto& label : labels)
        for (const auto& known : namesInData(label, cls, labels.size() == 1, data)) found.push_back(known);
      used.insert(found.begin(), found.end());
      if (found.empty()) {
        out.missing << QString::fromStdString(name + " › " + key);
        cls["labels"] = labels;
      } else {
        cls["labels"] = found;
        served["classes"][key] = cls;
      }
    }
    if (!served["classes"].empty()) out.tasks[name] = served;
  }
  for (const auto& label : data.labels())
    if (!used.contains(label.label.name)) out.left << label.name();
  if (!out.missing.isEmpty()) out.complete = complete;
  return out;
}

}  // namespace lorkd::form
