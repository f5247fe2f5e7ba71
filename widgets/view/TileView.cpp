#include "widgets/view/TileView.h"

#include <algorithm>

#include "widgets/view/InspectorModel.h"
#include "widgets/view/SliceView.h"

namespace lorkd::view {

TileView::TileView(InspectorModel* model, QWidget* parent) : QWidget(parent), m_model(model) {
  setObjectName("tileView");
  setAccessibleName(tr("Tiles"));
  connect(model, &InspectorModel::overlaysChanged, this, &TileView::rebuild);
  connect(model, &InspectorModel::overlayStyleChanged, this, &TileView::rebuild);
  connect(model, &InspectorModel::volumeChanged, this, &TileView::rebuild);
}

void TileView::setPlane(scene::Plane plane) {
  m_plane = plane;
  for (auto* view : m_views) view->setPlane(plane);
  rebuild();
}

std::vector<SliceView*> TileView::tiles() const {
  return {m_views.begin(), m_views.begin() + static_cast<std::ptrdiff_t>(m_shown)};
}

void TileView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  rebuild();
}

void TileView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  arrange();
}

void TileView::rebuild() {
  if (!isVisible()) return;
  std::vector<std::pair<QString, QString>> wanted;
  auto overlays = m_model->overlays();
  std::ranges::stable_sort(overlays, {}, [](const auto& o) { return o->source.role; });
  for (const auto& overlay : overlays)
    if (overlay->source.visible)
      wanted.emplace_back(overlay->source.id, overlay->source.role == OverlayRole::Truth
                                                  ? tr("%1, outlined").arg(overlay->source.name)
                                                  : overlay->source.name);
  // Without any overlay the image itself is the only tile.
  if (wanted.empty()) wanted.emplace_back(QLatin1String(""), tr("Image"));

  while (m_views.size() < wanted.size()) {
    auto* view = new SliceView(m_model, m_plane, this);
    view->setObjectName(QStringLiteral("tile%1").arg(m_views.size()));
    connect(view, &SliceView::maximiseRequested, this, [this, view] {
      m_alone = m_alone ? nullptr : view;
      arrange();
    });
    m_views.push_back(view);
  }
  m_shown = wanted.size();
  for (std::size_t i = 0; i < m_shown; ++i) m_views[i]->setOnly(wanted[i].first, wanted[i].second);
  if (std::find(m_views.begin(), m_views.begin() + static_cast<std::ptrdiff_t>(m_shown), m_alone) ==
      m_views.begin() + static_cast<std::ptrdiff_t>(m_shown))
    m_alone = nullptr;
  arrange();
}

void TileView::arrange() {
  const int n = static_cast<int>(m_shown);
  int columns = 1, best = 0;
  for (int c = 1; c <= n; ++c) {
    const int side = std::min(width() / c, height() / ((n + c - 1) / c));
    if (side > best) {
      best = side;
      columns = c;
    }
  }
  const int rows = std::max(1, (n + columns - 1) / columns);
  constexpr int gap = 2;
  for (std::size_t i = 0; i < m_views.size(); ++i) {
    auto* view = m_views[i];
    const bool shown = i < m_shown && (!m_alone || m_alone == view);
    if (shown && m_alone) {
      view->setGeometry(rect());
    } else if (shown) {
      const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
      const int x0 = column * (width() + gap) / columns, x1 = (column + 1) * (width() + gap) / columns - gap;
      const int y0 = row * (height() + gap) / rows, y1 = (row + 1) * (height() + gap) / rows - gap;
      view->setGeometry(x0, y0, x1 - x0, y1 - y0);
    }
    view->setVisible(shown);
  }
}

}  // namespace lorkd::view
