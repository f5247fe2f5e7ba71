// The cases of a run at the left, the inspector at the right.
#pragma once

#include <QWidget>
#include <optional>

#include "app/workbench/CaseLoader.h"
#include "widgets/run/JobQueue.h"
#include "widgets/view/Inspector.h"

class QLabel;
class QPushButton;
class QTreeWidget;

namespace lorkd::workbench {

class InspectorPage : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPage(watch::JobQueue* jobs, QWidget* parent = nullptr);
  /// Lists the cases of the run; an empty path lists none.
  void setRun(const QString& path);
  /// Reads and shows the case in this row.
  void showCase(int row);
  /// Starts a job that predicts the chosen case with every expert and the teacher.
  void predict();
  view::Inspector* inspector() const { return m_inspector; }
  QTreeWidget* cases() const { return m_list; }

 private:
  void step(int by);
  void take(const QString& caseId, Result<LoadedCase> loaded);
  void refreshButtons();

  watch::JobQueue* m_jobs;
  std::optional<run::RunDirectory> m_run;
  data::CaseList m_cases;
  QTreeWidget* m_list;
  QLabel* m_note;
  QPushButton* m_predict;
  view::Inspector* m_inspector;
  QString m_shown;
  int m_loading = 0;
};

}  // namespace lorkd::workbench
