// One slice for each overlay, side by side.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/scene/SliceFrame.h"
#include "widgets/scene/SliceScene.h"

namespace lorkd::view {

class InspectorModel;
class SliceView;

/// A tile for every visible overlay: truth first, then teacher, experts, others. Cursor, slice, zoom and grey window
/// are the model's, so all tiles move together. Double-click shows one tile alone and back.
class TileView : public QWidget {
  Q_OBJECT

 public:
  explicit TileView(InspectorModel* model, QWidget* parent = nullptr);
  void setPlane(scene::Plane plane);
  scene::Plane plane() const { return m_plane; }
  /// The tiles shown, in order.
  std::vector<SliceView*> tiles() const;

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void rebuild();
  void arrange();

  InspectorModel* m_model;
  scene::Plane m_plane = scene::Plane::Axial;
  std::vector<SliceView*> m_views;  ///< made as needed and kept: an OpenGL context is dear
  std::size_t m_shown = 0;
  SliceView* m_alone = nullptr;
};

}  // namespace lorkd::view
