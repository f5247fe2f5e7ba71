// The progress of a run in segments: prepare, teacher, experts, evaluate, export.
#pragma once

#include <QWidget>

#include "widgets/run/RunCourse.h"

namespace lorkd::watch {

/// Done segments are filled and ticked, the present one as far as it is, those to come empty, a broken one crossed.
class PhaseBar : public QWidget {
  Q_OBJECT
 public:
  explicit PhaseBar(QWidget* parent = nullptr);
  void setSegments(const std::vector<Segment>& segments);
  const std::vector<Segment>& segments() const { return m_segments; }
  /// The words in a segment, as drawn where there is room.
  QString text(std::size_t segment) const;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {200, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<Segment> m_segments;
};

}  // namespace lorkd::watch
