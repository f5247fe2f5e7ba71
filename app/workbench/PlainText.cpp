#include "app/workbench/PlainText.h"

#include <QApplication>
#include <QEvent>
#include <QLabel>

namespace lorkd::workbench {
namespace {

/// Qt guesses by a label's text whether it is HTML; a patient's name may then load pictures, or hide.
class PlainLabels final : public QObject {
 public:
  using QObject::QObject;
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Polish)
      if (auto* label = qobject_cast<QLabel*>(watched); label && label->textFormat() == Qt::AutoText)
        label->setTextFormat(Qt::PlainText);
    return QObject::eventFilter(watched, event);
  }
};

}  // namespace

void showNamesAsWritten() {
  constexpr const char* name = "plainLabels";
  if (qApp->findChild<QObject*>(name, Qt::FindDirectChildrenOnly)) return;
  auto* filter = new PlainLabels(qApp);
  filter->setObjectName(name);
  qApp->installEventFilter(filter);
}

}  // namespace lorkd::workbench
