#include "app/workbench/wizard/PlanPage.h"

#include <QTabWidget>
#include <algorithm>

#include "app/workbench/wizard/RunWizard.h"
#include "widgets/field/FaultLine.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::workbench {

PlanPage::PlanPage(RunWizard* wizard) : QWizardPage(wizard), m_wizard(wizard) {
  connect(wizard->model(), &form::PlanModel::faultsChanged, this, [this] {
    if (m_wizard->currentPage() == this) Q_EMIT completeChanged();
  });
}

QStringList PlanPage::paths() const {
  QStringList paths;
  for (const auto* form : findChildren<form::PlanForm*>()) paths << form->paths();
  return paths;
}

std::optional<PlanPage::Found> PlanPage::firstFault() const {
  const auto& faults = m_wizard->model()->faults();
  for (const auto& path : paths())
    if (const auto found = std::ranges::find_if(faults, [&](const auto& fault) { return fault.concerns(path); });
        found != faults.end())
      return Found{path, *found};
  return {};
}

QString PlanPage::whyNot() const {
  const auto found = firstFault();
  return found ? tr("%1 – %2").arg(form::fieldName(found->fault.path), found->fault.words) : QString();
}

void PlanPage::showFault() {
  // A box of several has the path of its value; a rule between fields is said at each of them.
  if (const auto found = firstFault()) {
    auto* wrong = findChild<QWidget*>(found->fault.path);
    if (!wrong) wrong = findChild<QWidget*>(found->path);
    if (wrong) {
      for (auto* tabs : findChildren<QTabWidget*>())
        for (int n = 0; n < tabs->count(); ++n)
          if (tabs->widget(n)->isAncestorOf(wrong)) tabs->setCurrentIndex(n);
      return wrong->setFocus();
    }
  }
  for (const auto* line : findChildren<field::FaultLine*>()) {
    if (line->why().isEmpty()) continue;
    for (auto* tabs : findChildren<QTabWidget*>())
      for (int n = 0; n < tabs->count(); ++n)
        if (tabs->widget(n)->isAncestorOf(line)) tabs->setCurrentIndex(n);
    for (auto* beside : line->parentWidget()->findChildren<QWidget*>())
      if (beside->focusPolicy() & Qt::TabFocus) return beside->setFocus();
  }
}

}  // namespace lorkd::workbench
