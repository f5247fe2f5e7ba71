#include "widgets/plot/PlotKey.h"

#include <algorithm>

namespace lorkd::plot {
namespace {

constexpr int sample = 34, gap = 6, between = 18, side = 10;

const std::vector<QList<qreal>> dashes{
    {}, {5, 2.5}, {1.2, 2}, {7, 2.5, 1.2, 2.5}, {12, 3}, {3, 3}, {7, 2.5, 1.2, 2.5, 1.2, 2.5}, {2, 6}};

}  // namespace

QPen runPen(const QColor& color, int run) {
  const auto kinds = static_cast<int>(dashes.size());
  QPen pen(color, run < kinds ? 2 : 1, Qt::SolidLine, Qt::FlatCap);
  if (run % kinds > 0) pen.setDashPattern(dashes[static_cast<std::size_t>(run % kinds)]);
  return pen;
}

PlotKey::PlotKey(ThemedPlot* plot) : QCPLayoutElement(plot), m_plot(plot) { setLayer(QStringLiteral("legend")); }

void PlotKey::setEntries(std::vector<KeyEntry> entries) { m_entries = std::move(entries); }

QFont PlotKey::font() const {
  QFont small = m_plot->font();
  small.setPointSizeF(std::max(7.0, small.pointSizeF() - 1));
  return small;
}

std::vector<QRect> PlotKey::places(int width) const {
  const QFontMetrics metrics(font());
  const int line = metrics.height() + 4;
  std::vector<QRect> out;
  int x = side, y = 2;
  for (const auto& entry : m_entries) {
    const int wide = std::min(sample + gap + metrics.horizontalAdvance(entry.name), std::max(60, width - 2 * side));
    if (x > side && x + wide > width - side) x = side, y += line;
    out.emplace_back(x, y, wide, line);
    x += wide + between;
  }
  return out;
}

int PlotKey::height() const {
  const auto all = places(m_plot->viewport().width());
  return all.empty() ? 0 : all.back().bottom() + 3;
}

QRect PlotKey::entryRect(int entry) const {
  return places(rect().width())[static_cast<std::size_t>(entry)].translated(rect().topLeft());
}

int PlotKey::entryAt(const QPoint& position) const {
  const auto all = places(rect().width());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].translated(rect().topLeft()).contains(position)) return static_cast<int>(i);
  return -1;
}

void PlotKey::draw(QCPPainter* painter) {
  const auto& theme = m_plot->theme();
  const auto all = places(rect().width());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& entry = m_entries[i];
    const QRect place = all[i].translated(rect().topLeft());
    const QColor color = entry.color.isValid() ? theme.readable(entry.color) : theme.text;
    const int middle = place.center().y();
    painter->setAntialiasing(true);
    painter->setOpacity(entry.hidden ? 0.35 : 1);
    painter->setPen(runPen(color, entry.run));
    painter->drawLine(QLineF(place.left(), middle + 0.5, place.left() + sample, middle + 0.5));
    if (entry.marks) {
      painter->setPen(QPen(color, 1.5));
      painter->setBrush(theme.background);
      painter->drawEllipse(QPointF(place.left() + sample / 2.0, middle + 0.5), 3, 3);
      painter->setBrush(Qt::NoBrush);
    }
    QFont words = font();
    words.setStrikeOut(entry.hidden);
    painter->setFont(words);
    painter->setPen(theme.text);
    const QRect beside = place.adjusted(sample + gap, 0, 0, 0);
    painter->drawText(beside, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(words).elidedText(entry.name, Qt::ElideMiddle, beside.width() + 2));
    painter->setOpacity(1);
  }
}

}  // namespace lorkd::plot
