#include <QKeyEvent>
#include <QMouseEvent>
#include <cmath>

#include "widgets/view/SliceView.h"

namespace lorkd::view {

void SliceView::zoomAt(const QPointF& position, double factor) {
  if (!m_model->volume()) return;
  auto zoom = m_model->planeZoom(m_plane);
  const double before = zoom.zoom;
  m_model->setPlaneZoom(m_plane, {before * factor, zoom.shift});
  // The point under the hand stays there: the camera's middle moves by what the scale took away.
  const double real = m_model->planeZoom(m_plane).zoom;
  const double change = 2 * fitHalfHeight() / std::max(height(), 1) * (1 / before - 1 / real);
  zoom.shift[0] += (position.x() - 0.5 * width()) * change;
  zoom.shift[1] -= (position.y() - 0.5 * height()) * change;
  m_model->setPlaneZoom(m_plane, {real, zoom.shift});
}

void SliceView::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  if (!m_model->volume()) return;
  m_pressed = m_last = event->position();
  m_pressedWindow = m_model->window();
  const bool cursor = m_model->mouseScheme() == MouseScheme::Crosshair || event->modifiers() & Qt::ShiftModifier;
  switch (event->button()) {
    case Qt::LeftButton:
      m_drag = cursor ? Drag::Cursor : Drag::Window;
      break;
    case Qt::MiddleButton:
      m_drag = Drag::Pan;
      break;
    case Qt::RightButton:
      m_drag = Drag::Zoom;
      break;
    default:
      m_drag = Drag::None;
  }
  if (m_drag == Drag::Cursor) m_model->setCursor(*lpsAt(event->position()));
}

void SliceView::mouseMoveEvent(QMouseEvent* event) {
  if (!m_model->volume()) return;
  const auto at = event->position();
  const auto step = at - m_last;
  m_last = at;
  pointAt(event->globalPosition());
  if (m_drag == Drag::Cursor || (m_drag == Drag::None && event->modifiers() & Qt::ShiftModifier))
    m_model->setCursor(*lpsAt(at));
  if (m_drag == Drag::Window) {
    // A drag over 300 pixels doubles the width or moves the level by one width: fine steps for narrow windows.
    const double unit = std::max(m_pressedWindow.width, 1e-3) / 300;
    const auto moved = at - m_pressed;
    m_model->setWindow({m_pressedWindow.center + moved.y() * unit,
                        std::max(m_pressedWindow.width + moved.x() * unit, 0.01 * m_pressedWindow.width),
                        m_pressedWindow.inverted});
  } else if (m_drag == Drag::Pan) {
    auto zoom = m_model->planeZoom(m_plane);
    zoom.shift[0] -= step.x() * mmPerPixel();
    zoom.shift[1] += step.y() * mmPerPixel();
    m_model->setPlaneZoom(m_plane, zoom);
  } else if (m_drag == Drag::Zoom) {
    zoomAt(m_pressed, std::exp(-step.y() * 0.008));
  }
}

void SliceView::mouseReleaseEvent(QMouseEvent*) { m_drag = Drag::None; }

void SliceView::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton) Q_EMIT maximiseRequested();
}

void SliceView::wheelEvent(QWheelEvent* event) {
  event->accept();
  const double turned = event->angleDelta().y();
  if (event->modifiers() & Qt::ControlModifier) {
    zoomAt(event->position(), std::exp(turned / 120 * 0.18));
    return;
  }
  // Touchpads send small parts of a notch.
  m_wheelRest += turned;
  const int notches = static_cast<int>(m_wheelRest / 120);
  m_wheelRest -= notches * 120;
  if (notches == 0) return;
  step(notches);
}

void SliceView::keyPressEvent(QKeyEvent* event) {
  if (!m_model->volume()) {
    event->ignore();
    return;
  }
  const QPointF middle(0.5 * width(), 0.5 * height());
  const auto last = frame().slices() - 1;
  const bool forward = frame().throughSign > 0;
  switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Right:
    case Qt::Key_F:
      step(1);
      break;
    case Qt::Key_Down:
    case Qt::Key_Left:
    case Qt::Key_B:
      step(-1);
      break;
    case Qt::Key_Home:
      goToSlice(forward ? 0 : last);
      break;
    case Qt::Key_End:
      goToSlice(forward ? last : 0);
      break;
    case Qt::Key_Plus:
      zoomAt(middle, 1.25);
      break;
    case Qt::Key_Minus:
      zoomAt(middle, 0.8);
      break;
    case Qt::Key_Equal:
    case Qt::Key_Space:
      resetView();
      break;
    default:
      event->ignore();
  }
}

void SliceView::enterEvent(QEnterEvent* event) {
  VtkWidget::enterEvent(event);
  pointAt(event->globalPosition());
  // Keys act where the pointer is, but never steal from a text field elsewhere.
  if (qobject_cast<VtkWidget*>(window()->focusWidget())) setFocus(Qt::MouseFocusReason);
}

void SliceView::leaveEvent(QEvent* event) {
  VtkWidget::leaveEvent(event);
  m_wheelRest = 0;
  pointAt({});
}

void SliceView::focusInEvent(QFocusEvent* event) {
  VtkWidget::focusInEvent(event);
  update();
}

void SliceView::focusOutEvent(QFocusEvent* event) {
  VtkWidget::focusOutEvent(event);
  update();
}

}  // namespace lorkd::view
