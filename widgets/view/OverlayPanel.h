// The list of overlays and their classes.
#pragma once

#include <QWidget>

class QLabel;
class QTreeWidget;
class QTreeWidgetItem;

namespace lorkd::view {

class InspectorModel;

/// Per overlay: visible, opacity; per class: visible, colour (double-click), volume in ml. Choosing a class moves the
/// cursor into it. A legend says what is outlined and what is filled.
class OverlayPanel : public QWidget {
  Q_OBJECT

 public:
  explicit OverlayPanel(InspectorModel* model, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {280, 400}; }

 private:
  void rebuild();
  void restyle();
  void onChanged(QTreeWidgetItem* item, int column);
  void onActivated(QTreeWidgetItem* item, int column);
  void goTo(QTreeWidgetItem* item);

  InspectorModel* m_model;
  QTreeWidget* m_tree;
  QLabel* m_empty;
  QWidget* m_legend;
  bool m_filling = false;
};

}  // namespace lorkd::view
