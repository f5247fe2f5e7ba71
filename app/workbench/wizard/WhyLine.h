// The line beside the wizard's buttons that says why one of them is grey.
#pragma once

#include <QAbstractButton>

namespace lorkd::workbench {

/// Up to two lines; what is longer ends in dots and is whole in the tooltip. Pressed, it wants to show where.
class WhyLine : public QAbstractButton {
  Q_OBJECT
 public:
  explicit WhyLine(QWidget* parent);
  void say(const QString& why);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace lorkd::workbench
