#include "app/workbench/Theme.h"

#include <QApplication>
#include <QPalette>
#include <QSettings>
#include <QStyleFactory>

namespace lorkd::workbench {
namespace {

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
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  const bool dark = name == "dark" || (name == "system" && desktop.color(QPalette::Window).lightness() < 128);
  QApplication::setPalette(dark ? darkPalette() : lightPalette());
  QSettings().setValue("theme", name);
}

QString currentTheme() { return QSettings().value("theme", "system").toString(); }

}  // namespace lorkd::workbench
