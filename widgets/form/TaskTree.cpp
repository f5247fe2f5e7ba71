#include "widgets/form/TaskTree.h"

#include <QDropEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include "widgets/view/Swatch.h"

namespace lorkd::form {
namespace {

enum Role { TaskRole = Qt::UserRole, ClassRole, ColorRole };
enum TreeColumn { TreeName, TreeLabels, TreeImages };

void setLook(QTreeWidgetItem* item, const QColor& color, int pattern = 0) {
  item->setIcon(TreeName, view::swatch(color, pattern));
  item->setData(TreeName, ColorRole, color);
}

}  // namespace

TaskTree::TaskTree(const QWidget* labels, QWidget* parent) : QTreeWidget(parent), m_labels(labels) {
  setObjectName("taskTree");
  setAccessibleName(tr("Tasks and their classes"));
  setHeaderLabels({tr("Task / class"), tr("Made of labels"), tr("Images")});
  headerItem()->setTextAlignment(TreeImages, Qt::AlignRight | Qt::AlignVCenter);
  headerItem()->setToolTip(TreeImages, tr("Images that carry one of its labels"));
  header()->setStretchLastSection(false);
  header()->setSectionResizeMode(TreeName, QHeaderView::Stretch);
  header()->setSectionResizeMode(TreeLabels, QHeaderView::Stretch);
  header()->setSectionResizeMode(TreeImages, QHeaderView::ResizeToContents);
  setUniformRowHeights(true);
  setSelectionMode(QAbstractItemView::ExtendedSelection);
  setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  setExpandsOnDoubleClick(false);
  setDragDropMode(QAbstractItemView::DragDrop);
  setDragEnabled(true);
  setDragDropOverwriteMode(true);  // rows are dropped on rows, not between them
  connect(this, &QTreeWidget::itemChanged, this, [this](QTreeWidgetItem* item, int column) {
    if (!m_filling && column == TreeName) Q_EMIT renamed(placeOf(item), item->text(TreeName));
  });
}

TaskPlace TaskTree::placeOf(const QTreeWidgetItem* item) {
  if (!item) return {};
  return {item->data(TreeName, TaskRole).toString().toStdString(),
          item->data(TreeName, ClassRole).toString().toStdString()};
}

QTreeWidgetItem* TaskTree::itemOf(const TaskPlace& place) const {
  for (int t = 0; t < topLevelItemCount(); ++t) {
    auto* task = topLevelItem(t);
    if (placeOf(task) == place) return task;
    for (int c = 0; c < task->childCount(); ++c)
      if (placeOf(task->child(c)) == place) return task->child(c);
  }
  return nullptr;
}

void TaskTree::show(const Json& tasks, const DataLabels& data) {
  const auto current = this->current();
  const auto selected = chosen();
  const int scrolled = verticalScrollBar()->value();
  std::set<std::string> closed;
  for (int t = 0; t < topLevelItemCount(); ++t)
    if (!topLevelItem(t)->isExpanded()) closed.insert(placeOf(topLevelItem(t)).task);
  m_filling = true;
  QSignalBlocker quiet(this);  // for a moment nothing is chosen, which would take the focus from fields of what is
  clear();
  // Colours as they will be drawn; the plan may be faulty elsewhere, so only the tasks are read.
  plan::Plan shown;
  shown.tasks = tasks.get<plan::Named<plan::Task>>();
  const plan::Looks looks(shown);
  std::size_t t = 0;
  for (const auto& [name, task] : tasks.items()) addTask(name, shown.tasks[t].second, looks, t, task, data), ++t;
  for (int n = 0; n < topLevelItemCount(); ++n)
    topLevelItem(n)->setExpanded(!closed.contains(placeOf(topLevelItem(n)).task));
  if (auto* item = itemOf(current)) setCurrentItem(item, 0, QItemSelectionModel::NoUpdate);
  for (const auto& place : selected)
    if (auto* item = itemOf(place)) item->setSelected(true);
  verticalScrollBar()->setValue(scrolled);
  m_filling = false;
  quiet.unblock();
  Q_EMIT itemSelectionChanged();
}

void TaskTree::addTask(const std::string& name, const plan::Task& shown, const plan::Looks& looks, std::size_t task,
                       const Json& json, const DataLabels& data) {
  const auto text = QString::fromStdString(name);
  auto* item = new QTreeWidgetItem(this, {text});
  item->setData(TreeName, TaskRole, text);
  item->setFlags((item->flags() | Qt::ItemIsEditable) & ~Qt::ItemIsDragEnabled);
  setLook(item, QColor(QString::fromStdString(looks.of(task).color)));
  auto font = item->font(TreeName);
  font.setBold(true);
  item->setFont(TreeName, font);
  const auto& classes = shown.classes;
  item->setText(TreeLabels, tr("classes: %1").arg(classes.size()));
  item->setText(TreeImages, QString::number(data.images(json)));
  item->setTextAlignment(TreeImages, Qt::AlignRight | Qt::AlignVCenter);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto& [cls, options] = classes[c];
    QStringList labels, unknown;
    for (const auto& label : labelNames(json, cls)) {
      labels << QString::fromStdString(label);
      if (!data.labels().empty() && !data.find(label)) unknown << labels.back();
    }
    auto* child = new QTreeWidgetItem(item, {QString::fromStdString(cls), labels.join(", ")});
    child->setData(TreeName, TaskRole, text);
    child->setData(TreeName, ClassRole, QString::fromStdString(cls));
    child->setFlags(child->flags() | Qt::ItemIsEditable);
    const auto& look = looks.of(task, c);
    setLook(child, QColor(QString::fromStdString(look.color)), look.pattern);
    child->setText(TreeImages, QString::number(data.images(json, cls)));
    child->setTextAlignment(TreeImages, Qt::AlignRight | Qt::AlignVCenter);
    // Only what differs from the name catches the eye.
    if (labels.join(", ") == child->text(TreeName))
      child->setForeground(TreeLabels, palette().brush(QPalette::PlaceholderText));
    QStringList tip{labels.join('\n')};
    if (const auto code = codeText(options.code, options.modifier); !code.isEmpty()) tip << code;
    if (!unknown.isEmpty()) {
      tip << tr("No image carries: %1").arg(unknown.join(", "));
      child->setForeground(TreeLabels, QColor(0xd0, 0x3b, 0x3b));
    }
    for (int column : {int(TreeName), int(TreeLabels), int(TreeImages)}) child->setToolTip(column, tip.join('\n'));
  }
}

