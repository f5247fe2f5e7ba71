// The T×T matrix of gradient cosines: diverging colours fixed to [-1, 1], numbers in the cells.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// Cells are chosen by click or arrow keys. Each shows the cosine and, smaller, the magnitude similarity.
class ConflictHeatmap : public QWidget {
  Q_OBJECT
 public:
  explicit ConflictHeatmap(QWidget* parent = nullptr);

  /// Row-major T×T values for T names; cells whose cosine is not-a-number are hatched, and say whether the two tasks
  /// were never in one batch or one has no gradient. A matrix of another size is refused.
  void setMatrix(const QStringList& tasks, const std::vector<double>& cosines, const std::vector<double>& magnitudes);
  void setTitle(const QString& title);
  QString title() const { return m_title; }
  std::size_t tasks() const { return static_cast<std::size_t>(m_tasks.size()); }
  double cosineAt(std::size_t i, std::size_t j) const { return m_cosines[i * tasks() + j]; }
  /// The chosen pair; (-1, -1) at first.
  std::pair<int, int> selected() const { return {m_row, m_column}; }
  void select(int row, int column);
  /// Where a cell is drawn, in widget coordinates.
  QRectF cellRect(int row, int column) const;
  /// What a cell tells under the pointer and to a screen reader.
  QString cellText(int row, int column) const;
  /// The fill of a cell at this value in the present palette.
  QColor colorOf(double cosine) const { return PlotTheme::of(palette()).diverging(cosine); }
  /// Draws into any painter at any size; for pictures and documents.
  void paint(QPainter& painter, const QSize& size) const;

  QSize sizeHint() const override { return {360, 320}; }
  QSize minimumSizeHint() const override { return {200, 170}; }

 Q_SIGNALS:
  /// A cell off the diagonal was chosen.
  void pairSelected(int row, int column);

 protected:
  void paintEvent(QPaintEvent*) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Frame {
    QRectF cells, bar;
    double side = 0;
  };
  Frame frame(const QSize& size, const QFontMetricsF& metrics) const;
  std::pair<int, int> cellAt(const QPointF& position) const;

  QString m_title;
  QStringList m_tasks;
  std::vector<double> m_cosines, m_magnitudes;
  int m_row = -1, m_column = -1;
};

}  // namespace lorkd::plot
