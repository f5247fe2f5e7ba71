#include "app/workbench/wizard/WhyLine.h"

#include <QPainter>
#include <QTextLayout>

#include "widgets/field/FaultLine.h"

namespace lorkd::workbench {

WhyLine::WhyLine(QWidget* parent) : QAbstractButton(parent) {
  setObjectName("whyNot");
  setAccessibleName(tr("Why one cannot go on"));
  setFocusPolicy(Qt::NoFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

void WhyLine::say(const QString& why) {
  setText(why);
  setToolTip(why);
  setAccessibleDescription(why);
  setCursor(why.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
  update();
}

QSize WhyLine::sizeHint() const { return {200, 2 * fontMetrics().lineSpacing()}; }

void WhyLine::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(field::faultColor(palette()));
  QTextLayout layout(text(), font());
  layout.beginLayout();
  QStringList lines;
  for (auto line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    line.setLineWidth(width());
    // The second line takes all that is left.
    const bool last = lines.size() == 1;
    lines << (last ? fontMetrics().elidedText(text().mid(line.textStart()), Qt::ElideRight, width())
                   : text().mid(line.textStart(), line.textLength()).trimmed());
    if (last) break;
  }
  layout.endLayout();
  painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, lines.join('\n'));
}

}  // namespace lorkd::workbench
