// A field for a list of numbers.
#pragma once

#include <QLineEdit>

#include "widgets/field/Number.h"

namespace lorkd::field {

/// Like NumberField: what was typed stays, and what cannot be read is marked; values() are then those of before.
class NumberListField : public QLineEdit {
  Q_OBJECT
 public:
  explicit NumberListField(NumberLimits limits, QWidget* parent = nullptr);
  const std::vector<double>& values() const { return m_values; }
  void setValues(const std::vector<double>& values);
  /// Shows a text as if it were typed.
  void setTyped(const QString& text);
  const NumberLimits& limits() const { return m_limits; }
  const QString& why() const { return m_why; }

 Q_SIGNALS:
  void valuesChanged();
  void faultChanged(const QString& why);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void read();
  NumberLimits m_limits;
  std::vector<double> m_values, m_settled;
  QString m_why;
};

}  // namespace lorkd::field
