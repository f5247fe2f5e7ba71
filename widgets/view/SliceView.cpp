#include "widgets/view/SliceView.h"

#include <QPainter>
#include <cmath>
#include <utility>

#include "widgets/scene/VolumeScene.h"
#include "widgets/view/Readout.h"
#include "widgets/view/SliceDecoration.h"

namespace lorkd::view {

QColor planeQColor(scene::Plane plane) {
  const auto rgb = scene::planeColor(plane);
  return QColor::fromRgbF(static_cast<float>(rgb[0]), static_cast<float>(rgb[1]), static_cast<float>(rgb[2]));
}

SliceView::SliceView(InspectorModel* model, scene::Plane plane, QWidget* parent)
    : VtkWidget(parent), m_model(model), m_plane(plane) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(80, 80);
  connect(model, &InspectorModel::volumeChanged, this, &SliceView::refreshVolume);
  connect(model, &InspectorModel::cursorChanged, this, &SliceView::refreshSlice);
  connect(model, &InspectorModel::windowChanged, this, [this] {
    if (!awake()) return;
    m_scene->setWindow(m_model->window());
    update();
  });
  connect(model, &InspectorModel::planeZoomChanged, this, [this](scene::Plane changed) {
    if (changed == m_plane) refreshCamera();
  });
  connect(model, &InspectorModel::crosshairChanged, this, qOverload<>(&QWidget::update));
  connect(model, &InspectorModel::overlaysChanged, this, &SliceView::refreshLayers);
  connect(model, &InspectorModel::overlayStyleChanged, this, &SliceView::refreshLayers);
  connect(model, &InspectorModel::differenceChanged, this, &SliceView::refreshLayers);
  m_scene = std::make_unique<scene::SliceScene>(plane);
  setRenderer(m_scene->renderer());
  setPlane(plane);
}

SliceView::~SliceView() = default;

void SliceView::setPlane(scene::Plane plane) {
  m_plane = plane;
  m_scene->setPlane(plane);
  setAccessibleName(tr("%1 slice").arg(planeName()));
  refreshVolume();
}

QString SliceView::planeName() const {
  switch (m_plane) {
    case scene::Plane::Axial:
      return tr("Axial");
    case scene::Plane::Sagittal:
      return tr("Sagittal");
    default:
      return tr("Coronal");
  }
}

void SliceView::setOnly(const QString& overlayId, const QString& title) {
  m_only = overlayId;
  m_title = title;
  setAccessibleName(title.isEmpty() ? tr("%1 slice").arg(planeName()) : tr("%1 slice, %2").arg(planeName(), title));
  refreshLayers();
}

void SliceView::setFollowsDifference(bool follows) {
  m_followsDifference = follows;
  refreshLayers();
}

bool SliceView::awake() {
  if (!isVisible()) m_stale = true;
  return isVisible();
}

void SliceView::showEvent(QShowEvent* event) {
  VtkWidget::showEvent(event);
  if (std::exchange(m_stale, false)) refreshVolume();
}

void SliceView::refreshVolume() {
  if (!awake()) return;
  m_scene->setVolume(m_model->volume());
  m_scene->setWindow(m_model->window());
  refreshLayers();
  refreshSlice();
  refreshCamera();
}

void SliceView::refreshLayers() {
  if (!awake() || !m_model->volume()) return;
  std::vector<scene::LabelLayer> layers;
  if (!m_only.isNull()) {
    const auto overlay = m_model->overlay(m_only);
    if (overlay && m_model->overlaysShown()) layers = overlay->sceneLayers();
  } else if (m_followsDifference && !m_model->differenceOf().isEmpty()) {
    layers = m_model->differenceLayers();
  } else {
    layers = m_model->visibleLayers();
  }
  m_scene->setLayers(std::move(layers));
  update();
}

void SliceView::refreshSlice() {
  if (!awake()) return;
  if (m_model->volume()) m_scene->setSlice(m_scene->frame().sliceOf(m_model->cursor()));
  followPointer();
  update();
}

double SliceView::fitHalfHeight() const {
  const auto [left, right, bottom, top] = m_scene->frame().bounds();
  const double aspect = static_cast<double>(std::max(width(), 1)) / std::max(height(), 1);
  return 0.5 * 1.02 * std::max(top - bottom, (right - left) / aspect);
}

void SliceView::refreshCamera() {
  if (!awake()) return;
  if (!m_model->volume()) {
    update();
    return;
  }
  const auto [left, right, bottom, top] = m_scene->frame().bounds();
  const auto zoom = m_model->planeZoom(m_plane);
  m_camera.middle = {(left + right) / 2 + zoom.shift[0], (bottom + top) / 2 + zoom.shift[1]};
  m_camera.halfHeight = fitHalfHeight() / zoom.zoom;
  m_scene->setCamera(m_camera);
  m_scene->setPixel(mmPerPixel());
  followPointer();
  update();
}

void SliceView::pointAt(const std::optional<QPointF>& global) {
  const bool had = m_pointer.has_value();
  m_pointer = global;
  if (m_pointer)
    followPointer();
  else if (had)
    m_model->setPointer({});
  update();
}

