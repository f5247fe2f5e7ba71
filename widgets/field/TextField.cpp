#include "widgets/field/TextField.h"

#include "widgets/field/FaultLine.h"

namespace lorkd::field {

TextField::TextField(const QString& text, QWidget* parent) : QLineEdit(text, parent) {
  connect(this, &QLineEdit::textChanged, this, &TextField::judge);
}

void TextField::judge() {
  m_judged = true;
  const auto why = m_rule ? m_rule(text()) : QString();
  if (why == m_why) return;
  m_why = why;
  update();
  Q_EMIT faultChanged(m_why);
}

void TextField::judgeAgain() {
  if (m_judged) judge();
}

void TextField::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  if (!m_why.isEmpty()) markFault(this);
}

}  // namespace lorkd::field
