// The strip above curve plots: smoothing, axes, quantity, layout, export.
#pragma once

#include <QWidget>

#include "widgets/plot/CurvePlot.h"
#include "widgets/plot/PlotExport.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSlider;
class QToolButton;

namespace lorkd::plot {

/// Steers one CurvePlot.
class CurveControls : public QWidget {
  Q_OBJECT
 public:
  explicit CurveControls(CurvePlot* plot, QWidget* parent = nullptr);

  /// The quantities offered, as key and title; the present one is kept if it is still among them.
  void setQuantities(const QList<std::pair<QString, QString>>& quantities);
  QString quantity() const;
  /// What can be opened into its parts, as key and title, beside the whole, whose key is empty; nothing is offered
  /// where nothing has parts.
  void setScopes(const QList<std::pair<QString, QString>>& scopes);
  QString scope() const;
  bool together() const;
  void setTogether(bool on);
  /// Off for plots of validations, which are not smoothed.
  void setSmoothingVisible(bool visible);
  /// How the values were taken, in a few words.
  void setNote(const QString& note);
  void setAskFile(AskFile ask) { m_ask = std::move(ask); }
  /// Writes the plot to `path`: .png, .svg, .pdf or .csv. Errors: Unsupported, Io.
  Result<void> exportTo(const QString& path);

 Q_SIGNALS:
  void quantityChanged();
  void scopeChanged();
  void layoutChanged();

 private:
  void askAndExport(const QString& suffix);

  CurvePlot* m_plot;
  QWidget* m_smoothingBox;
  QSlider* m_smoothing;
  QLabel *m_smoothingValue, *m_note;
  QComboBox *m_x, *m_quantity, *m_scope, *m_layout;
  QCheckBox *m_log, *m_shared;
  QToolButton* m_export;
  AskFile m_ask = askWithDialog();
};

}  // namespace lorkd::plot
