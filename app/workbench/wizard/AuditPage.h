// What the data are really like, before anything is trained: one row an image, what is wrong with it and what becomes
// of that, doubles and leaks, counts of every task, and the grid that suits them.
#pragma once

#include "app/workbench/wizard/AuditText.h"
#include "app/workbench/wizard/PageJobs.h"
#include "app/workbench/wizard/PlanPage.h"

class QLabel;
class QPushButton;
class QTextBrowser;
class QTreeView;

namespace lorkd::workbench {

/// Asks `lorkd audit`: headers at once, voxels when the user wants them read.
class AuditPage : public PlanPage {
  Q_OBJECT
 public:
  explicit AuditPage(RunWizard* wizard);
  void initializePage() override;

 private:
  void ask(bool voxels, const QString& html = {});
  void present(Result<AuditText> said, bool voxels, const QString& html);
  void enableButtons();
  /// A button that goes grey, or away, gives the focus to the next one, which leads off the page: the images take it.
  void keepFocus();
  void spanFindings(const QModelIndex& image);
  void useAdvice();
  QLabel* m_status;
  QTreeView* m_images;
  RowsModel* m_rows;
  QTextBrowser* m_summary;
  QPushButton *m_read, *m_save, *m_use, *m_cancel;
  bool m_looked = false;  ///< an audit is shown
  bool m_voxels = false;  ///< it has read them
  int m_asked = 0;
  PageJobs m_jobs;
};

}  // namespace lorkd::workbench
