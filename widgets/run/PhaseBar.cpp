#include "widgets/run/PhaseBar.h"

#include <QPainter>
#include <QPainterPath>
#include <numeric>

#include "widgets/plot/PlotTheme.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {

PhaseBar::PhaseBar(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed); }

QSize PhaseBar::sizeHint() const { return {520, fontMetrics().height() + 10}; }

void PhaseBar::setSegments(const std::vector<Segment>& segments) {
  m_segments = segments;
  QStringList spoken;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto state = segments[i].state;
    spoken << tr("%1: %2").arg(segments[i].name + (segments[i].words.isEmpty() ? QString() : ", " + segments[i].words),
                               state == Segment::State::Done      ? tr("done")
                               : state == Segment::State::Current ? tr("at work")
                               : state == Segment::State::Broken  ? tr("broken off")
                                                                  : tr("to come"));
  }
  setAccessibleDescription(spoken.join(QLatin1Char('\n')));
  setToolTip(accessibleDescription());
  update();
}

QString PhaseBar::text(std::size_t i) const {
  const auto& segment = m_segments[i];
  const QString mark = segment.state == Segment::State::Done     ? QStringLiteral("✓ ")
                       : segment.state == Segment::State::Broken ? QStringLiteral("✗ ")
                                                                 : QString();
  return mark + segment.name + (segment.words.isEmpty() ? QString() : QStringLiteral(" · ") + segment.words);
}

void PhaseBar::paintEvent(QPaintEvent*) {
  if (m_segments.empty()) return;
  const auto theme = plot::PlotTheme::of(palette());
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  // Each has room for its words; what is left goes to the trainings, which take the time.
  std::vector<double> widths;
  for (std::size_t i = 0; i < m_segments.size(); ++i) widths.push_back(fontMetrics().horizontalAdvance(text(i)) + 18);
  const double space = width() - 3.0 * static_cast<double>(m_segments.size() - 1);
  const double wanted = std::accumulate(widths.begin(), widths.end(), 0.0);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool trains = m_segments[i].phase == "teacher" || m_segments[i].phase == "training";
    const auto trainings = static_cast<double>(std::ranges::count_if(
        m_segments, [](const Segment& each) { return each.phase == "teacher" || each.phase == "training"; }));
    if (wanted > space)
      widths[i] *= space / wanted;
    else if (trains)
      widths[i] += (space - wanted) / trainings;
  }
  double x = 0;
  for (std::size_t i = 0; i < m_segments.size(); ++i) {
    const auto& segment = m_segments[i];
    const QRectF place(x + 0.5, 0.5, widths[i] - 1, height() - 1);
    x += widths[i] + 3;
    const bool broken = segment.state == Segment::State::Broken;
    const QColor color = stateColor(broken                                  ? run::State::Failed
                                    : segment.state == Segment::State::Done ? run::State::Finished
                                                                            : run::State::Running,
                                    palette());
    QPainterPath outline;
    outline.addRoundedRect(place, 3, 3);
    painter.fillPath(outline, theme.background);
    QColor fill = color;
    fill.setAlpha(theme.dark ? 110 : 75);
    const double share = segment.state == Segment::State::Done ? 1 : segment.share;
    painter.save();
    painter.setClipPath(outline);
    if (share >= 0)
      painter.fillRect(QRectF(place.topLeft(), QSizeF(place.width() * share, place.height())), fill);
    else if (segment.state != Segment::State::ToCome)
      painter.fillRect(place, QBrush(fill, Qt::BDiagPattern));
    painter.restore();
    painter.setPen(QPen(segment.state == Segment::State::ToCome ? theme.frame : color,
                        segment.state == Segment::State::Current || broken ? 1.6 : 1));
    painter.drawPath(outline);
    painter.setPen(segment.state == Segment::State::ToCome ? theme.faint : theme.text);
    painter.drawText(place.adjusted(6, 0, -6, 0), Qt::AlignCenter,
                     fontMetrics().elidedText(text(i), Qt::ElideRight, static_cast<int>(place.width()) - 10));
  }
}

}  // namespace lorkd::watch
