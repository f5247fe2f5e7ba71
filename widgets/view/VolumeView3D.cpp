#include "widgets/view/VolumeView3D.h"

#include <vtkImageData.h>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/scene/VtkImage.h"
#include "widgets/view/SliceDecoration.h"

namespace lorkd::view {

VolumeView3D::VolumeView3D(InspectorModel* model, QWidget* parent)
    : VtkWidget(parent), m_model(model), m_scene(std::make_unique<scene::VolumeScene>()), m_surfaces(model) {
  setRenderer(m_scene->renderer());
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(80, 80);
  setAccessibleName(tr("3D view"));
  m_pool.setMaxThreadCount(1);
  m_still.setSingleShot(true);
  m_still.setInterval(250);
  connect(&m_still, &QTimer::timeout, this, &VolumeView3D::settle);
  connect(model, &InspectorModel::volumeChanged, this, &VolumeView3D::refreshVolume);
  m_follow.setSingleShot(true);
  connect(&m_follow, &QTimer::timeout, this, [this] {
    m_scene->setCursor(m_model->cursor());
    if (m_planes) startMoving();
  });
  connect(model, &InspectorModel::cursorChanged, this, [this] {
    if (!m_follow.isActive()) m_follow.start(static_cast<int>(std::max(40.0, 4000 * lastFrameSeconds())));
  });
  connect(model, &InspectorModel::busyChanged, this, &VolumeView3D::refreshContent);
  connect(model, &InspectorModel::windowChanged, this, [this] {
    if (m_preset == scene::VolumePreset::Window && m_scene->drawsVolume()) refreshContent();
  });
  connect(model, &InspectorModel::overlayStyleChanged, this, &VolumeView3D::refreshContent);
  connect(&m_surfaces, &SurfaceCache::changed, this, &VolumeView3D::refreshContent);
  connect(&m_surfaces, &SurfaceCache::problem, this, &VolumeView3D::problem);
}

VolumeView3D::~VolumeView3D() { m_pool.waitForDone(); }

bool VolumeView3D::settled() const {
  return m_surfaces.pending() == 0 && m_reducing == 0 && !m_moving && !m_still.isActive() && !m_follow.isActive();
}

void VolumeView3D::setMode(Mode3D mode) {
  m_mode = mode;
  refreshContent();
}

void VolumeView3D::setVolumePreset(scene::VolumePreset preset) {
  m_preset = preset;
  m_presetChosen = true;
  refreshContent();
}

void VolumeView3D::setPlanesVisible(bool visible) {
  m_planes = visible;
  m_scene->setPlanesVisible(visible);
  startMoving();
}

void VolumeView3D::lookFrom(const image::Vec3& lps) {
  m_scene->lookFrom(lps);
  startMoving();
}

void VolumeView3D::showEvent(QShowEvent* event) {
  VtkWidget::showEvent(event);
  if (std::exchange(m_stale, false)) refreshVolume();
}

void VolumeView3D::refreshVolume() {
  if (!isVisible()) {
    m_stale = true;
    return;
  }
  ++m_generation;
  m_hasReduced = false;
  const auto volume = m_model->volume();
  m_scene->setGrid(volume ? &volume->geometry : nullptr);
  if (volume) m_scene->setCursor(m_model->cursor());
  if (volume && !m_presetChosen)
    m_preset = volume->unit == "HU" ? scene::VolumePreset::Bones : scene::VolumePreset::Window;
  // Overlays are mostly set right after the image: only then is it known whether the volume is wanted.
  m_still.start();
  QMetaObject::invokeMethod(this, &VolumeView3D::refreshContent, Qt::QueuedConnection);
}

bool VolumeView3D::wantsVolume() const {
  if (m_mode != Mode3D::Auto) return m_mode != Mode3D::Surfaces;
  const bool anyOverlay = m_model->overlaysShown() && std::ranges::any_of(m_model->overlays(), [](const auto& o) {
                            return o->source.visible && !o->layers.empty();
                          });
  return !anyOverlay && !m_model->busy();
}

void VolumeView3D::refreshContent() {
  if (!isVisible()) {
    m_stale = true;
    return;
  }
  if (!m_model->volume()) {
    update();
    return;
  }
  const bool surfaces = m_mode != Mode3D::Volume;
  if (surfaces) m_surfaces.request();
  m_scene->setSurfaces(surfaces ? m_surfaces.items() : std::vector<scene::SurfaceItem>{});
  const auto window = m_model->window();
  m_scene->setVolumePreset(m_preset, window.center - window.width / 2, window.center + window.width / 2);
  const bool volume = wantsVolume();
  if (volume && !m_hasReduced && m_reducing == 0) reduceVolume();
  m_scene->setVolumeVisible(volume);
  startMoving();
}

void VolumeView3D::reduceVolume() {
  ++m_reducing;
  m_pool.start([this, volume = m_model->volume(), generation = m_generation] {
    vtkSmartPointer<vtkImageData> image;
    QString failure;
    try {
      image = scene::reduced(*volume, 256);
    } catch (const std::exception& e) {
      failure = QString::fromUtf8(e.what());
    }
    QMetaObject::invokeMethod(
        this,
        [this, image, failure, generation] {
          --m_reducing;
          if (!failure.isEmpty()) Q_EMIT problem(tr("The volume could not be drawn: %1").arg(failure));
          if (generation == m_generation && image) {
            m_hasReduced = true;
            m_scene->setVolume(image);
            startMoving();
          } else if (generation != m_generation) {
            refreshContent();
          }
        },
        Qt::QueuedConnection);
  });
}

void VolumeView3D::startMoving() {
  m_moving = true;
  m_scene->setRayDistance(m_coarse);
  m_still.start();
  update();
}

void VolumeView3D::settle() {
  if (m_button != Qt::NoButton) {
    m_still.start();
    return;
  }
  m_moving = false;
  if (!m_scene->drawsVolume()) return;
  m_scene->setRayDistance(m_fine);
  update();
}

void VolumeView3D::paintGL() {
  VtkWidget::paintGL();
  if (!m_scene->drawsVolume() || lastFrameSeconds() <= 0) return;
  // Casting time goes with the inverse square of the distance between rays.
  const double cost = lastFrameSeconds() * std::pow(m_moving ? m_coarse : m_fine, 2);
  if (m_moving) m_coarse = std::clamp(0.5 * m_coarse + 0.5 * std::sqrt(cost / 0.06), 1.0, 8.0);
  m_fine = std::clamp(std::sqrt(cost / 0.5), 1.0, m_coarse);
}

void VolumeView3D::decorate(QPainter& painter) {
  SliceDecoration d;
  d.title = tr("3D");
  d.color = QColor(0x5A, 0x78, 0xA8);
  d.focused = hasFocus();
  if (m_surfaces.pending() > 0) d.topRight += tr("%n surface(s) to come", nullptr, m_surfaces.pending());
  if (m_reducing > 0) d.topRight += tr("preparing the volume");
  paintDecoration(painter, size(), d);
  if (!m_model->volume() || width() < 160 || height() < 160) return;

  struct End {
    QPointF at;
    double depth;
    QString letter;
  };
  std::vector<End> ends;
  const QPointF middle(44, height() - 48);
  const auto axes = m_scene->axesOnScreen();
  for (std::size_t a = 0; a < 3; ++a)
    for (const double sign : {-1.0, 1.0})
      ends.push_back({middle + 26 * sign * QPointF(axes[a][0], -axes[a][1]), sign * axes[a][2],
                      QString(QChar((sign < 0 ? "RAI" : "LPS")[a]))});
  std::ranges::sort(ends, {}, &End::depth);
  QFont font = painter.font();
  font.setBold(true);
  painter.setFont(font);
  for (const auto& end : ends) {
    QColor color(0xE8, 0xEA, 0xED);
    color.setAlphaF(static_cast<float>(0.72 + 0.28 * end.depth));
    painter.setPen(QPen(color, 1.2));
    painter.drawLine(middle, middle + 0.72 * (end.at - middle));
    paintOutlinedText(painter, QRectF(end.at - QPointF(12, 10), QSizeF(24, 20)), Qt::AlignCenter, end.letter, color);
  }
}

void VolumeView3D::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  m_last = event->position();
  m_button = event->button();
}

