// Share of task pairs in conflict, layer by layer: the guide to where rank is needed (Recon, arXiv 2302.11289).
#pragma once

#include <QStringList>
#include <vector>

#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// One bar a layer, from the input (top) to the output. Layers are chosen by click or up and down keys.
class LayerConflictBars : public ThemedPlot {
  Q_OBJECT
 public:
  explicit LayerConflictBars(QWidget* parent = nullptr);

  /// Scores in [0, 1]; not-a-number draws no bar.
  void setLayers(const QStringList& layers, const std::vector<double>& scores);
  int layerCount() const { return static_cast<int>(m_layers.size()); }
  /// The chosen layer, or -1 for all together.
  int selected() const { return m_selected; }
  void select(int layer);
  /// Where a layer's bar is drawn, in widget coordinates.
  QPoint barPosition(int layer) const;
  QCPBars* bars() const { return m_bars; }

 Q_SIGNALS:
  /// -1: all layers together.
  void layerSelected(int layer);

 protected:
  void applyTheme() override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void label();

  QStringList m_layers;
  QCPTextElement* m_title;
  QCPBars *m_bars, *m_mark;
  std::vector<double> m_scores;
  int m_selected = -1;
};

}  // namespace lorkd::plot
