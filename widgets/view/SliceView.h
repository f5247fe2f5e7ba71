// One slice of the inspector's image, with the hands and keys a radiologist expects.
#pragma once

#include <QPoint>
#include <optional>

#include "widgets/scene/SliceScene.h"
#include "widgets/view/InspectorModel.h"
#include "widgets/view/VtkWidget.h"

namespace lorkd::view {

/// Mouse, scheme Pacs: left drag grey window, middle drag pan, right drag zoom, wheel slice, Ctrl+wheel zoom,
/// Shift+move cursor, double-click maximise. Scheme Crosshair: left places the cursor. Keys: arrows, B/F, Home/End
/// slices; + and - zoom, = and Space reset the view. All other keys go to the parent.
class SliceView : public VtkWidget {
  Q_OBJECT

 public:
  SliceView(InspectorModel* model, scene::Plane plane, QWidget* parent = nullptr);
  ~SliceView() override;

  scene::Plane plane() const { return m_plane; }
  void setPlane(scene::Plane plane);
  /// Shows this overlay alone (a tile); null shows all visible ones. `title` replaces the plane's name.
  void setOnly(const QString& overlayId, const QString& title = {});
  /// Shows the model's difference map when there is one chosen (default), or never.
  void setFollowsDifference(bool follows);

  /// The slice the cursor lies in, 0 without an image.
  std::int64_t slice() const;
  /// Moves the cursor onto a slice, clamped.
  void goToSlice(std::int64_t slice);
  void step(int slices);
  void resetView();

  /// The lines of the read-out in the corner; none while the pointer is elsewhere.
  QStringList readout() const;

  /// LPS of a widget position (logical pixels) on this slice, and back. Null without an image.
  std::optional<image::Vec3> lpsAt(const QPointF& position) const;
  std::optional<QPointF> positionOf(const image::Vec3& lps) const;

 Q_SIGNALS:
  void maximiseRequested();

 protected:
  void decorate(QPainter& painter) override;
  void resizeEvent(QResizeEvent* event) override;
  void moveEvent(QMoveEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  enum class Drag { None, Window, Pan, Zoom, Cursor };

  bool awake();
  void refreshVolume();
  void refreshLayers();
  void refreshSlice();
  void refreshCamera();
  void pointAt(const std::optional<QPointF>& global);
  void followPointer();
  scene::SliceFrame frame() const;  ///< of the model's image, also while hidden; needs an image
  double fitHalfHeight() const;
  double mmPerPixel() const;
  void zoomAt(const QPointF& position, double factor);
  QString planeName() const;

  InspectorModel* m_model;
  scene::Plane m_plane;
  std::unique_ptr<scene::SliceScene> m_scene;
  scene::SliceCamera m_camera;
  QString m_only, m_title;
  bool m_followsDifference = true;
  bool m_stale = false;  ///< hidden views do no work; they catch up when shown
  Drag m_drag = Drag::None;
  QPointF m_pressed, m_last;
  scene::Window m_pressedWindow;
  double m_wheelRest = 0;
  std::optional<QPointF> m_pointer;  ///< on the screen, for the view may move below a resting pointer
};

/// Colour of a plane's bar and lines.
QColor planeQColor(scene::Plane plane);

}  // namespace lorkd::view
