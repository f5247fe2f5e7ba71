#include "widgets/field/NumberField.h"

#include <QLabel>
#include <QLineEdit>
#include <QStyle>
#include <QStyleOptionSpinBox>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "widgets/field/FaultLine.h"

namespace lorkd::field {

NumberField::NumberField(NumberLimits limits, QWidget* parent)
    : QAbstractSpinBox(parent), m_limits(std::move(limits)), m_unit(new QLabel(m_limits.unit, lineEdit())) {
  setFocusPolicy(Qt::StrongFocus);
  m_unit->setAttribute(Qt::WA_TransparentForMouseEvents);
  m_unit->setForegroundRole(QPalette::PlaceholderText);
  m_value = m_settled = std::clamp(0.0, m_limits.low, m_limits.high);
  lineEdit()->setText(numberText(m_value));
  connect(lineEdit(), &QLineEdit::textChanged, this, &NumberField::read);
  connect(this, &QAbstractSpinBox::editingFinished, this, [this] { m_settled = m_value; });
}

void NumberField::read() {
  const auto read = readNumber(lineEdit()->text(), m_limits);
  const bool changed = read.why.isEmpty() && read.values.front() != m_value;
  m_value = read.why.isEmpty() ? read.values.front() : m_settled;
  if (read.why != m_why) {
    m_why = read.why;
    update();
    Q_EMIT faultChanged(m_why);
  }
  if (changed) Q_EMIT valueChanged(m_value);
}

void NumberField::setValue(double value) {
  // Someone who is typing "1." keeps the point.
  if (m_why.isEmpty() && value == m_value) return;
  lineEdit()->setText(numberText(value));
  m_settled = m_value;
}

void NumberField::setTyped(const QString& text) { lineEdit()->setText(text); }

double NumberField::step(bool towardsZero) const {
  if (m_limits.whole) return 1;
  double size = std::abs(m_value);
  if (size == 0) size = std::min(m_limits.high - m_limits.low, 10.0) / 10;
  // One of the second digit that counts; at a power of ten, of the digit that counts below it.
  const double power = std::floor(std::log10(size) - (towardsZero ? 1e-9 : -1e-9));
  return std::pow(10.0, power - 1);
}

void NumberField::stepBy(int steps) {
  if (!m_why.isEmpty() || steps == 0) return;
  const double by = step((steps < 0) == (m_value > 0));
  const double wanted = (std::round(m_value / by) + steps) * by;
  setValue(std::clamp(QString::number(wanted, 'g', 12).toDouble(), m_limits.low, m_limits.high));
  selectAll();
}

QAbstractSpinBox::StepEnabled NumberField::stepEnabled() const {
  StepEnabled out = StepNone;
  if (isReadOnly() || !m_why.isEmpty()) return out;
  if (m_value > m_limits.low) out |= StepDownEnabled;
  if (m_value < m_limits.high) out |= StepUpEnabled;
  return out;
}

QSize NumberField::sizeHint() const {
  ensurePolished();
  const auto longest = m_limits.whole ? std::max(numberText(m_limits.low), numberText(std::min(m_limits.high, 1e7)),
                                                 [](const auto& a, const auto& b) { return a.size() < b.size(); })
                                      : QStringLiteral("-0.00000");
  QStyleOptionSpinBox option;
  initStyleOption(&option);
  const auto text = fontMetrics().horizontalAdvance(longest + QStringLiteral("00"));
  const QSize inside(text + m_unit->sizeHint().width() + 8, lineEdit()->sizeHint().height());
  return style()->sizeFromContents(QStyle::CT_SpinBox, &option, inside, this);
}

void NumberField::paintEvent(QPaintEvent* event) {
  QAbstractSpinBox::paintEvent(event);
  if (!m_why.isEmpty()) markFault(this);
}

void NumberField::resizeEvent(QResizeEvent* event) {
  QAbstractSpinBox::resizeEvent(event);
  const int width = m_unit->sizeHint().width();
  m_unit->setGeometry(lineEdit()->width() - width - 4, 0, width, lineEdit()->height());
  lineEdit()->setTextMargins(0, 0, m_limits.unit.isEmpty() ? 0 : width + 4, 0);
}

void NumberField::wheelEvent(QWheelEvent* event) {
  if (hasFocus()) return QAbstractSpinBox::wheelEvent(event);
  event->ignore();
}

}  // namespace lorkd::field
