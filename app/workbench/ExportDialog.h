// Which experts go where, in which formats; the work is a job of `lorkd export`.
#pragma once

#include <QDialog>
#include <QPointer>

#include "core/run/RunDirectory.h"
#include "widgets/run/JobQueue.h"

class QDialogButtonBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QTreeWidget;

namespace lorkd::workbench {

class ExportDialog : public QDialog {
  Q_OBJECT
 public:
  ExportDialog(const run::RunDirectory& run, watch::JobQueue* jobs, QWidget* parent = nullptr);
  /// Starts the job; the dialog stays and shows the parity of every expert when it is done.
  void exportNow();
  watch::Job* job() const { return m_job; }
  QTreeWidget* tasks() const { return m_tasks; }

 private:
  void finished();
  void refresh();
  /// Why nothing can be exported now; empty: it can.
  QString whyNot() const;
  run::RunDirectory m_run;
  watch::JobQueue* m_jobs;
  QPointer<watch::Job> m_job;
  QTreeWidget* m_tasks;
  QTreeWidget* m_formats;
  QLineEdit* m_folder;
  QString m_own, m_target, m_intro;  ///< the run's folder of experts; where this export goes; what is said at first
  QLabel* m_status;
  QProgressBar* m_bar;
  QPushButton* m_cancel;
  QDialogButtonBox* m_buttons;
};

}  // namespace lorkd::workbench
