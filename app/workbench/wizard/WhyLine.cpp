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
  auto words = text();
  words.replace(QLatin1Char('\n'), QChar::LineSeparator);  // where a layout begins a new line
  QTextLayout layout(words, font());
  layout.beginLayout();
  QStringList lines;
  for (auto line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    line.setLineWidth(width());
    // The second line takes all that is left.
    const bool last = lines.size() == 1;
    auto part = last ? words.mid(line.textStart()) : words.mid(line.textStart(), line.textLength());
    part = part.replace(QChar::LineSeparator, QLatin1Char(' ')).trimmed();
    lines << (last ? fontMetrics().elidedText(part, Qt::ElideRight, width()) : part);
    if (last) break;
  }
  layout.endLayout();
  painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, lines.join('\n'));
}

}  // namespace lorkd::workbench
