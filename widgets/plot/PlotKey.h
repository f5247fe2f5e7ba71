// The key of a plot: which colour and which dash stands for what. It lies outside the axes and flows over as many rows
// as the plot's width asks for.
#pragma once

#include <QColor>
#include <QString>
#include <vector>

#include "widgets/plot/PlotTheme.h"

namespace lorkd::plot {

/// How the n-th of several runs is drawn: the first is solid, the next seven differ in their dashes, later ones are
/// thinner as well.
QPen runPen(const QColor& color, int run);

/// One name in the key.
struct KeyEntry {
  QString name;
  QColor color;             ///< not valid: the sample is drawn in the colour of the text, as for a run
  int run = 0;              ///< dash of the sample
  bool marks = false;       ///< with the circle of validations
  std::vector<int> curves;  ///< what the entry stands for
  bool hidden = false;
};

class PlotKey : public QCPLayoutElement {
  Q_OBJECT
 public:
  explicit PlotKey(ThemedPlot* plot);
  void setEntries(std::vector<KeyEntry> entries);
  const std::vector<KeyEntry>& entries() const { return m_entries; }
  void setHidden(int entry, bool hidden) { m_entries[static_cast<std::size_t>(entry)].hidden = hidden; }
  /// Where an entry is drawn, in widget coordinates; valid after a replot.
  QRect entryRect(int entry) const;
  /// The entry at a place, or -1.
  int entryAt(const QPoint& position) const;

  QSize minimumOuterSizeHint() const override { return {0, height()}; }
  QSize maximumOuterSizeHint() const override { return {QWIDGETSIZE_MAX, height()}; }

 protected:
  void draw(QCPPainter* painter) override;

 private:
  /// Places of the entries in a key of that width, its top left corner at (0, 0).
  std::vector<QRect> places(int width) const;
  int height() const;
  QFont font() const;

  ThemedPlot* m_plot;
  std::vector<KeyEntry> m_entries;
};

}  // namespace lorkd::plot
