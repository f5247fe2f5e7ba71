// Heatmap, history and layer bars of one run, wired together.
#pragma once

#include <QWidget>
#include <memory>

#include "core/run/RunSeries.h"
#include "widgets/plot/ConflictHeatmap.h"
#include "widgets/plot/ConflictHistory.h"
#include "widgets/plot/LayerConflictBars.h"
#include "widgets/plot/PlotExport.h"

class QLabel;
class QPushButton;

namespace lorkd::field {
class NumberField;
}

namespace lorkd::plot {

/// A click on a cell shows its history; a click on a layer shows that layer's matrix and history.
class ConflictPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ConflictPanel(QWidget* parent = nullptr);
  /// The run to show; null empties the panel.
  void setSeries(std::shared_ptr<const run::RunSeries> series);
  /// Draws what is new.
  void refresh();
  ConflictHeatmap* heatmap() const { return m_heatmap; }
  ConflictHistory* history() const { return m_history; }
  LayerConflictBars* layers() const { return m_layers; }
  void setAskFile(AskFile ask) { m_ask = std::move(ask); }
  /// .csv: one row a measurement, layer and pair (step, time, layer, a, b, cosine, magnitude similarity);
  /// .png, .svg, .pdf: heatmap, bars and history side by side. Errors: Unsupported, Io.
  Result<void> exportTo(const QString& path);

 private:
  QString csv() const;
  void draw();

  std::shared_ptr<const run::RunSeries> m_series;
  std::uint64_t m_generation = 0;
  std::size_t m_drawn = 0;
  ConflictHeatmap* m_heatmap;
  ConflictHistory* m_history;
  LayerConflictBars* m_layers;
  field::NumberField* m_window;
  QPushButton* m_all;
  QLabel* m_summary;
  AskFile m_ask = askWithDialog();
};

}  // namespace lorkd::plot
