#include "widgets/field/NumberListField.h"

#include "widgets/field/FaultLine.h"

namespace lorkd::field {

NumberListField::NumberListField(NumberLimits limits, QWidget* parent)
    : QLineEdit(parent), m_limits(std::move(limits)) {
  connect(this, &QLineEdit::textChanged, this, &NumberListField::read);
  connect(this, &QLineEdit::editingFinished, this, [this] { m_settled = m_values; });
}

void NumberListField::read() {
  auto read = readNumbers(text(), m_limits);
  const bool changed = read.why.isEmpty() && read.values != m_values;
  m_values = read.why.isEmpty() ? std::move(read.values) : m_settled;
  if (read.why != m_why) {
    m_why = read.why;
    update();
    Q_EMIT faultChanged(m_why);
  }
  if (changed) Q_EMIT valuesChanged();
}

void NumberListField::setValues(const std::vector<double>& values) {
  if (m_why.isEmpty() && values == m_values) return;
  setTyped(numbersText(values));
  m_settled = m_values;
}

void NumberListField::setTyped(const QString& text) {
  setText(text);
  read();  // whoever sets it may have silenced this very object
}

void NumberListField::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  if (!m_why.isEmpty()) markFault(this);
}

}  // namespace lorkd::field
