#include "widgets/plot/PlotTheme.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace lorkd::plot {
namespace {

/// Relative luminance (WCAG 2, sRGB).
double luminance(const QColor& color) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrast(const QColor& a, const QColor& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

QColor mix(const QColor& a, const QColor& b, double share) {
  const auto blend = [share](double x, double y) { return x + share * (y - x); };
  return QColor::fromRgbF(blend(a.redF(), b.redF()), blend(a.greenF(), b.greenF()), blend(a.blueF(), b.blueF()));
}

}  // namespace

PlotTheme PlotTheme::of(const QPalette& palette) {
  PlotTheme theme;
  theme.background = palette.color(QPalette::Base);
  theme.text = palette.color(QPalette::Text);
  theme.accent = palette.color(QPalette::Highlight);
  theme.dark = theme.background.lightnessF() < 0.5;
  theme.faint = mix(theme.text, theme.background, 0.38);
  theme.grid = mix(theme.text, theme.background, theme.dark ? 0.82 : 0.88);
  theme.frame = mix(theme.text, theme.background, 0.6);
  return theme;
}

QColor PlotTheme::readable(const QColor& color) const {
  QColor shown = color;
  for (int i = 0; i < 20 && contrast(shown, background) < 2.2; ++i) shown = mix(shown, text, 0.08);
  return shown;
}

QColor PlotTheme::diverging(double value) const {
  if (std::isnan(value)) return grid;
  // Ends of ColorBrewer's RdBu; the neutral follows the theme so that a dark window stays dark.
  const QColor neutral = dark ? QColor(0x3c, 0x3f, 0x44) : QColor(0xf4, 0xf4, 0xf2);
  const QColor conflict = dark ? QColor(0xe0, 0x5a, 0x47) : QColor(0xb2, 0x18, 0x2b);
  const QColor agreement = dark ? QColor(0x4a, 0x9a, 0xd9) : QColor(0x21, 0x66, 0xac);
  return mix(neutral, value < 0 ? conflict : agreement, std::pow(std::min(1.0, std::abs(value)), 0.8));
}

QColor PlotTheme::on(const QColor& fill) {
  return contrast(fill, Qt::black) > contrast(fill, Qt::white) ? QColor(Qt::black) : QColor(Qt::white);
}

ThemedPlot::ThemedPlot(QWidget* parent) : QCustomPlot(parent), m_theme(PlotTheme::of(palette())) {
  setFocusPolicy(Qt::StrongFocus);
}

void ThemedPlot::changeEvent(QEvent* event) {
  QCustomPlot::changeEvent(event);
  if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
  applyTheme();
  replot(QCustomPlot::rpQueuedReplot);
}

void ThemedPlot::applyTheme() {
  m_theme = PlotTheme::of(palette());
  setBackground(m_theme.background);
  for (auto* rect : axisRects()) dress(rect);
  for (auto* element : plotLayout()->elements(true))
    if (auto* title = qobject_cast<QCPTextElement*>(element)) title->setTextColor(m_theme.text);
}

void ThemedPlot::dress(QCPAxisRect* rect) const {
  QFont small = font();
  small.setPointSizeF(std::max(7.0, font().pointSizeF() - 1));
  for (auto* axis : rect->axes()) {
    axis->setBasePen(QPen(m_theme.frame));
    axis->setTickPen(QPen(m_theme.frame));
    axis->setSubTickPen(QPen(m_theme.grid));
    axis->setTickLabelColor(m_theme.faint);
    axis->setLabelColor(m_theme.faint);
    axis->setTickLabelFont(small);
    axis->setLabelFont(small);
    axis->grid()->setPen(QPen(m_theme.grid, 0, Qt::SolidLine));
    const bool upright = axis->orientation() == Qt::Vertical;
    axis->grid()->setZeroLinePen(QPen(upright ? m_theme.frame : m_theme.grid, 0, Qt::SolidLine));
    axis->grid()->setSubGridVisible(false);
  }
}

void ThemedPlot::setSentence(const QString& sentence) {
  if (sentence == m_sentence) return;
  m_sentence = sentence;
  update();
}

void ThemedPlot::paintSentence(QPainter& painter, const QRect& area) const {
  painter.fillRect(area, m_theme.background);
  painter.setFont(font());
  painter.setPen(m_theme.faint);
  painter.drawText(area.adjusted(12, 8, -12, -8), Qt::AlignCenter | Qt::TextWordWrap, m_sentence);
}

void ThemedPlot::paintEvent(QPaintEvent* event) {
  if (m_sentence.isEmpty()) return QCustomPlot::paintEvent(event);
  QPainter painter(this);
  paintSentence(painter, rect());
}

void ThemedPlot::draw(QCPPainter* painter) {
  if (m_sentence.isEmpty()) return QCustomPlot::draw(painter);
  paintSentence(*painter, viewport());
}

}  // namespace lorkd::plot
