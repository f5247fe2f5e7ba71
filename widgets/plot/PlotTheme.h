// Colours of plots, taken from the palette so that they follow light and dark.
#pragma once

#include <QColor>
#include <QPalette>

#include "widgets/plot/CustomPlot.h"

namespace lorkd::plot {

struct PlotTheme {
  QColor background, text, faint, grid, frame, accent;
  bool dark = false;

  static PlotTheme of(const QPalette& palette);
  /// The same hue, moved in lightness until it stands out from the background.
  QColor readable(const QColor& color) const;
  /// Diverging scale, safe for the colour-blind, fixed to [-1, 1]: red for conflict, neutral at 0, blue for agreement.
  QColor diverging(double value) const;
  /// Black or white, whichever is read better on `fill`.
  static QColor on(const QColor& fill);
};

/// A QCustomPlot that dresses itself in the palette and again whenever the palette changes.
class ThemedPlot : public QCustomPlot {
  Q_OBJECT
 public:
  explicit ThemedPlot(QWidget* parent = nullptr);
  const PlotTheme& theme() const { return m_theme; }
  QSize minimumSizeHint() const override { return {160, 120}; }
  /// Instead of axes that would tell of values which are not there: a plain sentence over the whole plot, in exports as
  /// well. An empty one brings the plot back.
  void setSentence(const QString& sentence);
  const QString& sentence() const { return m_sentence; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void draw(QCPPainter* painter) override;
  void changeEvent(QEvent* event) override;
  /// Dresses axes, legends and texts; overridden to dress plottables as well (call the base first).
  virtual void applyTheme();
  /// The colours and fonts of one axis rectangle's axes.
  void dress(QCPAxisRect* rect) const;

 private:
  void paintSentence(QPainter& painter, const QRect& area) const;

  PlotTheme m_theme;
  QString m_sentence;
};

}  // namespace lorkd::plot