void SliceView::followPointer() {
  if (!m_pointer) return;
  const auto at = mapFromGlobal(*m_pointer);
  m_model->setPointer(QRectF(rect()).contains(at) ? lpsAt(at) : std::nullopt);
}

QStringList SliceView::readout() const {
  if (!m_pointer || !m_model->pointer()) return {};
  const auto sample = currentSample(*m_model);
  auto lines = sample.labels;
  if (sample.inside) lines += sample.value;
  return lines << sample.position;
}

void SliceView::moveEvent(QMoveEvent* event) {
  VtkWidget::moveEvent(event);
  followPointer();
}

void SliceView::hideEvent(QHideEvent* event) {
  VtkWidget::hideEvent(event);
  pointAt({});
}

void SliceView::resizeEvent(QResizeEvent* event) {
  VtkWidget::resizeEvent(event);
  refreshCamera();
}

double SliceView::mmPerPixel() const { return 2 * m_camera.halfHeight / std::max(height(), 1); }

std::optional<image::Vec3> SliceView::lpsAt(const QPointF& position) const {
  if (!m_model->volume()) return {};
  const double scale = mmPerPixel();
  return m_scene->frame().toLps({m_camera.middle[0] + (position.x() - 0.5 * width()) * scale,
                                 m_camera.middle[1] - (position.y() - 0.5 * height()) * scale},
                                m_scene->slice());
}

std::optional<QPointF> SliceView::positionOf(const image::Vec3& lps) const {
  if (!m_model->volume()) return {};
  const auto at = m_scene->frame().toPlane(lps);
  const double scale = mmPerPixel();
  return QPointF(0.5 * width() + (at[0] - m_camera.middle[0]) / scale,
                 0.5 * height() - (at[1] - m_camera.middle[1]) / scale);
}

scene::SliceFrame SliceView::frame() const { return scene::SliceFrame::of(m_model->volume()->geometry, m_plane); }

std::int64_t SliceView::slice() const { return m_model->volume() ? frame().sliceOf(m_model->cursor()) : 0; }

void SliceView::goToSlice(std::int64_t slice) {
  if (!m_model->volume()) return;
  const auto mine = frame();
  m_model->setCursor(mine.onSlice(m_model->cursor(), std::clamp<std::int64_t>(slice, 0, mine.slices() - 1)));
}

void SliceView::step(int slices) {
  if (m_model->volume()) goToSlice(slice() + slices * frame().throughSign);
}

void SliceView::resetView() { m_model->setPlaneZoom(m_plane, {}); }

void SliceView::decorate(QPainter& painter) {
  SliceDecoration d;
  d.color = planeQColor(m_plane);
  d.focused = hasFocus();
  d.title = m_title.isEmpty() ? planeName() : m_title;
  const auto volume = m_model->volume();
  if (volume) {
    const auto& frame = m_scene->frame();
    const auto letters = frame.letters();
    // A picture does not say which side of a patient is which.
    for (std::size_t i = 0; i < 4 && !volume->geometry.pixels; ++i) d.letters[i] = QString::fromStdString(letters[i]);
    const auto fromLow = frame.throughSign > 0 ? m_scene->slice() : frame.slices() - 1 - m_scene->slice();
    d.position = frame.slices() > 1 ? static_cast<double>(fromLow) / static_cast<double>(frame.slices() - 1) : -1;
    d.topLeft += tr("%1 / %2").arg(m_scene->slice() + 1).arg(frame.slices());
    d.topRight += windowText(*m_model);
    if (const int preset = m_model->currentPreset(); preset >= 0)
      d.topRight += m_model->presets()[static_cast<std::size_t>(preset)].name;
    if (m_model->window().inverted) d.topRight += tr("inverted");
    d.bottomRight += tr("%1×").arg(m_model->planeZoom(m_plane).zoom, 0, 'f', 2);
    d.bottomLeft = readout();
    if (m_only.isNull() && m_followsDifference && !m_model->differenceOf().isEmpty()) {
      const auto difference = m_model->difference();
      d.title = tr("%1, difference").arg(planeName());
      if (difference) {
        d.topLeft += {tr("Dice %1").arg(difference->dice, 0, 'f', 3),
                      tr("false positive %1").arg(amountText(difference->falsePositiveMl, volume->geometry)),
                      tr("false negative %1").arg(amountText(difference->falseNegativeMl, volume->geometry))};
        d.topLeftColors = {Qt::white, Qt::white, differenceColors()[0].lighter(125), differenceColors()[1]};
      }
    }
    if (m_model->crosshairVisible()) {
      d.cross = positionOf(m_model->cursor());
      using scene::Plane;
      const auto vertical = m_plane == Plane::Sagittal ? Plane::Coronal : Plane::Sagittal;
      const auto horizontal = m_plane == Plane::Axial ? Plane::Coronal : Plane::Axial;
      d.crossColors = {planeQColor(vertical), planeQColor(horizontal)};
    }
  }
  paintDecoration(painter, size(), d);
}

}  // namespace lorkd::view