TaskPlace TaskTree::current() const { return placeOf(currentItem()); }

QColor TaskTree::currentColor() const {
  return currentItem() ? currentItem()->data(TreeName, ColorRole).value<QColor>() : QColor();
}

std::vector<TaskPlace> TaskTree::chosen() const {
  std::vector<TaskPlace> out;
  for (int t = 0; t < topLevelItemCount(); ++t) {
    const auto* task = topLevelItem(t);
    if (task->isSelected()) {
      out.push_back(placeOf(task));
      continue;
    }
    for (int c = 0; c < task->childCount(); ++c)
      if (task->child(c)->isSelected()) out.push_back(placeOf(task->child(c)));
  }
  return out;
}

void TaskTree::choose(const TaskPlace& place) {
  if (auto* item = itemOf(place)) setCurrentItem(item);
}

void TaskTree::editName(const TaskPlace& place) {
  choose(place);
  if (auto* item = itemOf(place); item && isVisible()) editItem(item, TreeName);
}

void TaskTree::dragEnterEvent(QDragEnterEvent* event) {
  if (event->source() == m_labels || event->source() == this) {
    QTreeWidget::dragEnterEvent(event);
    event->accept();
  }
}

void TaskTree::dragMoveEvent(QDragMoveEvent* event) {
  QTreeWidget::dragMoveEvent(event);  // scrolls and marks the row
  if (event->source() == m_labels || event->source() == this)
    event->accept();
  else
    event->ignore();
}

void TaskTree::dropEvent(QDropEvent* event) {
  const auto onto = placeOf(itemAt(event->position().toPoint()));
  const bool labels = event->source() == m_labels;
  setState(NoState);
  if (!labels && event->source() != this) return;
  // Nothing is taken away by the view itself: the plan says what stands where.
  event->setDropAction(Qt::CopyAction);
  event->accept();
  viewport()->update();
  if (labels)
    Q_EMIT labelsDropped(onto);
  else
    Q_EMIT classesDropped(onto);
}

void TaskTree::keyPressEvent(QKeyEvent* event) {
  if (state() != EditingState && (event->key() == Qt::Key_Delete || event->key() == Qt::Key_Backspace)) {
    event->accept();
    Q_EMIT removeAsked();
    return;
  }
  QTreeWidget::keyPressEvent(event);
  // Enter ends an edit; it is no reason to press the default button of the window.
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) event->accept();
}

void TaskTree::paintEvent(QPaintEvent* event) {
  QTreeWidget::paintEvent(event);
  if (topLevelItemCount() > 0) return;
  QPainter painter(viewport());
  painter.setPen(palette().color(QPalette::PlaceholderText));
  painter.drawText(viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap,
                   tr("No tasks yet. Drag labels here, add those chosen at the left, or let the program propose tasks. "
                      "Each task gets an expert of its own."));
}

}  // namespace lorkd::form
