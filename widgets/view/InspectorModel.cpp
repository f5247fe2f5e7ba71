#include "widgets/view/InspectorModel.h"

#include <algorithm>
#include <cmath>

#include "core/run/Looks.h"

namespace lorkd::view {

InspectorModel::InspectorModel(QObject* parent) : QObject(parent) {
  m_pool.setMaxThreadCount(1);  // one after another: an answer's difference needs its overlay first
}

InspectorModel::~InspectorModel() {
  m_cancel.cancel();
  m_differenceCancel.cancel();
  m_pool.waitForDone();
}

void InspectorModel::setVolume(std::shared_ptr<const image::Volume> volume) {
  const bool sameGrid = m_volume && volume && m_volume->geometry.sameGrid(volume->geometry);
  const bool sameUnit = m_volume && volume && m_volume->unit == volume->unit;
  setOverlays({});
  if (!volume) setPointer({});
  m_volume = std::move(volume);
  if (m_volume && m_volume->voxels.empty()) m_volume.reset();
  if (m_volume && !sameGrid) {
    const auto& size = m_volume->geometry.size;
    m_cursor = m_volume->geometry.indexToLps({std::floor(0.5 * static_cast<double>(size[0])),
                                              std::floor(0.5 * static_cast<double>(size[1])),
                                              std::floor(0.5 * static_cast<double>(size[2]))});
    m_zoom = {};
  }
  if (m_volume && !(m_presetChosen && sameUnit)) {
    const bool inverted = m_window.inverted;
    m_window = firstWindow(*m_volume);
    m_window.inverted = inverted;
    m_presetChosen = false;
  }
  Q_EMIT volumeChanged();
  Q_EMIT windowChanged();
  Q_EMIT cursorChanged(m_cursor);
}

void InspectorModel::setCursor(const image::Vec3& lps) {
  if (!m_volume) return;
  auto index = m_volume->geometry.lpsToIndex(lps);
  for (std::size_t a = 0; a < 3; ++a)
    index[a] = std::clamp(index[a], 0.0, static_cast<double>(m_volume->geometry.size[a] - 1));
  const auto inside = m_volume->geometry.indexToLps(index);
  if (inside == m_cursor) return;
  m_cursor = inside;
  m_currentClass.clear();
  Q_EMIT cursorChanged(m_cursor);
}

void InspectorModel::setPointer(const std::optional<image::Vec3>& lps) {
  if (lps == m_pointer) return;
  m_pointer = lps;
  Q_EMIT pointerChanged();
}

void InspectorModel::setWindow(const scene::Window& window) {
  scene::Window next = window;
  next.width = std::max(next.width, 1e-3);
  if (next == m_window) return;
  if (next.center != m_window.center || next.width != m_window.width) m_presetChosen = false;
  m_window = next;
  Q_EMIT windowChanged();
}

void InspectorModel::resetWindow() {
  if (m_volume) setWindow(firstWindow(*m_volume));
}

void InspectorModel::setPresets(std::vector<WindowPreset> presets) {
  m_presets = std::move(presets);
  Q_EMIT presetsChanged();
}

void InspectorModel::applyPreset(std::size_t index) {
  if (index >= m_presets.size()) return;
  setWindow({m_presets[index].center, m_presets[index].width, m_window.inverted});
  m_presetChosen = true;
}

int InspectorModel::currentPreset() const {
  const auto found = std::ranges::find_if(
      m_presets, [&](const auto& p) { return p.center == m_window.center && p.width == m_window.width; });
  return found == m_presets.end() ? -1 : static_cast<int>(found - m_presets.begin());
}

void InspectorModel::setPlaneZoom(scene::Plane plane, const PlaneZoom& zoom) {
  auto& mine = m_zoom[static_cast<std::size_t>(plane)];
  mine = zoom;
  mine.zoom = std::clamp(mine.zoom, 0.1, 60.0);
  Q_EMIT planeZoomChanged(plane);
}

void InspectorModel::setMouseScheme(MouseScheme scheme) {
  if (scheme == m_scheme) return;
  m_scheme = scheme;
  Q_EMIT mouseSchemeChanged();
}

void InspectorModel::setCrosshairVisible(bool visible) {
  if (visible == m_crosshair) return;
  m_crosshair = visible;
  Q_EMIT crosshairChanged();
}

void InspectorModel::runOnWorker(std::function<std::function<void()>()> work) {
  if (m_pending++ == 0) Q_EMIT busyChanged(true);
  m_pool.start([this, work = std::move(work)] {
    std::function<void()> finish;
    try {
      finish = work();
    } catch (const std::exception& e) {
      finish = [this, what = QString::fromUtf8(e.what())] {
        Q_EMIT problem(tr("Overlays could not be drawn: %1").arg(what));
      };
    }
    // The destructor waits for the pool, so `this` is alive here; what is still queued then goes with the object.
    QMetaObject::invokeMethod(
        this,
        [this, finish = std::move(finish)] {
          if (finish) finish();
          if (--m_pending == 0) Q_EMIT busyChanged(false);
        },
        Qt::QueuedConnection);
  });
}

void InspectorModel::setOverlays(std::vector<Overlay> overlays) {
  m_cancel.cancel();
  m_cancel = CancelToken();
  const auto generation = ++m_generation;
  if (overlays.empty() || !m_volume) {
    publish({});
    return;
  }
  runOnWorker([this, overlays = std::move(overlays), generation, cancel = m_cancel, before = m_overlays,
               volume = m_volume]() -> std::function<void()> {
    OverlayList ready;
    QStringList problems;
    for (const auto& overlay : overlays) {
      const auto same = std::ranges::find_if(before, [&](const auto& old) {
        return !overlay.classes.empty() && old->source.id == overlay.id && old->source.labels == overlay.labels &&
               old->source.segments == overlay.segments;
      });
      if (same != before.end() && (*same)->source.classes.size() == overlay.classes.size()) {
        auto again = std::make_shared<PreparedOverlay>(**same);
        again->source = overlay;
        if (std::ranges::equal(overlay.classes, (*same)->source.classes, {}, &OverlayClass::value,
                               &OverlayClass::value)) {
          ready.push_back(std::move(again));
          continue;
        }
      }
      auto prepared = prepareOverlay(overlay, volume->geometry, cancel);
      if (prepared)
        ready.push_back(std::make_shared<PreparedOverlay>(std::move(*prepared)));
      else if (prepared.error().code != ErrorCode::Cancelled)
        problems += QString::fromStdString(prepared.error().text());
    }
    return [this, generation, ready = std::move(ready), problems] {
      if (generation != m_generation) return;
      publish(ready);
      for (const auto& text : problems) Q_EMIT problem(text);
    };
  });
}

void InspectorModel::publish(OverlayList prepared) {
  giveLooks(prepared);
  for (auto& overlay : prepared) {
    auto styled = std::make_shared<PreparedOverlay>(*overlay);
    applyUserStyle(*styled);
    overlay = std::move(styled);
  }
  m_overlays = std::move(prepared);
  m_classStep = -1;
  m_currentClass.clear();
  Q_EMIT overlaysChanged();
  computeDifference();
}

void InspectorModel::giveLooks(const OverlayList& overlays) {
  std::map<QString, std::pair<QColor, int>> given;
  std::vector<QString> names;
  for (const auto& overlay : overlays)
    for (const auto& c : overlay->source.classes)
      if (c.color.isValid()) given.try_emplace(c.name, c.color, c.pattern);
  for (const auto& overlay : overlays)
    for (const auto& c : overlay->source.classes) {
      if (c.color.isValid()) continue;
      if (const auto it = given.find(c.name); it != given.end())
        m_looks[c.name] = it->second;
      else if (!m_looks.contains(c.name) && std::ranges::find(names, c.name) == names.end())
        names.push_back(c.name);
    }
  if (names.empty()) return;
  std::vector<std::string> colors;
  for (const auto& looks : {given, m_looks})
    for (const auto& [name, look] : looks) colors.push_back(look.first.name().toStdString());
  for (const auto& [name, color] : m_userColors) colors.push_back(color.name().toStdString());
  const auto first = colors.size();
  colors.resize(first + names.size());
  const auto looks = plan::distinctLooks(colors);
  for (std::size_t n = 0; n < names.size(); ++n)
    m_looks[names[n]] = {QColor(QString::fromStdString(looks[first + n].color)), looks[first + n].pattern};
}

void InspectorModel::applyUserStyle(PreparedOverlay& overlay) {
  auto& source = overlay.source;
  if (const auto it = m_userVisible.find(source.id); it != m_userVisible.end()) source.visible = it->second;
  if (const auto it = m_userOpacity.find(source.id); it != m_userOpacity.end()) source.opacity = it->second;
  for (auto& c : source.classes) {
    if (const auto it = m_userClassVisible.find({source.id, c.name}); it != m_userClassVisible.end())
      c.visible = it->second;
    if (!c.color.isValid()) std::tie(c.color, c.pattern) = m_looks.at(c.name);
    if (const auto it = m_userColors.find(c.name); it != m_userColors.end()) c.color = it->second;
  }
}

std::shared_ptr<const PreparedOverlay> InspectorModel::overlay(const QString& id) const {
  const auto found = std::ranges::find_if(m_overlays, [&](const auto& o) { return o->source.id == id; });
  return found == m_overlays.end() ? nullptr : *found;
}

void InspectorModel::restyle(const QString& id, const std::function<void(Overlay&)>& change) {
  for (auto& overlay : m_overlays) {
    if (!id.isNull() && overlay->source.id != id) continue;
    auto copy = std::make_shared<PreparedOverlay>(*overlay);
    change(copy->source);
    overlay = std::move(copy);
  }
  Q_EMIT overlayStyleChanged();
}

void InspectorModel::setOverlaysShown(bool shown) {
  if (shown == m_overlaysShown) return;
  m_overlaysShown = shown;
  Q_EMIT overlayStyleChanged();
}

void InspectorModel::setOverlayVisible(const QString& id, bool visible) {
  m_userVisible[id] = visible;
  restyle(id, [&](Overlay& o) { o.visible = visible; });
}

void InspectorModel::setOverlayOpacity(const QString& id, double opacity) {
  m_userOpacity[id] = std::clamp(opacity, 0.0, 1.0);
  restyle(id, [&](Overlay& o) { o.opacity = std::clamp(opacity, 0.0, 1.0); });
}

void InspectorModel::changeOpacity(double by) {
  restyle({}, [&](Overlay& o) {
    // An outline alone stays one: only its own slider fills it.
    if (o.visible && (o.role != OverlayRole::Truth || o.opacity > 0))
      m_userOpacity[o.id] = o.opacity = std::clamp(o.opacity + by, 0.0, 1.0);
  });
}

void InspectorModel::setClassVisible(const QString& id, int value, bool visible) {
  restyle(id, [&](Overlay& o) {
    for (auto& c : o.classes)
      if (c.value == value) m_userClassVisible[{id, c.name}] = c.visible = visible;
  });
}

void InspectorModel::setClassColor(const QString& name, const QColor& color) {
  m_userColors[name] = color;
  restyle({}, [&](Overlay& o) {
    for (auto& c : o.classes)
      if (c.name == name) c.color = color;
  });
}

void InspectorModel::stepClass(int by) {
  struct Target {
    QString text;
    std::array<std::int64_t, 3> at;
  };
  std::vector<Target> targets;
  for (const auto& overlay : m_overlays) {
    if (!overlay->source.visible) continue;
    for (std::size_t c = 0; c < overlay->source.classes.size(); ++c) {
      const auto* extent = overlay->extent(c);
      if (!extent || !overlay->source.classes[c].visible) continue;
      targets.push_back({tr("%1: %2").arg(overlay->source.name, overlay->source.classes[c].name), extent->middle});
    }
  }
  if (targets.empty()) return;
  const int count = static_cast<int>(targets.size());
  m_classStep = m_classStep < 0 ? (by > 0 ? 0 : count - 1) : ((m_classStep + by) % count + count) % count;
  const auto& target = targets[static_cast<std::size_t>(m_classStep)];
  setCursor(m_volume->geometry.indexToLps(
      {static_cast<double>(target.at[0]), static_cast<double>(target.at[1]), static_cast<double>(target.at[2])}));
  m_currentClass = target.text;
  Q_EMIT overlayStyleChanged();
}

void InspectorModel::setDifferenceOf(const QString& id) {
  if (id == m_differenceOf) return;
  m_differenceOf = id;
  computeDifference();
}

void InspectorModel::computeDifference() {
  m_differenceCancel.cancel();
  m_differenceCancel = CancelToken();
  const auto generation = ++m_differenceGeneration;
  m_difference.reset();
  const auto truth =
      std::ranges::find_if(m_overlays, [](const auto& o) { return o->source.role == OverlayRole::Truth; });
  const auto answer = overlay(m_differenceOf);
  if (!answer || truth == m_overlays.end()) {
    Q_EMIT differenceChanged();
    return;
  }
  Q_EMIT differenceChanged();
  runOnWorker([this, truth = *truth, answer, generation, cancel = m_differenceCancel]() -> std::function<void()> {
    auto result = std::make_shared<const Difference>(differ(*truth, *answer, cancel));
    return [this, generation, result] {
      if (generation != m_differenceGeneration) return;
      m_difference = result;
      if (result->classes.isEmpty())
        Q_EMIT problem(tr("The truth and the compared overlay have no class name in common."));
      Q_EMIT differenceChanged();
    };
  });
}

std::vector<scene::LabelLayer> InspectorModel::visibleLayers() const {
  std::vector<scene::LabelLayer> layers;
  for (const auto& overlay : m_overlays)
    if (m_overlaysShown && overlay->source.visible)
      std::ranges::move(overlay->sceneLayers(), std::back_inserter(layers));
  return layers;
}

std::vector<scene::LabelLayer> InspectorModel::differenceLayers() const {
  if (!m_difference || !m_difference->labels || !m_overlaysShown) return {};
  scene::LabelLayer layer{m_difference->labels, {}, 0.6, true};
  std::uint16_t value = 1;
  for (const auto& color : differenceColors()) layer.classes.push_back({value++, toRgb(color), true});
  return {layer};
}

std::array<QColor, 3> differenceColors() {
  return {QColor(0xD5, 0x5E, 0x00), QColor(0x56, 0xB4, 0xE9), QColor(0xF0, 0xE4, 0x42)};
}

}  // namespace lorkd::view
