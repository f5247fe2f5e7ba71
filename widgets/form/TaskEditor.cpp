#include "widgets/form/TaskEditor.h"

#include <QColorDialog>
#include <QDropEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QIcon>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPixmap>
#include <QPushButton>
#include <QRegularExpression>
#include <QTreeWidget>
#include <map>

#include "widgets/form/PlanNames.h"

namespace lorkd::form {
namespace {

enum Role { TaskRole = Qt::UserRole, ClassRole };

QIcon swatch(const QString& color) {
  QPixmap pixmap(14, 14);
  pixmap.fill(QColor(color));
  return pixmap;
}

Json classOf(const std::string& label) { return {{"labels", Json::array({label})}, {"color", ""}}; }

/// The class made of this label alone, if there is one.
bool hasLabel(const Json& classes, const std::string& label) {
  for (const auto& [name, cls] : classes.items())
    if (const auto labels = cls.value("labels", Json::array());
        labels.empty() ? name == label : labels == Json::array({label}))
      return true;
  return false;
}

/// The object with the key renamed and every place kept.
Json renamed(const Json& object, const std::string& from, const std::string& to) {
  Json out = Json::object();
  for (const auto& [key, value] : object.items()) out[key == from ? to : key] = value;
  return out;
}

QPushButton* button(const QString& text, const char* name, QWidget* parent) {
  auto* b = new QPushButton(text, parent);
  b->setObjectName(name);
  b->setAccessibleName(text);
  return b;
}

}  // namespace

TaskEditor::TaskEditor(PlanModel* model, QWidget* parent) : QWidget(parent), m_model(model) {
  m_filter = new QLineEdit(this);
  m_filter->setObjectName("labelFilter");
  m_filter->setAccessibleName(tr("Filter labels"));
  m_filter->setPlaceholderText(tr("Filter labels (regular expression)"));
  m_filter->setClearButtonEnabled(true);
  m_available = new QTreeWidget(this);
  m_available->setObjectName("availableLabels");
  m_available->setAccessibleName(tr("Labels in the data"));
  m_available->setHeaderLabels({tr("Label in the data"), tr("Images"), tr("Body part")});
  m_available->setRootIsDecorated(false);
  m_available->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_available->setDragEnabled(true);
  m_available->setDragDropMode(QAbstractItemView::DragOnly);
  m_available->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_available->header()->setStretchLastSection(false);
  m_tasks = new QTreeWidget(this);
  m_tasks->setObjectName("taskTree");
  m_tasks->setAccessibleName(tr("Tasks and their classes"));
  m_tasks->setHeaderLabels({tr("Task / class"), tr("Made of labels")});
  m_tasks->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_tasks->setAcceptDrops(true);
  m_tasks->viewport()->setAcceptDrops(true);
  m_tasks->viewport()->installEventFilter(this);

  auto* add = button(tr("Add as classes →"), "addClasses", this);
  auto* merge = button(tr("Merge into one class →"), "mergeClasses", this);
  auto* newTask = button(tr("New task"), "newTask", this);
  auto* suggest = button(tr("One task per body part"), "suggestTasks", this);
  auto* color = button(tr("Colour…"), "taskColor", this);
  auto* remove = button(tr("Remove"), "removeTask", this);
  m_hint = new QLabel(this);
  m_hint->setWordWrap(true);

  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->addWidget(m_filter, 0, 0);
  grid->addWidget(m_available, 1, 0);
  grid->addWidget(m_tasks, 0, 1, 2, 1);
  auto* left = new QHBoxLayout;
  left->addWidget(add);
  left->addWidget(merge);
  left->addStretch();
  auto* right = new QHBoxLayout;
  for (auto* b : {newTask, suggest, color, remove}) right->addWidget(b);
  right->addStretch();
  grid->addLayout(left, 2, 0);
  grid->addLayout(right, 2, 1);
  grid->addWidget(m_hint, 3, 0, 1, 2);
  grid->setColumnStretch(0, 4);
  grid->setColumnStretch(1, 5);

  connect(m_filter, &QLineEdit::textChanged, this, &TaskEditor::showLabels);
  connect(add, &QPushButton::clicked, this, [this] { addSelected(false); });
  connect(merge, &QPushButton::clicked, this, [this] { addSelected(true); });
  connect(m_available, &QTreeWidget::itemDoubleClicked, this, [this] { addSelected(false); });
  connect(newTask, &QPushButton::clicked, this, &TaskEditor::addTask);
  connect(suggest, &QPushButton::clicked, this, &TaskEditor::askToSuggest);
  connect(color, &QPushButton::clicked, this, [this] { chooseColor(m_tasks->currentItem()); });
  connect(remove, &QPushButton::clicked, this, &TaskEditor::removeSelected);
  connect(m_tasks, &QTreeWidget::itemChanged, this, &TaskEditor::rename);
  connect(m_model, &PlanModel::changed, this, [this](const QString& path) {
    if (path.isEmpty() || path.startsWith("tasks")) showTasks();
  });
  showTasks();
}

void TaskEditor::setLabels(std::vector<LabelInfo> labels) {
  m_labels = std::move(labels);
  showLabels();
  showTasks();
}

void TaskEditor::showLabels() {
  const QRegularExpression wanted(m_filter->text(), QRegularExpression::CaseInsensitiveOption);
  m_available->clear();
  for (const auto& label : m_labels) {
    if (wanted.isValid() && !wanted.match(label.name).hasMatch()) continue;
    auto* item =
        new QTreeWidgetItem(m_available, {label.name, QString::number(label.cases), label.bodyParts.join(", ")});
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
  }
}

void TaskEditor::showTasks() {
  const QString chosen = currentTask();
  m_filling = true;
  m_tasks->clear();
  auto typed = m_model->json();
  const auto tasks = typed["tasks"];
  std::size_t t = 0;
  for (const auto& [name, task] : tasks.items()) {
    // Colours as they will be drawn; the plan may be faulty elsewhere, so only the tasks are read.
    plan::Plan shown;
    shown.tasks = tasks.get<plan::Named<plan::Task>>();
    auto* item = new QTreeWidgetItem(m_tasks, {QString::fromStdString(name)});
    item->setData(0, TaskRole, QString::fromStdString(name));
    item->setFlags(item->flags() | Qt::ItemIsEditable);
    item->setIcon(0, swatch(QString::fromStdString(plan::taskColor(shown, t))));
    std::size_t c = 0;
    for (const auto& [cls, options] : shown.tasks[t].second.classes) {
      QStringList labels;
      for (const auto& label : options.labels) labels << QString::fromStdString(label);
      auto* child = new QTreeWidgetItem(
          item, {QString::fromStdString(cls), labels.isEmpty() ? QString::fromStdString(cls) : labels.join(", ")});
      child->setData(0, TaskRole, QString::fromStdString(name));
      child->setData(0, ClassRole, QString::fromStdString(cls));
      child->setFlags(child->flags() | Qt::ItemIsEditable);
      child->setIcon(0, swatch(QString::fromStdString(plan::classColor(shown, t, c++))));
    }
    item->setText(1, tr("classes: %1").arg(c));
    item->setExpanded(true);
    if (item->text(0) == chosen) m_tasks->setCurrentItem(item);
    ++t;
  }
  m_filling = false;
  m_hint->setText(
      t == 0 ? tr("Choose labels at the left and add them to a task, or let the program propose one task for "
                  "each body part. Each task gets an expert of its own.")
             : tr("Double-click a name to change it; write several labels with commas to merge them into one class."));
}

QString TaskEditor::currentTask() const {
  auto* item = m_tasks->currentItem();
  return item ? item->data(0, TaskRole).toString() : QString();
}

void TaskEditor::addTask() {
  auto tasks = m_model->value("tasks");
  const auto key = freeName(tasks, "task");
  tasks[key] = newTask();
  m_model->setValue("tasks", tasks);
  for (auto* item : m_tasks->findItems(QString::fromStdString(key), Qt::MatchExactly)) {
    m_tasks->setCurrentItem(item);
    if (isVisible()) m_tasks->editItem(item, 0);
  }
}

void TaskEditor::addSelected(bool asOneClass) {
  const auto chosen = m_available->selectedItems();
  if (chosen.isEmpty()) return;
  if (currentTask().isEmpty() && m_tasks->topLevelItemCount() > 0)
    m_tasks->setCurrentItem(m_tasks->topLevelItem(m_tasks->topLevelItemCount() - 1));
  if (currentTask().isEmpty()) addTask();
  auto tasks = m_model->value("tasks");
  auto& classes = tasks[currentTask().toStdString()]["classes"];
  if (asOneClass) {
    Json labels = Json::array();
    for (const auto* item : chosen) labels.push_back(item->text(0).toStdString());
    classes[freeName(classes, planName(chosen.front()->text(0)))] = {{"labels", labels}, {"color", ""}};
  } else {
    for (const auto* item : chosen) {
      const auto label = item->text(0).toStdString();
      if (!hasLabel(classes, label)) classes[freeName(classes, planName(item->text(0)))] = classOf(label);
    }
  }
  m_model->setValue("tasks", tasks);
}

void TaskEditor::removeSelected() {
  auto* item = m_tasks->currentItem();
  if (!item) return;
  auto tasks = m_model->value("tasks");
  const auto task = item->data(0, TaskRole).toString().toStdString();
  const auto cls = item->data(0, ClassRole).toString().toStdString();
  if (cls.empty())
    tasks.erase(task);
  else
    tasks[task]["classes"].erase(cls);
  m_model->setValue("tasks", tasks);
}

Json TaskEditor::newTask() const {
  plan::Task task;
  task.kind = m_kind;
  return task;
}

void TaskEditor::askToSuggest() {
  if (m_tasks->topLevelItemCount() == 0) return suggestByBodyPart();
  auto* box =
      new QMessageBox(QMessageBox::Question, tr("One task per body part"),
                      tr("Replace the tasks there are by one task for each body part?"), QMessageBox::Cancel, this);
  box->setObjectName("confirmSuggest");
  box->setAttribute(Qt::WA_DeleteOnClose);
  auto* replace = box->addButton(tr("Replace"), QMessageBox::AcceptRole);
  box->setDefaultButton(QMessageBox::Cancel);
  connect(box, &QMessageBox::buttonClicked, this, [this, replace](QAbstractButton* pressed) {
    if (pressed == replace) suggestByBodyPart();
  });
  box->open();
}

void TaskEditor::setKind(plan::TaskKind kind) {
  m_kind = kind;
  auto tasks = m_model->value("tasks");
  for (auto& [name, task] : tasks.items()) task["kind"] = Json(kind);
  if (!tasks.empty()) m_model->setValue("tasks", tasks);
}

void TaskEditor::suggestByBodyPart() {
  std::map<QString, Json> byPart;
  for (const auto& label : m_labels) {
    // A structure seen in several parts of the body is learned in each of them.
    for (const auto& part : label.bodyParts.isEmpty() ? QStringList{QString()} : label.bodyParts) {
      auto& task = byPart.try_emplace(part.isEmpty() ? tr("all") : part.toLower(), newTask()).first->second;
      auto& classes = task["classes"];
      classes[freeName(classes, planName(label.name))] = classOf(label.name.toStdString());
      if (!part.isEmpty()) task["body_parts"] = {part.toStdString()};
    }
  }
  Json tasks = Json::object();
  for (const auto& [part, task] : byPart) tasks[freeName(tasks, planName(part))] = task;
  m_model->setValue("tasks", tasks);
}

void TaskEditor::rename(QTreeWidgetItem* item, int column) {
  if (m_filling) return;
  const auto task = item->data(0, TaskRole).toString().toStdString();
  const auto cls = item->data(0, ClassRole).toString().toStdString();
  auto tasks = m_model->value("tasks");
  const auto key = planName(item->text(0));
  if (column == 1 && !cls.empty()) {
    Json labels = Json::array();
    for (const auto& part : item->text(1).split(',', Qt::SkipEmptyParts))
      labels.push_back(part.trimmed().toStdString());
    tasks[task]["classes"][cls]["labels"] = labels;
  } else if (column == 0 && !key.empty() && cls.empty() && !tasks.contains(key)) {
    tasks = renamed(tasks, task, key);
  } else if (column == 0 && !key.empty() && !cls.empty() && !tasks[task]["classes"].contains(key)) {
    auto& classes = tasks[task]["classes"];
    if (classes[cls].value("labels", Json::array()).empty()) classes[cls]["labels"] = {cls};
    classes = renamed(classes, cls, key);
  }
  m_model->setValue("tasks", tasks);
  // A refused name is taken back; later, since the tree may not be rebuilt while it reports a change.
  QMetaObject::invokeMethod(this, &TaskEditor::showTasks, Qt::QueuedConnection);
}

void TaskEditor::chooseColor(QTreeWidgetItem* item) {
  if (!item) return;
  const auto color = QColorDialog::getColor(Qt::white, this, tr("Colour of %1").arg(item->text(0)));
  if (!color.isValid()) return;
  auto tasks = m_model->value("tasks");
  auto& task = tasks[item->data(0, TaskRole).toString().toStdString()];
  const auto cls = item->data(0, ClassRole).toString().toStdString();
  (cls.empty() ? task : task["classes"][cls])["color"] = color.name().toStdString();
  m_model->setValue("tasks", tasks);
}

bool TaskEditor::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_tasks->viewport() && (event->type() == QEvent::DragEnter || event->type() == QEvent::DragMove)) {
    static_cast<QDragMoveEvent*>(event)->acceptProposedAction();
    return true;
  }
  if (watched == m_tasks->viewport() && event->type() == QEvent::Drop) {
    auto* drop = static_cast<QDropEvent*>(event);
    if (auto* under = m_tasks->itemAt(drop->position().toPoint())) m_tasks->setCurrentItem(under);
    addSelected(false);
    drop->acceptProposedAction();
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace lorkd::form
