// What the tests of the wizard share.
#pragma once

#include <QAbstractButton>
#include <QMessageBox>
#include <QtTest>

#include "app/workbench/wizard/RunWizard.h"

namespace lorkd::workbench {

/// Leaves the wizard, agreeing that its changes are lost.
inline void discard(RunWizard* wizard) {
  wizard->reject();
  auto* box = wizard->findChild<QMessageBox*>("confirmDiscard");
  QVERIFY(box && wizard->isVisible());
  for (auto* button : box->buttons())
    if (box->buttonRole(button) == QMessageBox::DestructiveRole) button->click();
  QVERIFY(!wizard->isVisible());
}

}  // namespace lorkd::workbench
