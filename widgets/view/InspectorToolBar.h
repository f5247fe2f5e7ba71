// The inspector's buttons.
#pragma once

#include <QToolBar>

#include "widgets/view/Inspector.h"

class QActionGroup;
class QMenu;
class QToolButton;

namespace lorkd::view {

/// Holds no state: shows that of inspector and model, and changes it.
class InspectorToolBar : public QToolBar {
  Q_OBJECT

 public:
  /// Call connectViews() when the inspector's views exist.
  InspectorToolBar(Inspector* inspector, InspectorModel* model);
  void connectViews();
  void setCaseNavigation(bool previous, bool next);

 private:
  QAction* add(const QString& icon, const QString& name, const QString& text, const QString& tip);
  QToolButton* addMenu(const QString& icon, const QString& name, const QString& text, const QString& tip);
  void addLayouts();
  void addWindow();
  void addCompare();
  void fillPresets();
  void fillDifference();
  void fill3D();

  Inspector* m_inspector;
  InspectorModel* m_model;
  QAction* m_previous;
  QAction* m_next;
  QActionGroup* m_layouts;
  QToolButton* m_presets;
  QToolButton* m_difference = nullptr;
  QToolButton* m_view3D = nullptr;
};

}  // namespace lorkd::view
