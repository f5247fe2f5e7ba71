// What the wizard's pages share: each knows why one cannot go on from it.
#pragma once

#include <QWizardPage>
#include <optional>

#include "widgets/form/PlanModel.h"

namespace lorkd::workbench {

class RunWizard;

class PlanPage : public QWizardPage {
  Q_OBJECT
 public:
  explicit PlanPage(RunWizard* wizard);
  /// Why the wizard cannot go on from here, in one sentence; empty if it can. Unless a page knows more: the first fault
  /// of the fields on the page.
  virtual QString whyNot() const;
  /// Goes to the field that whyNot() speaks of, be it on another tab.
  void showFault();
  bool isComplete() const final { return whyNot().isEmpty(); }

 protected:
  /// The plan's fields on the page, in the order in which they stand there.
  virtual QStringList paths() const;
  RunWizard* m_wizard;

 private:
  struct Found {
    QString path;  ///< of the field on the page
    form::PlanFault fault;
  };
  std::optional<Found> firstFault() const;
};

}  // namespace lorkd::workbench
