#include "widgets/view/SurfaceCache.h"

#include <ranges>

#include "widgets/scene/Surface.h"

namespace lorkd::view {

SurfaceCache::SurfaceCache(InspectorModel* model, QObject* parent) : QObject(parent), m_model(model) {
  m_pool.setMaxThreadCount(1);
  connect(model, &InspectorModel::overlaysChanged, this, &SurfaceCache::dropOld);
  connect(model, &InspectorModel::volumeChanged, this, &SurfaceCache::dropOld);
}

SurfaceCache::~SurfaceCache() {
  m_cancel.cancel();
  m_pool.clear();
  m_pool.waitForDone();
}

void SurfaceCache::dropOld() {
  m_cancel.cancel();
  m_cancel = CancelToken();
  m_pool.clear();
  ++m_generation;
  m_asked.clear();
  std::map<Key, vtkSmartPointer<vtkPolyData>> kept;
  for (const auto& overlay : m_model->overlays())
    for (const auto& layer : overlay->layers)
      for (const auto& [key, surface] : m_ready)
        if (key.first == layer.labels.get()) kept[key] = surface;
  m_ready = std::move(kept);
  Q_EMIT changed();
}

void SurfaceCache::request() {
  for (const auto& overlay : m_model->overlays()) {
    if (!overlay->source.visible) continue;
    for (std::size_t c = 0; c < overlay->source.classes.size(); ++c) {
      const auto* found = overlay->extent(c);
      if (!found || !overlay->source.classes[c].visible) continue;
      const auto labels = overlay->layers[overlay->layerOfClass[c]].labels;
      const Key key{labels.get(), overlay->source.classes[c].value};
      if (m_ready.contains(key) || m_asked.contains(key)) continue;
      m_asked[key] = labels;
      m_pool.start([this, key, labels, extent = *found, cancel = m_cancel, generation = m_generation] {
        vtkSmartPointer<vtkPolyData> surface;
        QString failure;
        try {
          surface = scene::makeSurface(*labels, static_cast<std::uint16_t>(key.second), extent, cancel);
        } catch (const std::exception& e) {
          failure = QString::fromUtf8(e.what());
        }
        QMetaObject::invokeMethod(
            this,
            [this, key, surface, failure, generation] {
              if (generation != m_generation) return;
              m_asked.erase(key);
              m_ready[key] = surface;  // null as well: what failed once is not tried at every repaint
              if (!failure.isEmpty()) Q_EMIT problem(tr("A surface could not be made: %1").arg(failure));
              Q_EMIT changed();
            },
            Qt::QueuedConnection);
      });
    }
  }
}

std::vector<scene::SurfaceItem> SurfaceCache::items() const {
  std::vector<scene::SurfaceItem> items;
  if (!m_model->overlaysShown()) return items;
  for (const auto& overlay : m_model->overlays()) {
    if (!overlay->source.visible) continue;
    for (std::size_t c = 0; c < overlay->source.classes.size(); ++c) {
      const auto& k = overlay->source.classes[c];
      const auto found = m_ready.find({overlay->layers[overlay->layerOfClass[c]].labels.get(), k.value});
      if (k.visible && found != m_ready.end() && found->second) items.push_back({found->second, toRgb(k.color), 1.0});
    }
  }
  return items;
}

}  // namespace lorkd::view
