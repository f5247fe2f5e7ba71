// One slice of a volume with its labels, as a VTK renderer.
#pragma once

#include <vtkSmartPointer.h>

#include <array>
#include <memory>
#include <vector>

#include "core/image/Volume.h"
#include "widgets/scene/LabelLayer.h"
#include "widgets/scene/SliceFrame.h"

class vtkRenderer;

namespace lorkd::scene {

/// Grey levels: `center` and `width` in the image's unit.
struct Window {
  double center = 40;
  double width = 400;
  bool inverted = false;
  bool operator==(const Window&) const = default;
};

/// What part of the plane is seen: the plane coordinates at the middle, and half the height in mm.
struct SliceCamera {
  std::array<double, 2> middle{0, 0};
  double halfHeight = 100;
  bool operator==(const SliceCamera&) const = default;
};

/// The image (linear interpolation in the plane), label layers (nearest, filled with outline; cased outlines in front)
/// and a parallel camera
/// that looks at them the radiological way (SliceFrame).
class SliceScene {
 public:
  explicit SliceScene(Plane plane);
  ~SliceScene();

  /// The renderer to put into a render window.
  vtkRenderer* renderer() const;

  /// Shows another plane of the same volume. Drops the layers.
  void setPlane(Plane plane);
  /// Shows `volume` (shared, not copied), or nothing when null. Drops the layers.
  void setVolume(std::shared_ptr<const image::Volume> volume);
  /// Layers in drawing order. Labels that are not on the volume's grid are refused (false), and nothing is changed.
  bool setLayers(std::vector<LabelLayer> layers);
  void setSlice(std::int64_t slice);
  void setWindow(const Window& window);
  void setCamera(const SliceCamera& camera);
  /// How many mm a pixel of the screen shows: lines are one wide, cased ones two, hatchings about seven apart.
  void setPixel(double mm);

  const SliceFrame& frame() const;
  std::int64_t slice() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace lorkd::scene
