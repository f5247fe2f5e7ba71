// What the wizard's pages share: each knows why one cannot go on from it.
#pragma once

#include <QWizardPage>

namespace lorkd::workbench {

class RunWizard;

class PlanPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit PlanPage(RunWizard* wizard);
  /// Why the wizard cannot go on from here, in one sentence; empty if it can. Unless a page knows more: the first fault
  /// of the fields on the page.
  virtual QString whyNot() const;
  /// Goes to the first field that is marked, be it on another tab.
  void showFault();
  bool isComplete() const final { return whyNot().isEmpty(); }

 protected:
  RunWizard* m_wizard;
};

}  // namespace lorkd::workbench
