// The patient in three dimensions: surfaces of labels, a volume rendering, and where the slices lie.
#pragma once

#include <vtkSmartPointer.h>

#include <memory>
#include <string>
#include <vector>

#include "core/image/Volume.h"
#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkImageData;
class vtkPolyData;
class vtkRenderer;

namespace lorkd::scene {

/// A surface of one class, LPS mm (makeSurface).
struct SurfaceItem {
  vtkSmartPointer<vtkPolyData> surface;
  Rgb color{1, 1, 1};
  double opacity = 1;
};

/// Grey value to colour and opacity. Bones: CT in HU. Window: from the low to the high end of a grey window.
enum class VolumePreset { Bones, Soft, Window };

/// A renderer in LPS millimetres.
class VolumeScene {
 public:
  VolumeScene();
  ~VolumeScene();
  vtkRenderer* renderer() const;

  /// The box of the grid and the slices' frames; empties surfaces and volume. Null: nothing is shown.
  void setGrid(const image::Geometry* geometry);
  void setSurfaces(const std::vector<SurfaceItem>& surfaces);
  /// `reduced` in grid millimetres of the grid set before (see reduced()); null removes it.
  void setVolume(vtkSmartPointer<vtkImageData> reduced);
  void setVolumeVisible(bool visible);
  void setVolumePreset(VolumePreset preset, double low, double high);
  /// Frames in the plane colours through an LPS position.
  void setCursor(const image::Vec3& lps);
  void setPlanesVisible(bool visible);
  /// Distance between cast rays in pixels: 1 is fine, 4 is coarse and sixteen times as fast.
  void setRayDistance(double pixels);
  bool drawsVolume() const;

  /// Looks from a patient direction (LPS), superior up; whole grid in view.
  void lookFrom(const image::Vec3& lps);
  /// Turns around the middle of the grid by degrees: `right` about the screen's vertical, `up` about its horizontal.
  void turn(double right, double up);
  void zoom(double factor);
  /// Moves the scene by a share of the view's height.
  void pan(double right, double up);
  /// For each of L, P, S: its direction on the screen (right, up, towards the viewer).
  std::array<std::array<double, 3>, 3> axesOnScreen() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

/// Plane colours of convention: axial red, sagittal yellow, coronal green.
Rgb planeColor(Plane plane);

}  // namespace lorkd::scene
