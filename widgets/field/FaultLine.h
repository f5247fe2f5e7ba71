// The line beside a field that says what is wrong with it, and the mark on the field itself.
#pragma once

#include <QLabel>

namespace lorkd::field {

/// A red that is read on the palette's window, light or dark.
QColor faultColor(const QPalette& palette);

/// Draws the frame of a field whose text is not taken; to be called at the end of its paintEvent().
void markFault(QWidget* field);

/// Hidden while there is nothing to say.
class FaultLine : public QLabel {
  Q_OBJECT
 public:
  explicit FaultLine(QWidget* parent = nullptr);
  /// Says it, or hides the line if `why` is empty.
  void say(const QString& why);
  /// What it says; empty if nothing.
  const QString& why() const { return m_why; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void dress();
  QString m_why;
};

/// The field with its line, named FIELDFault, below it. `Field` says why() and emits faultChanged(why).
template <class Field>
QWidget* withFaultLine(Field* field, QWidget* parent);

/// What is below `above`: a column without margins of two widgets.
QWidget* stacked(QWidget* above, QWidget* below, QWidget* parent);

template <class Field>
QWidget* withFaultLine(Field* field, QWidget* parent) {
  auto* line = new FaultLine(parent);
  line->setObjectName(field->objectName() + QLatin1String("Fault"));
  line->say(field->why());
  QObject::connect(field, &Field::faultChanged, line, &FaultLine::say);
  return stacked(field, line, parent);
}

}  // namespace lorkd::field
