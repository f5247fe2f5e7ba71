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

QString PlanPage::whyNot() const {
  QStringList paths;
  for (const auto* form : findChildren<form::PlanForm*>()) paths << form->paths();
  for (const auto& fault : m_wizard->model()->faults())
    if (std::ranges::any_of(paths, [&](const auto& path) { return fault.concerns(path); }))
      return tr("%1 – %2").arg(form::fieldName(fault.path), fault.words);
  return {};
}

void PlanPage::showFault() {
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
