// The list of jobs: what runs, how far it is, what went wrong.
#pragma once

#include <QHash>
#include <QWidget>

#include "widgets/run/JobQueue.h"

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace lorkd::watch {

/// One job: title, state, progress bar, cancel button, error with hint, details on request.
class JobRow : public QWidget {
  Q_OBJECT
 public:
  explicit JobRow(Job* job, QWidget* parent = nullptr);

 private:
  void refresh();
  Job* m_job;
  QLabel *m_title, *m_state, *m_error;
  QProgressBar* m_bar;
  QPushButton* m_cancel;
  QToolButton* m_more;
  QPlainTextEdit* m_details;
};

/// Newest job first.
class JobsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit JobsPanel(JobQueue* queue, QWidget* parent = nullptr);
  JobRow* row(Job* job) const { return m_rows.value(job); }

 private:
  void add(Job* job);
  void refresh();
  JobQueue* m_queue;
  QHash<Job*, JobRow*> m_rows;
  QVBoxLayout* m_list;
  QLabel* m_empty;
  QPushButton* m_clear;
};

}  // namespace lorkd::watch
