#include "widgets/form/Proposal.h"

#include <QCoreApplication>
#include <map>

#include "widgets/form/PlanNames.h"
#include "widgets/form/Regions.h"
#include "widgets/form/TaskEdits.h"

namespace lorkd::form {
namespace {

Json taskOf(const std::vector<const LabelInfo*>& labels, plan::TaskKind kind) {
  plan::Task empty;
  empty.kind = kind;
  Json tasks = Json::object();
  tasks[""] = empty;
  addLabels(tasks, "", labels);
  return tasks[""];
}

}  // namespace

Proposal proposeRegions(const DataLabels& data, plan::TaskKind kind) {
  Proposal out{QCoreApplication::translate("lorkd::form", "One task per region of the body")};
  std::map<const Region*, std::vector<const LabelInfo*>> found;
  for (const auto& label : data.labels())
    if (const auto* region = regionOf(label.name(), label.bodyParts))
      found[region].push_back(&label);
    else
      out.left << label.name();
  for (const auto& region : regions())
    if (const auto at = found.find(&region); at != found.end()) out.tasks[region.name] = taskOf(at->second, kind);
  return out;
}

Proposal proposeBodyParts(const DataLabels& data, plan::TaskKind kind) {
  Proposal out{QCoreApplication::translate("lorkd::form", "One task per Body Part Examined")};
  std::map<QString, std::vector<const LabelInfo*>> found;
  for (const auto& label : data.labels())
    for (const auto& part : label.bodyParts.isEmpty() ? QStringList{QString()} : label.bodyParts)
      found[part].push_back(&label);
  for (const auto& [part, labels] : found) {
    const auto all = QCoreApplication::translate("lorkd::form", "all");
    auto& task = out.tasks[freeName(out.tasks, planName(part.isEmpty() ? all : part))];
    task = taskOf(labels, kind);
    if (!part.isEmpty()) task["body_parts"] = {part.toStdString()};
  }
  return out;
}

}  // namespace lorkd::form
