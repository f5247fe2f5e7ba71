#include <QVBoxLayout>
#include <algorithm>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"

namespace lorkd::workbench {

TasksPage::TasksPage(RunWizard* wizard, DataPage* data) : PlanPage(wizard), m_data(data) {
  setTitle(tr("Tasks"));
  setSubTitle(
      tr("Each task becomes one expert. A task has one or more classes; a class is made of one or more labels."));
  m_editor = new form::TaskEditor(wizard->model(), this);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_editor);
}

void TasksPage::initializePage() {
  std::vector<form::ImageInfo> images;
  for (const auto& item : m_data->cases()) {
    auto& image =
        images.emplace_back(QString::fromStdString(item.source), QString::fromStdString(item.bodyPart), item.labelInfo);
    // Sets of pictures, and cases of an index of before, have names alone.
    if (image.labels.empty())
      for (const auto& name : item.labels) image.labels.push_back({name});
  }
  m_editor->setImages(std::move(images));
  followKind();
}

void TasksPage::followKind() {
  auto* model = m_wizard->model();
  const auto& cases = m_data->cases();
  const auto count = std::count_if(cases.begin(), cases.end(), [](const auto& item) { return item.kind == "picture"; });
  const bool pictures = count > 0;
  // With both, only the user knows which of them the tasks are for.
  if (pictures && count < std::ssize(cases)) return;
  m_editor->setKind(pictures ? plan::TaskKind::Classification : plan::TaskKind::Segmentation);
  // A network for volumes cannot take pictures, nor the other way round; any other choice is the user's own.
  const Json from = pictures ? "unet3d" : "shufflenetv2", to = pictures ? "shufflenetv2" : "unet3d";
  for (const QString backbone : {"backbone", "teacher.backbone"}) {
    if (model->value(backbone + ".name") != from) continue;
    const plan::Backbone fresh;
    model->setValue(backbone + ".name", to);
    model->setValue(backbone + ".preset", fresh.preset);
    model->setValue(backbone + ".widths", fresh.widths);
  }
}

QString TasksPage::whyNot() const {
  const auto tasks = m_wizard->model()->value("tasks");
  if (!tasks.is_object() || tasks.empty()) return tr("Make at least one task: “Propose tasks…” makes some.");
  for (const auto& [name, task] : tasks.items())
    if (task.value("classes", Json::object()).empty())
      return tr("The task %1 has no class yet: give it labels, or remove it.").arg(QString::fromStdString(name));
  return {};
}

}  // namespace lorkd::workbench
