// A field for one number.
#pragma once

#include <QAbstractSpinBox>

#include "widgets/field/Number.h"

class QLabel;

namespace lorkd::field {

/// Never changes what was typed: text that is no number within the limits stays, is marked, and why() says what to
/// write instead. value() is then what it was before someone began to type, not what the first digits said. The mouse
/// wheel turns it only while it has the focus, so that a form can be scrolled.
class NumberField : public QAbstractSpinBox {
  Q_OBJECT
 public:
  explicit NumberField(NumberLimits limits, QWidget* parent = nullptr);

  double value() const { return m_value; }
  /// Shows the number, even one beyond the limits, which is then marked.
  void setValue(double value);
  /// Shows a text as if it were typed.
  void setTyped(const QString& text);
  const NumberLimits& limits() const { return m_limits; }
  /// Why what stands there is not taken; empty if it is.
  const QString& why() const { return m_why; }

  void stepBy(int steps) override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 Q_SIGNALS:
  void valueChanged(double value);
  void faultChanged(const QString& why);

 protected:
  StepEnabled stepEnabled() const override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  void read();
  double step(bool towardsZero) const;
  NumberLimits m_limits;
  QLabel* m_unit;
  double m_value = 0;
  double m_settled = 0;  ///< the value when the field was last left, or set
  QString m_why;
};

}  // namespace lorkd::field
