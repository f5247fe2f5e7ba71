#include "widgets/run/RunList.h"

#include <QApplication>
#include <QDesktopServices>
#include <QFileInfo>
#include <QHeaderView>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QTreeWidget>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/run/EventLog.h"
#include "widgets/plot/PlotTheme.h"
#include "widgets/run/Sight.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {
namespace {

constexpr int pathRole = Qt::UserRole, shareRole = Qt::UserRole + 1, colorRole = Qt::UserRole + 2;

/// A thin bar under the text.
class BarDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant share = index.data(shareRole);
    if (!share.isValid()) return;
    const QRectF track(option.rect.left() + 4, option.rect.bottom() - 4, option.rect.width() - 8, 3);
    // In a chosen row the colours of states may be that of the row itself.
    const bool chosen = option.state & QStyle::State_Selected;
    const QColor text = option.palette.color(QPalette::HighlightedText);
    QColor faint = text;
    faint.setAlpha(90);
    painter->fillRect(track, chosen ? faint : plot::PlotTheme::of(option.palette).grid);
    painter->fillRect(QRectF(track.topLeft(), QSizeF(track.width() * share.toDouble(), track.height())),
                      chosen ? text : index.data(colorRole).value<QColor>());
  }
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    return QStyledItemDelegate::sizeHint(option, index) + QSize(0, 6);
  }
};

QString clean(const QString& path) { return QFileInfo(path).absoluteFilePath(); }

}  // namespace

RunList::RunList(QWidget* parent, int interval)
    : QWidget(parent), m_tree(new QTreeWidget(this)), m_timer(new QTimer(this)), m_there(new QObject) {
  setObjectName(QStringLiteral("runList"));
  setAccessibleName(tr("Projects and runs"));
  m_tree->setObjectName(QStringLiteral("runTree"));
  m_tree->setAccessibleName(tr("Projects and runs"));
  m_tree->setHeaderLabels({tr("Run"), tr("Progress"), tr("Tasks"), tr("Best")});
  m_tree->setUniformRowHeights(true);
  m_tree->setAlternatingRowColors(true);
  m_tree->setContextMenuPolicy(Qt::CustomContextMenu);
  m_tree->setItemDelegateForColumn(Progress, new BarDelegate(m_tree));
  m_tree->header()->setStretchLastSection(false);
  m_tree->header()->setSectionResizeMode(Name, QHeaderView::Stretch);
  for (int column : {Progress, Tasks, Best})
    m_tree->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(m_tree);
  connect(m_tree, &QTreeWidget::itemSelectionChanged, this, [this] {
    if (!selectedProject().isEmpty()) m_wanted.clear();  // whoever chooses waits for no other run
    if (const QString run = selectedRun(); !run.isEmpty()) {
      m_shown = run;
      Q_EMIT runSelected(run);
    } else if (const QString project = selectedProject(); !project.isEmpty()) {
      Q_EMIT projectSelected(project);
    }
  });
  connect(m_tree, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
    if (item->parent()) Q_EMIT runActivated(item->data(Name, pathRole).toString());
  });
  connect(m_tree, &QWidget::customContextMenuRequested, this, [this](const QPoint& position) {
    auto* menu = menuAt(position);
    if (!menu) return;
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->popup(m_tree->viewport()->mapToGlobal(position));
  });
  m_tree->viewport()->installEventFilter(this);
  m_there->moveToThread(&m_thread);
  connect(&m_thread, &QThread::finished, m_there, &QObject::deleteLater);
  m_thread.setObjectName(QStringLiteral("run-list"));
  m_thread.start(QThread::LowPriority);
  connect(m_timer, &QTimer::timeout, this, &RunList::refresh);
  m_timer->start(interval);
}

RunList::~RunList() {
  m_thread.quit();
  m_thread.wait();
}

void RunList::addProject(const QString& path) {
  if (path.isEmpty() || m_projects.contains(clean(path))) return;
  m_projects << clean(path);
  present(m_last);
  refresh();
  Q_EMIT projectsChanged();
}

