#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/data/PictureCase.h"

namespace lorkd::workbench {

namespace {

using enum plan::TaskKind;

/// The labels of an image from which tasks of a kind can be made; nothing if it is not for them.
const std::vector<std::string>* labelsFor(plan::TaskKind kind, const data::Case& item) {
  const bool set = item.kind == "picture", picture = item.kind == data::kPictureCase;
  if (kind == Classification ? !set : kind == Segmentation2d ? !picture : set || picture) return nullptr;
  return kind == Classification3d ? &item.imageLabels : &item.labels;
}

const char* networkFor(plan::TaskKind kind) {
  switch (kind) {
    case Segmentation:
      return "unet3d";
    case Segmentation2d:
      return "unet2d";
    case Classification:
      return "shufflenetv2";
    case Classification3d:
      break;
  }
  return "encoder3d";
}

/// Sides of a training patch of a picture: a whole picture at the plan's usual size.
constexpr std::int64_t kPictureSide = 256;

}  // namespace

TasksPage::TasksPage(RunWizard* wizard, DataPage* data) : PlanPage(wizard), m_data(data) {
  setTitle(tr("Tasks"));
  setSubTitle(
      tr("Each task becomes one expert. A task has one or more classes; a class is made of one or more labels."));
  m_editor = new form::TaskEditor(wizard->model(), this);
  m_kindRow = new QWidget(this);
  m_kind = new QComboBox(m_kindRow);
  m_kind->setObjectName("taskKind");
  m_kind->setAccessibleName(tr("What the tasks do"));
  auto* row = new QHBoxLayout(m_kindRow);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(new QLabel(tr("The data are of several kinds, and one network learns one of them. The tasks:")));
  row->addWidget(m_kind);
  row->addStretch();
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_kindRow);
  layout->addWidget(m_editor);
  connect(m_kind, &QComboBox::activated, this,
          [this] { takeKind(static_cast<plan::TaskKind>(m_kind->currentData().toInt())); });
}

void TasksPage::initializePage() { followKind(); }

void TasksPage::followKind() {
  const auto& cases = m_data->cases();
  std::vector<std::pair<plan::TaskKind, QString>> there;
  for (const auto& [kind, words] : {std::pair{Segmentation, tr("mark structures in volumes")},
                                    std::pair{Segmentation2d, tr("mark structures in pictures")},
                                    std::pair{Classification, tr("tell classes of pictures apart")},
                                    std::pair{Classification3d, tr("tell classes of volumes apart")}})
    if (std::ranges::any_of(cases, [k = kind](const auto& item) {
          const auto* labels = labelsFor(k, item);
          return labels && !labels->empty();
        }))
      there.emplace_back(kind, words);
  if (there.empty()) there.emplace_back(Segmentation, QString());
  auto chosen = there.front().first;
  // Tasks that are there say what they are for.
  const auto tasks = m_wizard->model()->value("tasks");
  if (tasks.is_object() && !tasks.empty()) {
    const auto said = tasks.front().value("kind", plan::Task{}.kind);
    if (std::ranges::any_of(there, [&](const auto& entry) { return entry.first == said; })) chosen = said;
  }
  m_kind->clear();
  for (const auto& [kind, words] : there) m_kind->addItem(words, static_cast<int>(kind));
  m_kind->setCurrentIndex(m_kind->findData(static_cast<int>(chosen)));
  m_kindRow->setVisible(there.size() > 1);
  takeKind(chosen);
}

void TasksPage::takeKind(plan::TaskKind kind) {
  std::vector<form::ImageInfo> images;
  for (const auto& item : m_data->cases()) {
    const auto* labels = labelsFor(kind, item);
    if (!labels) continue;
    auto& image = images.emplace_back(QString::fromStdString(item.source), QString::fromStdString(item.bodyPart),
                                      plan::marks(kind) ? item.labelInfo : std::vector<image::Label>());
    // What is of a whole image, and cases of an index of before, have names alone.
    if (image.labels.empty())
      for (const auto& name : *labels) image.labels.push_back({name});
  }
  m_editor->setImages(std::move(images));
  m_editor->setKind(kind);
  auto* model = m_wizard->model();
  // A network for volumes cannot take pictures, nor the other way round; any other choice is the user's own.
  for (const QString backbone : {"backbone", "teacher.backbone"}) {
    const auto name = model->value(backbone + ".name");
    const bool usual = std::ranges::any_of(std::array{Segmentation, Segmentation2d, Classification, Classification3d},
                                           [&](auto other) { return name == Json(networkFor(other)); });
    if (!usual || name == Json(networkFor(kind))) continue;
    const plan::Backbone fresh;
    model->setValue(backbone + ".name", networkFor(kind));
    model->setValue(backbone + ".preset", fresh.preset);
    model->setValue(backbone + ".widths", fresh.widths);
  }
  // So are sizes and colours: what nobody has changed is what suits the kind.
  const plan::Data fresh;
  const Json forVolumes = fresh.patch, forPictures = Json::array({kPictureSide, kPictureSide, fresh.patch[2]});
  const auto patch = model->value("data.patch");
  if (kind == Segmentation2d && patch == forVolumes) {
    model->setValue("data.patch", forPictures);
    model->setValue("data.channels", Json(plan::DataChannels::Rgb));
  } else if (kind != Segmentation2d && patch == forPictures) {
    model->setValue("data.patch", forVolumes);
    model->setValue("data.channels", Json(fresh.channels));
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
