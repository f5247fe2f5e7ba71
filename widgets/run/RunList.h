// Projects and their runs as a tree that keeps itself up to date.
#pragma once

#include <QStringList>
#include <QThread>
#include <QWidget>
#include <memory>
#include <vector>

#include "widgets/run/RunScanner.h"

class QMenu;
class QTimer;
class QTreeWidget;
class QTreeWidgetItem;

namespace lorkd::watch {

/// State icon and name, progress, number of tasks, best metric. Runs are those under PROJECT/runs.
class RunList : public QWidget {
  Q_OBJECT
 public:
  enum Column { Name, Progress, Tasks, Best };
  explicit RunList(QWidget* parent = nullptr, int interval = 1500);
  ~RunList() override;

  void addProject(const QString& path);
  void removeProject(const QString& path);
  QStringList projects() const { return m_projects; }
  /// Looks now instead of at the next turn of the timer.
  void refresh();
  /// The run whose curves are on screen, beside which others can be compared; a chosen run becomes it by itself.
  void setShownRun(const QString& path);
  /// What the context menu offers for the item at this place; null if there is none. The caller owns it.
  QMenu* menuAt(const QPoint& position);
  /// The run or project folder chosen; empty if none.
  QString selectedRun() const;
  QString selectedProject() const;
  /// Chooses a run, now or as soon as it appears.
  void selectRun(const QString& path);
  QTreeWidget* tree() const { return m_tree; }

 Q_SIGNALS:
  void runSelected(const QString& path);
  void projectSelected(const QString& path);
  /// Double click or Enter.
  void runActivated(const QString& path);
  /// "Compare" in the context menu: this run's curves are wanted beside the shown one's.
  void compareRequested(const QString& path);
  /// The folder of a project went, or came back.
  void missingChanged();
  /// projects() changed.
  void projectsChanged();

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  /// Shows the runs. A chosen one that is gone leaves nothing chosen, and is chosen again when it comes back.
  void present(const std::vector<RunInfo>& runs);
  void fillTree(const std::vector<RunInfo>& runs);
  void fill(QTreeWidgetItem* item, const RunInfo& info) const;

  QStringList m_projects, m_missing;
  QString m_wanted, m_shown;
  QTreeWidget* m_tree;
  QTimer* m_timer;
  QThread m_thread;
  QObject* m_there;
  std::shared_ptr<RunScanner> m_scanner = std::make_shared<RunScanner>();
  std::vector<RunInfo> m_last;
  bool m_busy = false, m_again = false;
};

}  // namespace lorkd::watch