void RunList::removeProject(const QString& path) {
  if (m_projects.removeAll(clean(path)) == 0) return;
  present(m_last);
  refresh();
  Q_EMIT projectsChanged();
}

void RunList::refresh() {
  m_again = m_busy;
  if (m_busy) return;
  m_busy = true;
  std::vector<std::filesystem::path> folders;
  for (const auto& project : m_projects) folders.emplace_back(project.toStdString());
  QMetaObject::invokeMethod(m_there, [this, scanner = m_scanner, folders] {
    auto found = scanner->scan(folders);
    QStringList missing;
    for (const auto& folder : folders)
      if (std::error_code ec; !std::filesystem::is_directory(folder, ec))
        missing << QString::fromStdString(folder.string());
    QMetaObject::invokeMethod(
        this,
        [this, found = std::move(found), missing] {
          m_busy = false;
          const bool other = std::exchange(m_missing, missing) != missing;
          present(found);
          if (other) Q_EMIT missingChanged();
          if (m_again) refresh();
        },
        Qt::QueuedConnection);
  });
}

void RunList::present(const std::vector<RunInfo>& runs) {
  m_last = runs;
  // Where a chosen row goes, the tree chooses its neighbour: nobody asked for that one.
  const QString run = selectedRun(), project = selectedProject();
  {
    const QSignalBlocker quiet(m_tree);
    fillTree(runs);
    if (selectedRun() != run || selectedProject() != project) {
      m_tree->setCurrentItem(nullptr);
      m_tree->clearSelection();
    }
  }
  if (!run.isEmpty() && selectedRun().isEmpty() && m_wanted.isEmpty()) m_wanted = run;  // it may come back
  if (!m_wanted.isEmpty()) selectRun(m_wanted);
}

void RunList::fillTree(const std::vector<RunInfo>& runs) {
  const auto item = [](QTreeWidgetItem* parent, int at, const QString& path) {
    for (int i = at; i < parent->childCount(); ++i)
      if (parent->child(i)->data(Name, pathRole).toString() == path) {
        while (parent->indexOfChild(parent->child(at)) < i &&
               parent->child(at)->data(Name, pathRole).toString() != path) {
          delete parent->takeChild(at);
          --i;
        }
        return parent->child(at);
      }
    auto* made = new QTreeWidgetItem;
    made->setData(Name, pathRole, path);
    parent->insertChild(at, made);
    return made;
  };
  auto* root = m_tree->invisibleRootItem();
  for (int p = 0; p < m_projects.size(); ++p) {
    const bool known = [&] {
      for (int i = p; i < root->childCount(); ++i)
        if (root->child(i)->data(Name, pathRole).toString() == m_projects[p]) return true;
      return false;
    }();
    auto* project = item(root, p, m_projects[p]);
    project->setText(Name, QFileInfo(m_projects[p]).fileName());
    // A disk that is not there today may be back tomorrow.
    const bool missing = m_missing.contains(m_projects[p]);
    project->setToolTip(Name, missing ? tr("%1\nThis folder is missing now.").arg(m_projects[p]) : m_projects[p]);
    project->setForeground(Name, missing ? QBrush(palette().color(QPalette::Disabled, QPalette::Text)) : QBrush());
    QFont bold = font();
    bold.setBold(true);
    project->setFont(Name, bold);
    if (!known) project->setExpanded(true);
    int at = 0;
    for (const auto& info : runs)
      if (QString::fromStdString(info.project.string()) == m_projects[p])
        fill(item(project, at++, QString::fromStdString(info.path.string())), info);
    while (project->childCount() > at) delete project->takeChild(at);
  }
  while (root->childCount() > m_projects.size()) delete root->takeChild(static_cast<int>(m_projects.size()));
}

