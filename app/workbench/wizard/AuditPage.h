// What the data are really like, before anything is trained: one row an image, what is wrong with it and what becomes
// of that, doubles and leaks, counts of every task, and the grid that suits them.
#pragma once

#include <QWizardPage>
#include <optional>

#include "app/workbench/wizard/PageJobs.h"
#include "core/data/Audit.h"

class QLabel;
class QPushButton;
class QTextBrowser;
class QTreeWidget;

namespace lorkd::workbench {

class RunWizard;

/// Asks `lorkd audit`: headers at once, voxels when the user wants them read.
class AuditPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit AuditPage(RunWizard* wizard);
  void initializePage() override;
  const std::optional<data::Audit>& audit() const { return m_audit; }

 private:
  void ask(bool voxels, const QString& html = {});
  void show(const data::Audit& audit);
  void useAdvice();
  RunWizard* m_wizard;
  QLabel* m_status;
  QTreeWidget* m_images;
  QTextBrowser* m_summary;
  QPushButton *m_read, *m_save, *m_use, *m_cancel;
  std::optional<data::Audit> m_audit;
  bool m_voxels = false;  ///< the audit that is shown has read them
  int m_asked = 0;
  PageJobs m_jobs;
};

}  // namespace lorkd::workbench