void VolumeView3D::mouseMoveEvent(QMouseEvent* event) {
  const auto step = event->position() - m_last;
  m_last = event->position();
  if (m_button == Qt::NoButton || !m_model->volume()) return;
  if (m_button == Qt::LeftButton)
    m_scene->turn(step.x() * 200 / std::max(width(), 200), -step.y() * 200 / std::max(height(), 200));
  else if (m_button == Qt::MiddleButton)
    m_scene->pan(step.x() / std::max(height(), 1), -step.y() / std::max(height(), 1));
  else
    m_scene->zoom(std::exp(-step.y() * 0.008));
  startMoving();
}

void VolumeView3D::mouseReleaseEvent(QMouseEvent*) { m_button = Qt::NoButton; }

void VolumeView3D::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton) Q_EMIT maximiseRequested();
}

void VolumeView3D::wheelEvent(QWheelEvent* event) {
  event->accept();
  m_scene->zoom(std::exp(event->angleDelta().y() / 120.0 * 0.12));
  startMoving();
}

void VolumeView3D::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left:
      m_scene->turn(-10, 0);
      break;
    case Qt::Key_Right:
      m_scene->turn(10, 0);
      break;
    case Qt::Key_Up:
      m_scene->turn(0, 10);
      break;
    case Qt::Key_Down:
      m_scene->turn(0, -10);
      break;
    case Qt::Key_Plus:
      m_scene->zoom(1.15);
      break;
    case Qt::Key_Minus:
      m_scene->zoom(1 / 1.15);
      break;
    case Qt::Key_Equal:
    case Qt::Key_Space:
      lookFrom({0.35, -1, 0.25});
      break;
    default:
      event->ignore();
      return;
  }
  startMoving();
}

}  // namespace lorkd::view
