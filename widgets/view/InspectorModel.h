// What the inspector's views share: the image, the cursor, the grey window and the overlays.
#pragma once

#include <QObject>
#include <QPointF>
#include <QThreadPool>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/Progress.h"
#include "widgets/scene/SliceFrame.h"
#include "widgets/view/Overlay.h"
#include "widgets/view/Presets.h"

namespace lorkd::view {

/// Pacs: left drag is the grey window. Crosshair: left places the cursor.
enum class MouseScheme { Pacs, Crosshair };

/// One plane's zoom (1: the slice fits) and the shift of its middle, plane mm. All views of a plane share it.
struct PlaneZoom {
  double zoom = 1;
  std::array<double, 2> shift{0, 0};
};

/// UI thread only. Overlays are prepared on a worker and appear when ready; answers that arrive after the image or the
/// overlays were replaced are dropped.
class InspectorModel : public QObject {
  Q_OBJECT

 public:
  explicit InspectorModel(QObject* parent = nullptr);
  ~InspectorModel() override;

  std::shared_ptr<const image::Volume> volume() const { return m_volume; }
  /// Null empties everything. The overlays go; the cursor moves to the middle unless the grid is the same; a preset
  /// that was chosen stays for images of the same unit, else the image's first window is taken.
  void setVolume(std::shared_ptr<const image::Volume> volume);

  image::Vec3 cursor() const { return m_cursor; }
  void setCursor(const image::Vec3& lps);
  /// Where the pointer is, in the slice that a view shows under it; empty while it is in no slice. The view keeps it
  /// true when its slice, zoom or place changes.
  std::optional<image::Vec3> pointer() const { return m_pointer; }
  void setPointer(const std::optional<image::Vec3>& lps);

  scene::Window window() const { return m_window; }
  void setWindow(const scene::Window& window);
  void resetWindow();
  const std::vector<WindowPreset>& presets() const { return m_presets; }
  void setPresets(std::vector<WindowPreset> presets);
  /// Takes the preset at `index`, if there is one.
  void applyPreset(std::size_t index);
  /// Index of the preset that equals the window, or -1.
  int currentPreset() const;

  PlaneZoom planeZoom(scene::Plane plane) const { return m_zoom[static_cast<std::size_t>(plane)]; }
  void setPlaneZoom(scene::Plane plane, const PlaneZoom& zoom);

  MouseScheme mouseScheme() const { return m_scheme; }
  void setMouseScheme(MouseScheme scheme);
  bool crosshairVisible() const { return m_crosshair; }
  void setCrosshairVisible(bool visible);

  void setOverlays(std::vector<Overlay> overlays);
  using OverlayList = std::vector<std::shared_ptr<const PreparedOverlay>>;
  /// Those that are ready, on the image's grid, with complete colours.
  const OverlayList& overlays() const { return m_overlays; }
  std::shared_ptr<const PreparedOverlay> overlay(const QString& id) const;
  bool busy() const { return m_pending > 0; }
  bool overlaysShown() const { return m_overlaysShown; }
  void setOverlaysShown(bool shown);
  void setOverlayVisible(const QString& id, bool visible);
  void setOverlayOpacity(const QString& id, double opacity);
  /// Adds to the opacity of every visible overlay.
  void changeOpacity(double by);
  void setClassVisible(const QString& id, int value, bool visible);
  /// Everywhere this name occurs, now and later.
  void setClassColor(const QString& name, const QColor& color);
  /// Moves the cursor into the next (+1) or previous (-1) visible class that occurs, over all visible overlays.
  void stepClass(int by);
  /// "Truth: liver" of the class stepped to; empty before, and once the cursor has moved on.
  QString currentClass() const { return m_currentClass; }

  /// The overlay compared with the truth, or empty. The map arrives with differenceChanged().
  void setDifferenceOf(const QString& id);
  QString differenceOf() const { return m_differenceOf; }
  std::shared_ptr<const Difference> difference() const { return m_difference; }

  /// Layers of everything visible.
  std::vector<scene::LabelLayer> visibleLayers() const;
  /// The difference map in its colours; empty while it is not there.
  std::vector<scene::LabelLayer> differenceLayers() const;

 Q_SIGNALS:
  void volumeChanged();
  void cursorChanged(const lorkd::image::Vec3& lps);
  void pointerChanged();
  void windowChanged();
  void presetsChanged();
  void planeZoomChanged(lorkd::scene::Plane plane);
  void mouseSchemeChanged();
  void crosshairChanged();
  void overlaysChanged();      ///< other overlays
  void overlayStyleChanged();  ///< the same, drawn differently
  void differenceChanged();
  void busyChanged(bool busy);
  void problem(const QString& text);

 private:
  void publish(OverlayList prepared);
  void applyUserStyle(PreparedOverlay& overlay);
  void giveLooks(const OverlayList& overlays);
  void restyle(const QString& id, const std::function<void(Overlay&)>& change);
  void computeDifference();
  /// Runs `work` on a thread and what it returns on this one; exceptions become problem().
  void runOnWorker(std::function<std::function<void()>()> work);

  std::shared_ptr<const image::Volume> m_volume;
  image::Vec3 m_cursor{0, 0, 0};
  std::optional<image::Vec3> m_pointer;
  scene::Window m_window;
  bool m_presetChosen = false;
  std::vector<WindowPreset> m_presets = standardPresets();
  std::array<PlaneZoom, 3> m_zoom;
  MouseScheme m_scheme = MouseScheme::Pacs;
  bool m_crosshair = true;
  OverlayList m_overlays;
  bool m_overlaysShown = true;
  QString m_currentClass;
  int m_classStep = -1;
  QString m_differenceOf;
  std::shared_ptr<const Difference> m_difference;

  // What the user set stays for overlays of the same id and classes of the same name.
  std::map<QString, bool> m_userVisible;
  std::map<QString, double> m_userOpacity;
  std::map<std::pair<QString, QString>, bool> m_userClassVisible;
  std::map<QString, QColor> m_userColors;
  std::map<QString, std::pair<QColor, int>> m_looks;  ///< of names that come without a colour

  std::uint64_t m_generation = 0, m_differenceGeneration = 0;
  CancelToken m_cancel, m_differenceCancel;
  int m_pending = 0;
  QThreadPool m_pool;
};

/// False positive, false negative, other class.
std::array<QColor, 3> differenceColors();

}  // namespace lorkd::view
