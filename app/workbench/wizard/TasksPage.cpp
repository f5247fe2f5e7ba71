#include <QVBoxLayout>
#include <map>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"

namespace lorkd::workbench {

TasksPage::TasksPage(RunWizard* wizard, DataPage* data) : QWizardPage(wizard), m_wizard(wizard), m_data(data) {
  setTitle(tr("Tasks"));
  setSubTitle(
      tr("Each task becomes one expert. A task has one or more classes; a class is made of one or more labels."));
  m_editor = new form::TaskEditor(wizard->model(), this);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_editor);
  connect(wizard->model(), &form::PlanModel::changed, this, &QWizardPage::completeChanged);
}

void TasksPage::initializePage() {
  std::map<QString, form::LabelInfo> labels;
  for (const auto& item : m_data->cases()) {
    const auto part = QString::fromStdString(item.bodyPart).toLower();
    for (const auto& name : item.labels) {
      auto& info = labels[QString::fromStdString(name)];
      info.name = QString::fromStdString(name);
      ++info.cases;
      if (!part.isEmpty() && !info.bodyParts.contains(part)) info.bodyParts << part;
    }
  }
  std::vector<form::LabelInfo> list;
  for (auto& [name, info] : labels) list.push_back(std::move(info));
  m_editor->setLabels(std::move(list));
}

bool TasksPage::isComplete() const {
  const auto tasks = m_wizard->model()->value("tasks");
  if (!tasks.is_object() || tasks.empty()) return false;
  for (const auto& [name, task] : tasks.items())
    if (task.value("classes", Json::object()).empty()) return false;
  return true;
}

}  // namespace lorkd::workbench
