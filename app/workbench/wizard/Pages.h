// The wizard's pages. Each edits the wizard's plan model; none keeps choices of its own.
#pragma once

#include <QWizardPage>
#include <vector>

#include "app/workbench/wizard/PageJobs.h"
#include "core/data/Catalogue.h"
#include "widgets/form/RankTable.h"
#include "widgets/form/TaskEditor.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTimer;
class QTreeWidget;

namespace lorkd::plot {
class RankChart;
}
namespace lorkd::watch {
class Job;
}

namespace lorkd::workbench {

class RunWizard;

/// Folders to scan; what they hold, and what cannot be used and why.
class DataPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit DataPage(RunWizard* wizard);
  void initializePage() override;
  bool isComplete() const override;
  /// Adds the folder as a source and scans it.
  void addFolder(const QString& folder);
  /// Lets the chosen source stand for another folder, where its data lie now.
  void moveSource(const QString& folder);
  const std::vector<data::Case>& cases() const { return m_cases; }

 Q_SIGNALS:
  void scanned();

 private:
  void askPacs();
  void removeSource();
  void scan(const QString& name, const QString& folder);
  /// Scans the plan's sources that the index does not know: of a plan from elsewhere, or of an older index.
  void scanUnknown();
  void readIndex();
  /// Whether every source of the plan accepts the finding, and making it so.
  bool accepts(const std::string& code) const;
  void setAccepted(const std::string& code, bool accepted);
  RunWizard* m_wizard;
  QTreeWidget *m_sources, *m_found;
  std::vector<std::pair<std::string, QCheckBox*>> m_accept;  ///< code of a finding that needs consent
  QLabel* m_status;
  QPushButton *m_move, *m_cancel;
  std::vector<data::Case> m_cases;
  std::vector<std::pair<QString, QString>> m_failed;  ///< source, reason
  PageJobs m_jobs;
};

/// Labels to tasks.
class TasksPage : public QWizardPage {
  Q_OBJECT
 public:
  TasksPage(RunWizard* wizard, DataPage* data);
  void initializePage() override;
  bool isComplete() const override;
  form::TaskEditor* editor() const { return m_editor; }

 private:
  /// Sets of pictures are classified, volumes segmented.
  void followKind();
  RunWizard* m_wizard;
  DataPage* m_data;
  form::TaskEditor* m_editor;
};

/// Where the knowledge comes from.
class TeacherPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit TeacherPage(RunWizard* wizard);
  void initializePage() override;
  bool isComplete() const override;

 private:
  void showChoice();
  void addTeacher(const QString& title, const QString& path);
  RunWizard* m_wizard;
  QComboBox* m_runs;
  QWidget *m_trainForm, *m_runForm;
};

/// Student network and rank per task, with what each costs.
class RanksPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit RanksPage(RunWizard* wizard);
  void initializePage() override;

 private:
  void askSizes();
  void showBars();
  RunWizard* m_wizard;
  form::RankTable* m_table;
  plot::RankChart* m_chart;
  QLabel* m_status;
  QTimer* m_timer;
  std::int64_t m_expert = 0;
  int m_asked = 0;
  PageJobs m_jobs;
};

/// Spacing, patch, losses, schedule.
class TrainingPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit TrainingPage(RunWizard* wizard);
};

/// Everything once more, faults first, and the name of the run.
class ReviewPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit ReviewPage(RunWizard* wizard);
  void initializePage() override;
  bool isComplete() const override;
  QString runName() const;
  bool startAtOnce() const;

 private:
  void review();
  void check();
  RunWizard* m_wizard;
  QLineEdit* m_name;
  QLabel *m_summary, *m_faults;
  QPlainTextEdit* m_json;
  QCheckBox* m_start;
  bool m_good = false;
  bool m_sound = false;  ///< the engine could build the plan's networks
  QString m_refusal;     ///< what it said if not
  int m_asked = 0;
  PageJobs m_jobs;
};

}  // namespace lorkd::workbench
