// The inspector: axial, sagittal, coronal and 3D with overlays, tiles and difference maps.
#pragma once

#include <QWidget>
#include <array>
#include <memory>
#include <vector>

#include "widgets/view/InspectorModel.h"

class QLabel;
class QSettings;
class QSplitter;
class QStackedWidget;

namespace lorkd::view {

class InspectorToolBar;
class OverlayPanel;
class SliceView;
class TileView;
class VolumeView3D;

enum class LayoutMode { FourUp, Axial, Sagittal, Coronal, ThreeD, Tiles };

/// Give it an image and overlays; it does the rest. Keys: 1-9 window presets, I invert, G show or hide overlays, A and
/// D opacity, comma and full stop previous and next class, X crosshair, Page Up and Page Down previous and next case;
/// in a slice those of SliceView.
class Inspector : public QWidget {
  Q_OBJECT

 public:
  explicit Inspector(QWidget* parent = nullptr);
  ~Inspector() override;

  /// Null shows the empty hint. Takes the overlays away; set them afterwards.
  void setVolume(std::shared_ptr<const image::Volume> volume);
  void setOverlays(std::vector<Overlay> overlays);
  image::Vec3 cursor() const;
  void setCursor(const image::Vec3& lps);

  LayoutMode layoutMode() const { return m_mode; }
  void setLayoutMode(LayoutMode mode);
  scene::Plane tilePlane() const;
  void setTilePlane(scene::Plane plane);
  /// Overlay to compare with the truth in the slices; empty ends it.
  void setDifferenceOf(const QString& overlayId);

  /// What stands in the middle while there is no image.
  void setEmptyHint(const QString& text);
  /// Which of the case buttons can be pressed; both can at first.
  void setCaseNavigation(bool previous, bool next);
  /// Shows a line in place of the read-out until pointer or crosshair move, e.g. why a file could not be opened.
  void showMessage(const QString& text);

  /// Mouse scheme, presets, crosshair, and the overlay list's width, under the group "inspector".
  void saveSettings(QSettings& settings) const;
  void restoreSettings(QSettings& settings);

  InspectorModel* model() const { return m_model; }
  SliceView* sliceView(scene::Plane plane) const { return m_slices[static_cast<std::size_t>(plane)]; }
  VolumeView3D* view3D() const { return m_view3D; }
  TileView* tileView() const { return m_tiles; }

 Q_SIGNALS:
  void cursorChanged(const lorkd::image::Vec3& lps);
  void layoutModeChanged(lorkd::view::LayoutMode mode);
  void previousCaseRequested();
  void nextCaseRequested();

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void makeViews();
  void refreshPage();
  void showReadout();
  void showStatus();

  InspectorModel* m_model;
  InspectorToolBar* m_toolBar;
  QSplitter* m_splitter;
  QStackedWidget* m_pages;
  QLabel* m_hint;
  QWidget* m_grid;
  TileView* m_tiles;
  OverlayPanel* m_panel;
  QLabel* m_readout;
  QLabel* m_status;
  QString m_message;
  std::array<SliceView*, 3> m_slices{};
  VolumeView3D* m_view3D = nullptr;
  LayoutMode m_mode = LayoutMode::FourUp;
  LayoutMode m_restoreMode = LayoutMode::FourUp;
};

}  // namespace lorkd::view
