// Seven pages from data to a run: Data, Tasks, Look at the data, Teacher, Experts and ranks, Training, Review.
#pragma once

#include <QWizard>
#include <optional>

#include "core/data/Audit.h"
#include "widgets/form/PlanModel.h"
#include "widgets/run/JobQueue.h"

namespace lorkd::workbench {

class WhyLine;

class RunWizard : public QWizard {
  Q_OBJECT
 public:
  /// Scans and counts run as jobs of `jobs`; results lie in `project` (index.sqlite, runs/).
  RunWizard(const QString& project, watch::JobQueue* jobs, QWidget* parent = nullptr);

  form::PlanModel* model() const { return m_model; }
  const QString& project() const { return m_project; }
  watch::JobQueue* jobs() const { return m_jobs; }
  /// Begins with this plan instead of an empty one.
  void setPlan(const plan::Plan& plan);
  /// Starts a command of `lorkd` on the plan as it is now: "plan" builds and counts its networks. Null if no file can
  /// be written.
  watch::Job* askEngine(const QString& title, const QStringList& command = {"plan"});
  /// The folder the run was frozen into; empty until the wizard is accepted.
  QString runPath() const { return m_runPath; }
  bool startAtOnce() const;
  /// The grid that suits the data, once they were looked at.
  const std::optional<data::Advice>& advice() const { return m_advice; }
  void setAdvice(const std::optional<data::Advice>& advice) { m_advice = advice; }

  void accept() override;
  /// Asks first when something was changed.
  void reject() override;

 private:
  /// Which networks and presets there are: only the engine knows its plugins.
  void askNetworks();
  /// Beside the buttons: why one cannot go on.
  void showWhy();

  QString m_project, m_runPath;
  form::PlanModel* m_model;
  Json m_begun;  ///< the plan as it was when the wizard opened
  watch::JobQueue* m_jobs;
  WhyLine* m_why;
  std::optional<data::Advice> m_advice;
};

}  // namespace lorkd::workbench
