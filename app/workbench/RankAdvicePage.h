// Ranks advised for a trained run: a table, what each rank keeps, and a plan with them. The work is `lorkd ranks`.
#pragma once

#include <QPointer>
#include <QWidget>

#include "core/base/Json.h"
#include "widgets/plot/EnergyChart.h"
#include "widgets/run/JobQueue.h"

class QCheckBox;
class QLabel;
class QPushButton;
class QSplitter;
class QTreeWidget;

namespace lorkd::field {
class NumberField;
}

namespace lorkd::workbench {

class RankAdvicePage : public QWidget {
  Q_OBJECT
 public:
  explicit RankAdvicePage(watch::JobQueue* jobs, QWidget* parent = nullptr);
  /// Shows a run without advice; an empty path shows none.
  void setRun(const QString& path);
  /// Whether there is something to ask for may have changed.
  void refresh();
  /// Why no new run can be made in the project; empty: one can.
  void setUnwritable(const QString& why);
  void advise();
  watch::Job* job() const { return m_job; }
  QTreeWidget* table() const { return m_table; }
  plot::EnergyChart* chart() const { return m_chart; }

 Q_SIGNALS:
  /// The run's plan with the advised ranks, to begin a new run from.
  void planWanted(const lorkd::Json& plan);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  /// Divides the width between table and chart, unless someone has moved what divides them.
  void share();
  void finished();
  void fill(const Json& advice);
  void clearAdvice();
  /// The advice shown is for another budget than the one asked for now.
  bool outdated() const;

  watch::JobQueue* m_jobs;
  QPointer<watch::Job> m_job;
  QString m_run, m_why, m_unwritable, m_said;
  Json m_plan;
  field::NumberField* m_budget;
  QCheckBox* m_perLayer;
  QPushButton *m_ask, *m_use;
  QSplitter* m_middle;
  bool m_sharedByHand = false;
  double m_advisedBudget = 0;
  bool m_advisedPerLayer = false;
  QTreeWidget* m_table;
  plot::EnergyChart* m_chart;
  QLabel* m_text;
};

}  // namespace lorkd::workbench
