#include "app/workbench/Theme.h"

#include <QApplication>
#include <QPainter>
#include <QPalette>
#include <QProxyStyle>
#include <QSettings>
#include <QStyleFactory>
#include <QStyleOption>

namespace lorkd::workbench {
namespace {

/// Fusion takes its outlines from a darker window, which is not seen on a dark one, and draws a pressed choice hardly
/// darker than the others.
class Outlined : public QProxyStyle {
 public:
  Outlined() : QProxyStyle(QStyleFactory::create("Fusion")) {}

  /// The desktop's icons for Close and Cancel are dark, and not seen in a dark window; the words are enough.
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* answer) const override {
    return hint == SH_DialogButtonBox_ButtonsHaveIcons ? 0 : QProxyStyle::styleHint(hint, option, widget, answer);
  }

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    const bool dark = option->palette.color(QPalette::Window).lightness() < 128;
    painter->save();
    if (dark && (element == PE_IndicatorCheckBox || element == PE_IndicatorRadioButton)) {
      painter->setRenderHint(QPainter::Antialiasing, element == PE_IndicatorRadioButton);
      painter->setPen(option->palette.color(option->state & State_Enabled ? QPalette::Active : QPalette::Disabled,
                                            QPalette::PlaceholderText));
      painter->setBrush(Qt::NoBrush);
      const auto frame = QRectF(option->rect).adjusted(0, 0, -1, -1);
      element == PE_IndicatorCheckBox ? painter->drawRect(frame) : painter->drawEllipse(frame);
    } else if ((element == PE_PanelButtonCommand || element == PE_PanelButtonTool) && option->state & State_On) {
      auto tint = option->palette.color(QPalette::Highlight);
      tint.setAlpha(dark ? 150 : 110);
      painter->setRenderHint(QPainter::Antialiasing);
      painter->setPen(option->palette.color(QPalette::Highlight));
      painter->setBrush(tint);
      painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
    }
    painter->restore();
  }
};

QPalette darkPalette() {
  const QColor window(0x24, 0x26, 0x29), base(0x1b, 0x1d, 0x20), text(0xe6, 0xe8, 0xea), faint(0x8a, 0x90, 0x96);
  QPalette p(QColor(0x33, 0x37, 0x3b), window);
  p.setColor(QPalette::Window, window);
  p.setColor(QPalette::WindowText, text);
  p.setColor(QPalette::Base, base);
  p.setColor(QPalette::AlternateBase, QColor(0x20, 0x23, 0x26));
  p.setColor(QPalette::Text, text);
  p.setColor(QPalette::Button, QColor(0x33, 0x37, 0x3b));
  p.setColor(QPalette::ButtonText, text);
  p.setColor(QPalette::ToolTipBase, QColor(0x33, 0x37, 0x3b));
  p.setColor(QPalette::ToolTipText, text);
  p.setColor(QPalette::PlaceholderText, faint);
  p.setColor(QPalette::Highlight, QColor(0x2f, 0x7d, 0xc4));
  p.setColor(QPalette::HighlightedText, Qt::white);
  p.setColor(QPalette::Link, QColor(0x6c, 0xb4, 0xf0));
  for (auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, QColor(0x6a, 0x70, 0x76));
  p.setColor(QPalette::Disabled, QPalette::PlaceholderText, QColor(0x5a, 0x60, 0x66));
  return p;
}

QPalette lightPalette() {
  const QColor window(0xf4, 0xf5, 0xf6), text(0x1c, 0x20, 0x24);
  QPalette p(QColor(0xe8, 0xea, 0xec), window);
  p.setColor(QPalette::Window, window);
  p.setColor(QPalette::WindowText, text);
  p.setColor(QPalette::Base, Qt::white);
  p.setColor(QPalette::AlternateBase, QColor(0xf7, 0xf8, 0xf9));
  p.setColor(QPalette::Text, text);
  p.setColor(QPalette::Button, QColor(0xe8, 0xea, 0xec));
  p.setColor(QPalette::ButtonText, text);
  p.setColor(QPalette::PlaceholderText, QColor(0x7a, 0x80, 0x86));
  p.setColor(QPalette::Highlight, QColor(0x1f, 0x6f, 0xb5));
  p.setColor(QPalette::HighlightedText, Qt::white);
  p.setColor(QPalette::Link, QColor(0x1f, 0x6f, 0xb5));
  for (auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, QColor(0x9a, 0xa0, 0xa6));
  return p;
}

}  // namespace

void applyTheme(const QString& name) {
  static const QPalette desktop = QApplication::palette();
  QApplication::setStyle(new Outlined);
  const bool dark = name == "dark" || (name == "system" && desktop.color(QPalette::Window).lightness() < 128);
  QApplication::setPalette(dark ? darkPalette() : lightPalette());
  QSettings().setValue("theme", name);
}

QString currentTheme() { return QSettings().value("theme", "system").toString(); }

}  // namespace lorkd::workbench
