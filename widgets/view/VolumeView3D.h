// The patient in three dimensions.
#pragma once

#include <QThreadPool>
#include <QTimer>

#include "widgets/scene/VolumeScene.h"
#include "widgets/view/SurfaceCache.h"
#include "widgets/view/VtkWidget.h"

namespace lorkd::view {

/// Auto: the volume where no surface is visible, surfaces otherwise.
enum class Mode3D { Auto, Surfaces, Volume, Both };

/// Left drag turns, middle drag pans, right drag and wheel zoom, double-click maximises, Space resets. The volume is
/// cast coarsely while moving and finer when still, as fine as the machine draws it in about half a second.
class VolumeView3D : public VtkWidget {
  Q_OBJECT

 public:
  explicit VolumeView3D(InspectorModel* model, QWidget* parent = nullptr);
  ~VolumeView3D() override;

  Mode3D mode() const { return m_mode; }
  void setMode(Mode3D mode);
  void setVolumePreset(scene::VolumePreset preset);
  bool planesVisible() const { return m_planes; }
  void setPlanesVisible(bool visible);
  /// From a patient direction (LPS): {0, -1, 0} is from the front.
  void lookFrom(const image::Vec3& lps);
  /// Nothing is being computed for this view.
  bool settled() const;

 Q_SIGNALS:
  void maximiseRequested();
  void problem(const QString& text);

 protected:
  void paintGL() override;
  void decorate(QPainter& painter) override;
  void showEvent(QShowEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void refreshVolume();
  void refreshContent();
  void reduceVolume();
  void startMoving();
  void settle();
  bool wantsVolume() const;

  InspectorModel* m_model;
  std::unique_ptr<scene::VolumeScene> m_scene;
  SurfaceCache m_surfaces;
  Mode3D m_mode = Mode3D::Auto;
  scene::VolumePreset m_preset = scene::VolumePreset::Bones;
  bool m_presetChosen = false;
  bool m_planes = true;
  bool m_stale = true;
  bool m_hasReduced = false;
  int m_reducing = 0;
  std::uint64_t m_generation = 0;
  bool m_moving = false;
  double m_coarse = 4, m_fine = 2;  ///< pixels between rays, learnt from the frames drawn
  QTimer m_still;
  QTimer m_follow;  ///< the cursor is followed at a part of the time, so that scrolling slices stays quick
  QPointF m_last;
  Qt::MouseButton m_button = Qt::NoButton;
  QThreadPool m_pool;
};

}  // namespace lorkd::view
