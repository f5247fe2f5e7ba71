#include "widgets/form/TaskEditor.h"

#include <QColorDialog>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeySequence>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QShortcut>

#include "widgets/field/FaultLine.h"
#include "widgets/form/ClassScores.h"
#include "widgets/form/PlanNames.h"
#include "widgets/form/ProposalDialog.h"
#include "widgets/form/TaskTemplate.h"

namespace lorkd::form {
namespace {

QPushButton* button(const QString& text, const char* name, const QString& tip, QWidget* parent) {
  auto* b = new QPushButton(text, parent);
  b->setObjectName(name);
  b->setAccessibleName(QString(text).remove('&'));
  b->setToolTip(tip);
  b->setAutoDefault(false);
  return b;
}

}  // namespace

TaskEditor::TaskEditor(PlanModel* model, QWidget* parent) : QWidget(parent), m_model(model) {
  m_labels = new LabelTable(this);
  m_tasks = new TaskTree(m_labels->list(), this);
  auto* propose =
      button(tr("&Propose tasks…"), "suggestTasks",
             tr("By region of the body, from names of labels and body parts; shown before it is taken"), this);
  auto* load =
      button(tr("Load template…"), "loadTemplate", tr("Tasks that were saved, or those of another plan"), this);
  m_save = button(tr("Save as template…"), "saveTemplate", tr("Keep these tasks for other data"), this);
  m_undo = button(tr("Undo"), "undoTasks",
                  tr("Take the last step back (%1)").arg(QKeySequence(QKeySequence::Undo).toString()), this);
  m_redo =
      button(tr("Redo"), "redoTasks", tr("Take it again (%1)").arg(QKeySequence(QKeySequence::Redo).toString()), this);
  m_add = button(tr("Add as &classes →"), "addClasses",
                 tr("A class for each chosen label, in the task in hand (Enter)"), this);
  m_mergeLabels =
      button(tr("Add as &one class →"), "mergeClasses", tr("One class, the union of the chosen labels"), this);
  auto* newTask = button(tr("New &task"), "newTask", tr("An empty task, to be named"), this);
  m_merge = button(tr("&Merge"), "mergeTaskClasses", tr("Make one class of the chosen ones: the union of their labels"),
                   this);
  m_split = button(tr("&Split"), "splitClass", tr("Make a class of each label of the chosen class"), this);
  m_move = button(tr("Mo&ve to"), "moveClasses", tr("Move the chosen classes to another task"), this);
  auto* others = new QMenu(m_move);
  m_move->setMenu(others);
  m_color =
      button(tr("Colou&r…"), "taskColor", tr("Colour of what is chosen, in views and exported segmentations"), this);
  m_remove = button(tr("Remove"), "removeTask", tr("Remove what is chosen (Delete)"), this);
  m_scores = new ClassScores(this);
  m_hint = new QLabel(this);
  m_hint->setWordWrap(true);
  m_fault = new field::FaultLine(this);
  m_fault->setObjectName("taskFault");

  const auto row = [](std::initializer_list<QWidget*> widgets) {
    auto* layout = new QHBoxLayout;
    for (auto* widget : widgets) widget ? layout->addWidget(widget) : layout->addStretch();
    return layout;
  };
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->addWidget(m_labels, 0, 0, 2, 1);
  grid->addLayout(row({m_add, m_mergeLabels, nullptr}), 2, 0);
  grid->addLayout(row({propose, load, m_save, nullptr, m_undo, m_redo}), 0, 1);
  grid->addWidget(m_tasks, 1, 1);
  grid->addLayout(row({newTask, m_merge, m_split, m_move, m_color, m_remove, nullptr}), 2, 1);
  grid->addWidget(m_scores, 3, 1);
  grid->addWidget(m_fault, 4, 0, 1, 2);
  grid->addWidget(m_hint, 5, 0, 1, 2);
  grid->setRowStretch(1, 1);
  grid->setColumnStretch(0, 4);
  grid->setColumnStretch(1, 5);

  connect(m_labels, &LabelTable::activated, this, [this] { addSelected(false); });
  connect(m_labels->list(), &QTreeWidget::itemSelectionChanged, this, &TaskEditor::showWhatCanBeDone);
  connect(m_tasks, &QTreeWidget::itemSelectionChanged, this, &TaskEditor::showWhatCanBeDone);
  connect(m_add, &QPushButton::clicked, this, [this] { addSelected(false); });
  connect(m_mergeLabels, &QPushButton::clicked, this, [this] { addSelected(true); });
  connect(newTask, &QPushButton::clicked, this, &TaskEditor::addTask);
  connect(m_merge, &QPushButton::clicked, this, &TaskEditor::mergeSelected);
  connect(m_split, &QPushButton::clicked, this, &TaskEditor::splitSelected);
  connect(others, &QMenu::aboutToShow, this, [this, others] {
    others->clear();
    const auto tasks = value();
    for (const auto& [name, unused] : tasks.items())
      others->addAction(QString::fromStdString(name), this, [this, onto = name] { dropClasses({onto, ""}); });
    others->addSeparator();
    others->addAction(tr("New task"), this, [this] { dropClasses({}); });
  });
  connect(m_color, &QPushButton::clicked, this, &TaskEditor::chooseColor);
  connect(m_remove, &QPushButton::clicked, this, &TaskEditor::removeSelected);
  connect(m_scores, &ClassScores::entered, this, [this](const Json& values) {
    const auto places = classesOf(value(), m_tasks->chosen());
    change([&](Json& tasks) {
      for (const auto& place : places) tasks[place.task]["classes"][place.cls].update(values);
    });
  });
  connect(m_undo, &QPushButton::clicked, this, &TaskEditor::undo);
  connect(m_redo, &QPushButton::clicked, this, &TaskEditor::redo);
  connect(propose, &QPushButton::clicked, this, &TaskEditor::propose);
  connect(load, &QPushButton::clicked, this, [this] { askForTemplate(false); });
  connect(m_save, &QPushButton::clicked, this, [this] { askForTemplate(true); });
  connect(new QShortcut(QKeySequence::Undo, this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut),
          &QShortcut::activated, this, &TaskEditor::undo);
  connect(new QShortcut(QKeySequence::Redo, this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut),
          &QShortcut::activated, this, &TaskEditor::redo);

  connect(m_tasks, &TaskTree::removeAsked, this, &TaskEditor::removeSelected, Qt::QueuedConnection);
  connect(
      m_tasks, &TaskTree::renamed, this,
      [this](const TaskPlace& place, const QString& name) {
        const auto why = renameFault(value(), place, name);
        change([&](Json& tasks) { rename(tasks, place, name); });
        refresh();  // a refused name is taken back
        m_fault->say(why);
      },
      Qt::QueuedConnection);
  connect(m_tasks, &TaskTree::labelsDropped, this, &TaskEditor::dropLabels, Qt::QueuedConnection);
  connect(m_tasks, &TaskTree::classesDropped, this, &TaskEditor::dropClasses, Qt::QueuedConnection);
  connect(m_model, &PlanModel::changed, this, [this](const QString& path) {
    if (!path.isEmpty() && !path.startsWith("tasks")) return;
    // A step of before would take back what was changed elsewhere.
    if (!m_changing) m_past.clear(), m_future.clear();
    refresh();
  });
  m_labels->setData(&m_data);
  refresh();
}

void TaskEditor::setImages(std::vector<ImageInfo> images) {
  m_data = DataLabels(std::move(images));
  m_labels->setData(&m_data);
  refresh();
}

void TaskEditor::setTasks(const Json& tasks) {
  m_changing = true;
  m_model->setValue("tasks", tasks);
  m_changing = false;
}

void TaskEditor::change(const std::function<void(Json&)>& edit) {
  const auto before = value();
  auto tasks = before;
  edit(tasks);
  if (tasks == before) return;
  m_past.push_back(before);
  m_future.clear();
  setTasks(tasks);
}

void TaskEditor::undo() {
  if (m_past.empty()) return;
  m_future.push_back(value());
  const auto tasks = m_past.back();
  m_past.pop_back();
  setTasks(tasks);
}

void TaskEditor::redo() {
  if (m_future.empty()) return;
  m_past.push_back(value());
  const auto tasks = m_future.back();
  m_future.pop_back();
  setTasks(tasks);
}

void TaskEditor::refresh() {
  m_fault->say({});
  const auto tasks = value();
  m_tasks->show(tasks, m_data);
  std::map<std::string, LabelUse> used;
  for (const auto& [name, task] : tasks.items())
    for (const auto& [cls, unused] : task.at("classes").items())
      for (const auto& label : labelNames(task, cls)) {
        auto& use = used[image::folded(label)];
        if (const auto* item = m_tasks->itemOf({name, cls}); item && use.places.isEmpty()) use.look = item->icon(0);
        use.places << QString::fromStdString(name + " › " + cls);
      }
  m_labels->setUsed(std::move(used));
  m_hint->setText(
      tr("Drop labels on a task to add them, on a class to merge them into it, beside both for a new task. "
         "Classes can be dragged as well. F2 or a double click changes a name."));
  showWhatCanBeDone();
}

void TaskEditor::showWhatCanBeDone() {
  const auto labels = m_labels->list()->selectedItems().size();
  const auto places = m_tasks->chosen();
  const auto classes = std::ranges::count_if(places, [](const TaskPlace& place) { return !place.cls.empty(); });
  const auto tasks = value();
  m_add->setEnabled(labels > 0);
  m_mergeLabels->setEnabled(labels > 1);
  m_merge->setEnabled(classes > 1);
  m_split->setEnabled(std::ranges::any_of(places, [&](const TaskPlace& place) {
    return !place.cls.empty() && labelNames(tasks[place.task], place.cls).size() > 1;
  }));
  m_move->setEnabled(classes > 0);
  m_color->setEnabled(!places.empty());
  m_scores->show(tasks, places, m_kind);
  m_remove->setEnabled(!places.empty());
  m_undo->setEnabled(!m_past.empty());
  m_redo->setEnabled(!m_future.empty());
  m_save->setEnabled(!tasks.empty());
}

std::string TaskEditor::newTask(Json& tasks) const {
  plan::Task task;
  task.kind = m_kind;
  const auto key = freeName(tasks, "task");
  tasks[key] = task;
  return key;
}

std::string TaskEditor::taskInHand(Json& tasks) const {
  const auto place = m_tasks->current();
  if (!place.task.empty()) return place.task;
  return tasks.empty() ? newTask(tasks) : std::prev(tasks.end()).key();
}

void TaskEditor::addTask() {
  std::string key;
  change([&](Json& tasks) { key = newTask(tasks); });
  m_tasks->editName({key, ""});
}

void TaskEditor::addSelected(bool asOneClass) {
  const auto labels = m_labels->chosen();
  if (labels.empty()) return;
  std::string task;
  change([&](Json& tasks) {
    task = taskInHand(tasks);
    asOneClass ? addMerged(tasks, task, labels) : addLabels(tasks, task, labels);
  });
  if (m_tasks->current().task != task) m_tasks->choose({task, ""});
}

void TaskEditor::dropLabels(const TaskPlace& onto) {
  const auto labels = m_labels->chosen();
  change([&](Json& tasks) {
    if (!onto.cls.empty()) return addToClass(tasks, onto, labels);
    addLabels(tasks, onto.task.empty() ? newTask(tasks) : onto.task, labels);
  });
}

void TaskEditor::dropClasses(const TaskPlace& onto) {
  const auto places = m_tasks->chosen();
  change([&](Json& tasks) {
    if (!onto.cls.empty()) return mergeClasses(tasks, places, onto);
    moveClasses(tasks, places, onto.task.empty() ? newTask(tasks) : onto.task);
  });
}

void TaskEditor::mergeSelected() {
  auto places = m_tasks->chosen();
  std::erase_if(places, [](const TaskPlace& place) { return place.cls.empty(); });
  if (places.size() < 2) return;
  change([&](Json& tasks) { mergeClasses(tasks, places, places.front()); });
  m_tasks->choose(places.front());
}

void TaskEditor::splitSelected() {
  const auto places = m_tasks->chosen();
  change([&](Json& tasks) {
    for (const auto& place : places)
      if (!place.cls.empty()) splitClass(tasks, place, m_data);
  });
}

void TaskEditor::removeSelected() {
  const auto places = m_tasks->chosen();
  change([&](Json& tasks) { removeFrom(tasks, places); });
}

void TaskEditor::setKind(plan::TaskKind kind) {
  m_kind = kind;
  auto tasks = value();
  for (auto& [name, task] : tasks.items()) task["kind"] = Json(kind);
  if (!tasks.empty()) m_model->setValue("tasks", tasks);
  showWhatCanBeDone();
}

void TaskEditor::chooseColor() {
  const auto places = m_tasks->chosen();
  if (places.empty()) return;
  auto* dialog = new QColorDialog(m_tasks->currentColor(), this);
  dialog->setObjectName("taskColorDialog");
  dialog->setWindowTitle(tr("Colour of what is chosen"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QColorDialog::colorSelected, this, [this, places](const QColor& color) {
    change([&](Json& tasks) {
      for (const auto& place : places) {
        auto& task = tasks[place.task];
        (place.cls.empty() ? task : task["classes"][place.cls])["color"] = color.name().toStdString();
      }
    });
  });
  dialog->open();
}

void TaskEditor::propose() {
  std::vector<Proposal> proposals{proposeRegions(m_data, m_kind)};
  proposals.push_back(proposeBodyParts(m_data, m_kind));
  // Names that say no region, such as numbers, leave the body parts.
  if (proposals.front().tasks.empty()) std::swap(proposals.front(), proposals.back());
  askAbout(std::move(proposals));
}

void TaskEditor::askAbout(std::vector<Proposal> proposals) {
  auto* dialog = new ProposalDialog(std::move(proposals), &m_data, !value().empty(), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QDialog::accepted, this, [this, dialog] {
    change([&](Json& tasks) {
      if (dialog->replaces()) tasks = Json::object();
      addTasks(tasks, dialog->tasks());
    });
  });
  dialog->open();
}

Result<void> TaskEditor::loadTemplate(const QString& file) {
  LORKD_TRY(tasks, readTemplate(file.toStdString()));
  askAbout({fitTemplate(tasks, m_data, m_kind)});
  return {};
}

Result<void> TaskEditor::saveTemplate(const QString& file) const { return writeTemplate(file.toStdString(), value()); }

void TaskEditor::askForTemplate(bool save) {
  QDir().mkpath(templateFolder());
  auto* dialog = new QFileDialog(this, save ? tr("Save as template") : tr("Load template"), templateFolder(),
                                 tr("Templates and plans (*.json)"));
  dialog->setObjectName("templateFile");
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(save ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
  dialog->setFileMode(save ? QFileDialog::AnyFile : QFileDialog::ExistingFile);
  dialog->setDefaultSuffix("json");
  connect(dialog, &QFileDialog::fileSelected, this, [this, save](const QString& file) {
    const auto done = save ? saveTemplate(file) : loadTemplate(file);
    if (done) return;
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Template"), QString::fromStdString(done.error().text()),
                                QMessageBox::Ok, this);
    box->setObjectName("templateFault");
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
  });
  dialog->open();
}

}  // namespace lorkd::form