void RunList::fill(QTreeWidgetItem* item, const RunInfo& info) const {
  const auto& status = info.status;
  const bool sound = info.trouble.empty();
  const auto sight = sightOf(status, run::now());
  const auto state = !sound ? run::State::Failed : sight == Sight::Live ? status.state : run::State::Interrupted;
  const QString word = !sound                   ? tr("Damaged")
                       : sight == Sight::Silent ? tr("Silent")
                       : sight == Sight::Ahead  ? tr("Not known whether it runs")
                                                : stateText(state);
  // Setting an icon repaints the row, so it is only done when the state changed.
  const QString key = word + palette().color(QPalette::Base).name();
  if (item->data(Best, pathRole).toString() != key) {
    item->setData(Best, pathRole, key);
    item->setIcon(Name, stateIcon(state, palette()));
    item->setData(Progress, colorRole, stateColor(state, palette()));
  }
  item->setText(Name, QString::fromStdString(info.name));
  item->setText(Progress, sound ? QStringLiteral("%1 %").arg(100 * info.share, 0, 'f', 0) : QStringLiteral("–"));
  item->setData(Progress, shareRole, sound ? QVariant(info.share) : QVariant());
  item->setText(Tasks, info.tasks ? QString::number(info.tasks) : QStringLiteral("–"));
  item->setText(Best, std::isnan(info.best) ? QStringLiteral("–") : QString::number(info.best, 'f', 3));
  for (int column : {Tasks, Best}) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  const QString tip = sound ? tr("%1 · %2 · %3\nstep %4 of %5")
                                  .arg(word, QString::fromStdString(info.plan), QString::fromStdString(info.method))
                                  .arg(status.step)
                                  .arg(status.steps)
                            : QString::fromStdString(info.trouble);
  for (int column = 0; column < 4; ++column) item->setToolTip(column, tip);
  item->setData(Name, Qt::AccessibleTextRole, tr("%1, %2, %3").arg(item->text(Name), word, item->text(Progress)));
}

QString RunList::selectedRun() const {
  const auto chosen = m_tree->selectedItems();
  return chosen.isEmpty() || !chosen.first()->parent() ? QString() : chosen.first()->data(Name, pathRole).toString();
}

QString RunList::selectedProject() const {
  const auto chosen = m_tree->selectedItems();
  if (chosen.isEmpty()) return QString();
  const auto* item = chosen.first()->parent() ? chosen.first()->parent() : chosen.first();
  return item->data(Name, pathRole).toString();
}

void RunList::selectRun(const QString& path) {
  m_wanted = clean(path);
  for (int p = 0; p < m_tree->topLevelItemCount(); ++p)
    for (int r = 0; r < m_tree->topLevelItem(p)->childCount(); ++r) {
      auto* item = m_tree->topLevelItem(p)->child(r);
      if (item->data(Name, pathRole).toString() != m_wanted) continue;
      m_wanted.clear();
      m_tree->setCurrentItem(item);
      return;
    }
}

void RunList::setShownRun(const QString& path) { m_shown = path.isEmpty() ? QString() : clean(path); }

QMenu* RunList::menuAt(const QPoint& position) {
  auto* item = m_tree->itemAt(position);
  if (!item) return nullptr;
  const QString path = item->data(Name, pathRole).toString();
  auto* menu = new QMenu(this);
  if (item->parent()) {
    connect(menu->addAction(tr("Open")), &QAction::triggered, this, [this, path] { Q_EMIT runActivated(path); });
    auto* compare = menu->addAction(tr("Compare with the shown run"));
    compare->setObjectName(QStringLiteral("compareRun"));
    compare->setEnabled(!m_shown.isEmpty() && path != m_shown);
    connect(compare, &QAction::triggered, this, [this, path] { Q_EMIT compareRequested(path); });
  }
  connect(menu->addAction(tr("Show folder")), &QAction::triggered, this,
          [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); });
  if (!item->parent()) {
    auto* remove = menu->addAction(tr("Remove from the list"));
    remove->setObjectName(QStringLiteral("removeProject"));
    connect(remove, &QAction::triggered, this, [this, path] { removeProject(path); });
  }
  return menu;
}

bool RunList::eventFilter(QObject* watched, QEvent* event) {
  // The right button asks for the menu alone: choosing the run would take the shown one away.
  if (watched == m_tree->viewport() && event->type() == QEvent::MouseButtonPress)
    return static_cast<QMouseEvent*>(event)->button() == Qt::RightButton;
  return QWidget::eventFilter(watched, event);
}

void RunList::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) present(m_last);
}

}  // namespace lorkd::watch
