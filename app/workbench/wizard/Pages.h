// The wizard's pages. Each edits the wizard's plan model; none keeps choices of its own.
#pragma once

#include <vector>

#include "app/workbench/wizard/FoundImages.h"
#include "app/workbench/wizard/PageJobs.h"
#include "app/workbench/wizard/PlanPage.h"
#include "widgets/form/RankTable.h"
#include "widgets/form/TaskEditor.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTimer;
class QTreeView;
class QTreeWidget;

namespace lorkd::field {
class FaultLine;
}
namespace lorkd::plot {
class RankChart;
}
namespace lorkd::watch {
class Job;
}

namespace lorkd::workbench {

/// Folders to scan; what they hold, and what cannot be used and why.
class DataPage : public PlanPage {
  Q_OBJECT
 public:
  explicit DataPage(RunWizard* wizard);
  void initializePage() override;
  QString whyNot() const override;
  /// Adds the folder as a source and scans it.
  void addFolder(const QString& folder);
  /// Lets the chosen source stand for another folder, where its data lie now.
  void moveSource(const QString& folder);
  const std::vector<data::Case>& cases() const { return m_found.cases; }

 Q_SIGNALS:
  void scanned();

 private:
  void askPacs();
  /// Which files of the chosen source are images, which their labels, and whose.
  void askLayout();
  /// What the labels speak of, which of several answers counts, which channels the network sees.
  void askKnown();
  void removeSource();
  void scan(const QString& name, const QString& folder);
  /// Reads the index on a worker; present() follows, unless there is a newer question.
  void readIndex();
  void present();
  void showSources();
  /// Whether every source of the plan accepts the finding, and making it so.
  bool accepts(const std::string& code) const;
  void setAccepted(const std::string& code, bool accepted);
  QTreeWidget* m_sources;
  QTreeView* m_list;
  RowsModel* m_rows;
  std::vector<std::pair<std::string, QCheckBox*>> m_accept;  ///< code of a finding that needs consent
  QLabel* m_status;
  QPushButton *m_move, *m_cancel, *m_known;
  FoundImages m_found;
  std::vector<std::pair<QString, QString>> m_failed;  ///< source, reason
  bool m_cancelled = false;                           ///< a scan was, and nobody has said so yet
  bool m_scanUnknown = false;  ///< sources that the index does not know are to be scanned once it is read
  int m_asked = 0, m_answered = 0;
  PageJobs m_jobs;
};

/// Labels to tasks.
class TasksPage : public PlanPage {
  Q_OBJECT
 public:
  TasksPage(RunWizard* wizard, DataPage* data);
  void initializePage() override;
  QString whyNot() const override;
  form::TaskEditor* editor() const { return m_editor; }

 private:
  /// Sets of pictures are classified, volumes and pictures with masks segmented; where the data are of several of these
  /// kinds, the user says which of them the tasks are for.
  void followKind();
  /// Takes labels, networks and sizes that suit tasks of this kind.
  void takeKind(plan::TaskKind kind);
  DataPage* m_data;
  form::TaskEditor* m_editor;
  QWidget* m_kindRow;
  QComboBox* m_kind;
};

/// Looks whether the plan's earlier teacher is there, and refuses it at its field if not. A plan that trains its own,
/// or has none, names none.
void judgeTeacher(form::PlanModel* model);

/// Where the knowledge comes from.
class TeacherPage : public PlanPage {
  Q_OBJECT
 public:
  explicit TeacherPage(RunWizard* wizard);
  void initializePage() override;
  QString whyNot() const override;

 private:
  void showChoice();
  void addTeacher(const QString& title, const QString& path);
  QComboBox* m_runs;
  QLabel* m_idle;
  QLabel* m_unknown;  ///< that nobody knows whom the teacher has learnt from
  QWidget *m_trainForm, *m_runForm;
};

/// Student network and rank per task, with what each costs.
class RanksPage : public PlanPage {
  Q_OBJECT
 public:
  explicit RanksPage(RunWizard* wizard);
  void initializePage() override;
  QString whyNot() const override;

 protected:
  QStringList paths() const override;

 private:
  void askSizes();
  /// What is known of another network is of no use: says why nothing is known of this one.
  void refuse(const QString& why);
  void showBars();
  /// Says what is wrong with the ranks, and what is not wise about sizes.
  void showWarnings();
  form::RankTable* m_table;
  plot::RankChart* m_chart;
  QLabel *m_status, *m_warning;
  field::FaultLine *m_faults, *m_refusal;
  QTimer* m_timer;
  std::int64_t m_expert = 0;
  int m_asked = 0;
  PageJobs m_jobs;
};

/// Spacing, patch, losses, schedule.
class TrainingPage : public PlanPage {
  Q_OBJECT
 public:
  explicit TrainingPage(RunWizard* wizard);
  void initializePage() override { showWarning(); }

 private:
  /// Says where spacing and patch are far from what the data suggest.
  void showWarning();
  QLabel* m_warning;
};

/// Everything once more, faults first, and the name of the run.
class ReviewPage : public PlanPage {
  Q_OBJECT
 public:
  explicit ReviewPage(RunWizard* wizard);
  void initializePage() override;
  QString whyNot() const override;
  QString runName() const;
  bool startAtOnce() const;

 private:
  void review();
  void check();
  QLineEdit* m_name;
  QString m_proposed;  ///< the name that stands there unless someone typed another
  field::FaultLine* m_nameFault;
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
